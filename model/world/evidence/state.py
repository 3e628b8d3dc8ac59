"""The state of the aspect: every variable of every part, in one place.

The device's side is kept small: no session, no stream, no traffic, and one guest. A TDI is bound from its lock to its
unbind, and ERROR stands for every way in which it can lose the lock while it is bound, a reset included. What is
followed is what the guest knows, of which lock epoch it is, and what the guest does with it.

**One lie at a time.** In one lock epoch at most one thing is wrong with the TDI (`Tdi.wrong`, firmware, MMIO mapping), and
the host hands over at most one part of the evidence falsely (`Guest.false_part`): where something is wrong, the part that
could tell of it (`SHOWN_BY`). This loses no violation of the catalogue: each property speaks of one thing that can be
wrong, and of the one part of the evidence that could show it. Take a run with several lies that violates it, and leave the
other ones out (lock with the flags wanted, hand over the genuine chain): a check of the guest that passed still passes,
since a check refuses only what is wrong and never asks that something be wrong; so what is left is a run as well, and
violates the property too. A false part can hide what a genuine one would show, and for that reason it is counted apart.
"""

from __future__ import annotations

from ...language import BOOL, Machine, Term, const, enum, ite
from ..vocabulary import EPOCH, LOCKED_STATES, STATE, TDI, t

WRONG = enum("Wrong", "none", "fake", "identity", "flags", "link", "config")
"""What the host can have wrong about the TDI that is locked: a device with no genuine certificate; another device or TDI
than the one promised; lock flags that the guest does not want, above all NO_FW_UPDATE clear; another IDE stream or session
policy; a configuration made beforehand."""

PART = enum("Part", "none", "chain", "measurements", "report")
"""A part of the evidence that the host replaces: by a genuine chain of another slot or device, by measurements that it
kept from earlier, by a forged or an earlier report."""

SHOWN_BY: dict[str, str] = {"fake": "chain", "identity": "chain", "flags": "report", "config": "report"}
"""The part of the evidence that tells what is wrong; other firmware is told by the measurements."""


class Host:
    """The host remembers nothing that matters."""

    machine = Machine("host", over=(TDI,), doc="The host VMM, which carries all evidence.")


class Tdi:
    """A TDI and its device, as they are."""

    machine = Machine("tdi", over=(TDI,), doc="A TDI and its device.")
    state = machine.array("state", STATE, init="CONFIG_UNLOCKED", doc="P63 §11.2")
    wrong = machine.array("wrong", WRONG, init="none", doc="what is wrong with the TDI, as it is locked")
    patched = machine.array("patched", BOOL, init=False, doc="the device runs other firmware than the approved one")
    hidden = machine.array("hidden", BOOL, init=False, doc="measurements do not show that")

    @classmethod
    def locked(cls) -> Term:
        """CONFIG_LOCKED or RUN."""
        return cls.state[t].in_(*LOCKED_STATES)

    @classmethod
    def bound(cls) -> Term:
        """The TSM has it bound to the guest."""
        return cls.state[t] != "CONFIG_UNLOCKED"


class Tsm:
    """What the TSM keeps for the guest: digests of the evidence, each of the epoch in which it was fetched."""

    machine = Machine("tsm", over=(TDI,), doc="The TSM's record of a TDI.")
    meas = machine.array("meas", EPOCH, init="none", doc="digest of measurements; stale: taken before the last lock")
    report = machine.array("report", EPOCH, init="none", doc="digest of an interface report")
    report_shows = machine.array(
        "report_shows", BOOL, init=False, doc="an earlier report, still in use, tells what the guest refuses"
    )
    meas_shows = machine.array("meas_shows", BOOL, init=False, doc="those measurements tell what the guest refuses")

    @classmethod
    def epoch_now(cls) -> Term:
        """Of which epoch measurements are that are taken now: before a lock, they are those of an earlier one."""
        return ite(Tdi.locked(), const("current", EPOCH), const("stale", EPOCH))


class Gate:
    """The gates of the root complex."""

    machine = Machine("gate", over=(TDI,), doc="The root complex's gates for a TDI.")
    dma = machine.array("dma", BOOL, init=False, doc="T=1 requests of the TDI reach private memory")
    mmio = machine.array(
        "mmio",
        enum("MmioGate", "closed", "open", "part"),
        init="closed",
        doc="the guest's private mapping of the TDI's MMIO; part: some range was refused",
    )

    @classmethod
    def any_open(cls) -> Term:
        """Some private path is open."""
        return cls.dma[t] | (cls.mmio[t] != "closed")


class Guest:
    """The guest's view of a TDI. Epochs are what an onlooker knows; the guest itself cannot tell current from stale."""

    machine = Machine("guest", over=(TDI,), doc="The guest, its verifier and its driver, with respect to a TDI.")
    meas = machine.array("meas", EPOCH, init="none", doc="measurements held; stale: taken before the last lock")
    report = machine.array("report", EPOCH, init="none", doc="interface report held; stale: of an earlier lock, or forged")
    false_part = machine.array("false_part", PART, init="none", doc="the part of the evidence held that the host replaced")
    finds = machine.array("finds", BOOL, init=False, doc="the evidence held fails a check that the guest makes")
    token = machine.array("token", EPOCH, init="none", doc="the TSM's mark of the lock epoch that the guest noted")
    approved = machine.array("approved", EPOCH, init="none", doc="the epoch of the evidence that was approved")
    vouched = machine.array("vouched", BOOL, init=False, doc="the approval rests on evidence by way of the TSM")
    rejected = machine.array("rejected", EPOCH, init="none", doc="the epoch in which verification failed")
    accepted = machine.array("accepted", EPOCH, init="none", doc="the TDI was accepted")
    driver = machine.array(
        "driver",
        enum("DriverMode", "none", "shared", "private", "fallback"),
        init="none",
        doc="how the driver uses memory; fallback: shared again, after it was private",
    )
    mappings = machine.array("mappings", BOOL, init=False, doc="shared mappings of the driver are alive")
    tainted = machine.array("tainted", BOOL, init=False, doc="state of the driver comes from the device unverified")
    secret = machine.array("secret", BOOL, init=False, doc="a secret of the guest has come within reach of the TDI")

    @classmethod
    def in_shared_use(cls) -> Term:
        """A driver is bound, in shared mode."""
        return cls.driver[t].in_("shared", "fallback")
