"""Mutants of the reference guest driver: each deviates in one place, and each is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ....model.language import Value
from .calls import Call
from .driver import GuestDriver, Info
from .evidence import decode_certificates, decode_interface_report, decode_measurements, digest

Method = Callable[..., Any]


@dataclass(frozen=True)
class GuestMutant:
    """One deviation: the methods of the driver that are replaced, and the setting in which it makes a difference."""

    label: str
    summary: str
    methods: Mapping[str, Method]
    knobs: Mapping[str, Value]

    def make(self, wanted: Mapping[str, str]) -> GuestDriver:
        cls = type(f"Mutant_{self.label}", (GuestDriver,), dict(self.methods))
        made: GuestDriver = cls(wanted)
        return made


GUEST_MUTANTS: dict[str, GuestMutant] = {}

_HOSTS_NONCE: Mapping[str, Value] = {"meas_nonce": "host"}


def _mutant(label: str, summary: str, knobs: Mapping[str, Value] | None = None, **methods: Method) -> None:
    assert label not in GUEST_MUTANTS
    GUEST_MUTANTS[label] = GuestMutant(label, summary, methods, knobs or {})


def _yes(*_: object) -> bool:
    return True


def _with(info: Info, **values: Any) -> Info:
    return Info(**{**vars(info), **values})


def _report(self: GuestDriver, data: bytes, info: Info, *, flags: bool = True, configuration: bool = True) -> bool:
    found = decode_interface_report(data)
    if found is None or digest(data) != info.report:
        return False
    self.ranges = len(found.ranges)
    return (not flags or found.info & self.wanted.flags == self.wanted.flags) and (
        not configuration or found.device_info == self.wanted.configuration
    )


def _reads(self: GuestDriver, data: bytes, info: Info) -> bool:
    found = decode_interface_report(data)
    self.ranges = len(found.ranges)  # type: ignore[union-attr]
    return GuestDriver.report_is_good(self, data, info)


# --- Evidence -----------------------------------------------------------------------------------------------------------
_mutant("state-not-looked-at", "evidence is read and accepted in any state", is_locked=_yes)
_mutant(
    "error-counts-as-locked",
    "ERROR is taken for a locked state",
    is_locked=lambda self, info: info.state != "CONFIG_UNLOCKED",
)
_mutant(
    "chain-not-verified", "the roots are not looked at",
    chain_is_good=lambda self, data, info: (c := decode_certificates(data)) is not None
    and digest(data) == info.certificates and c.device == self.wanted.device,
)  # fmt: skip
_mutant(
    "identity-not-compared", "any genuine device will do",
    chain_is_good=lambda self, data, info: (c := decode_certificates(data)) is not None
    and digest(data) == info.certificates and c.root == self.wanted.root,
)  # fmt: skip
_mutant(
    "chain-digest-not-compared", "a chain of another slot or device is taken, if it is genuine",
    chain_is_good=lambda self, data, info: (c := decode_certificates(data)) is not None
    and c.root == self.wanted.root and c.device == self.wanted.device,
)  # fmt: skip
_mutant(
    "report-digest-not-compared", "the report is taken as the host hands it over",
    report_is_good=lambda self, data, info: GuestDriver.report_is_good(self, data, _with(info, report=digest(data))),
)  # fmt: skip
_mutant(
    "missing-report-digest-matches", "where the TSM has no digest of a report, any report will do",
    report_is_good=lambda self, data, info: GuestDriver.report_is_good(
        self, data, _with(info, report=digest(data)) if info.report == "-" else info
    ),
)  # fmt: skip
_mutant(
    "flags-not-looked-at",
    "the lock flags in the report are not looked at",
    report_is_good=lambda self, data, info: _report(self, data, info, flags=False),
)
_mutant(
    "configuration-not-looked-at",
    "the device specific part of the report is not compared",
    report_is_good=lambda self, data, info: _report(self, data, info, configuration=False),
)
_mutant("link-not-looked-at", "any IDE stream will do", link_is_good=_yes)
_mutant(
    "reference-not-compared", "measured values are not compared with reference values",
    measurements_are_good=lambda self, data, nonce, info: decode_measurements(data) is not None and self.is_recent(data, nonce, info),
)  # fmt: skip
_mutant("nonce-not-compared", "the nonce in the measurements is not the guest's, and it does not notice", is_recent=_yes)
_mutant("nonce-never-changes", "one nonce serves for all measurements, and they may be empty", new_nonce=lambda self: b"")
_mutant(
    "measurement-digest-not-compared", "measurements are taken as the host hands them over", _HOSTS_NONCE,
    is_recent=lambda self, data, nonce, info: info.fresh,
)  # fmt: skip
_mutant(
    "freshness-not-asked-for", "measurements from before the lock will do", _HOSTS_NONCE,
    is_recent=lambda self, data, nonce, info: digest(data) == info.measurements,
)  # fmt: skip
_mutant(
    "cut-report-crashes",
    "a report that is none is an error that nobody catches",
    report_is_good=_reads,
)


# --- Verdict ------------------------------------------------------------------------------------------------------------
def _attest_keeping(self: GuestDriver) -> bool:
    """Evidence that fails does not take an earlier approval back."""
    before = self.approved
    epoch = self.epoch
    done = GuestDriver.attest(self)
    if not done and before:
        self.approved, self.epoch = True, epoch or self.epoch
    return done


def _attest_keeping_epoch_of_now(self: GuestDriver) -> bool:
    before = self.approved
    done = GuestDriver.attest(self)
    self.approved = self.approved or before
    return done


def _read_cached(self: GuestDriver, what: str, nonce: str = "") -> bytes | None:
    a = self.call(Call("read", {"object": what, **({"nonce": nonce} if nonce else {})}))
    kept = self.__dict__.setdefault("kept", {})
    if a.status == "ok":
        kept[what] = bytes.fromhex(a.values["data"])
    self.__dict__["cached"] = a.status != "ok"
    found: bytes | None = kept.get(what)
    return found


def _info_as_cached(self: GuestDriver) -> Info | None:
    """What was checked once is not checked again."""
    found = GuestDriver.info(self)
    if found is None or not self.__dict__.get("cached"):
        return found
    kept = self.__dict__["kept"]
    digests = {n: digest(kept[n]) for n in ("report", "measurements") if n in kept}
    return _with(found, fresh=True, **digests)


def _info_cached(self: GuestDriver) -> Info | None:
    found = GuestDriver.info(self)
    if found is not None:
        self.__dict__["last"] = found
    last: Info | None = self.__dict__.get("last")
    return last


def _info_once(self: GuestDriver) -> Info | None:
    if "last" not in self.__dict__ or self.__dict__["last"] is None:
        self.__dict__["last"] = GuestDriver.info(self)
    last: Info | None = self.__dict__["last"]
    return last


def _accept(*, approved: bool = True, state: bool = True, epoch: bool = True, driver: bool = True) -> Method:
    def accept(self: GuestDriver) -> bool:
        if self.accepted or (approved and not self.approved) or (driver and self.driver != "none"):
            return False
        info = self.info()
        if info is None or (state and not self.is_locked(info)) or (epoch and info.epoch != self.epoch):
            return False
        self.accepted = True
        return True

    return accept


_mutant("verdict-not-awaited", "the guest accepts before, or without, an approval", accept=_accept(approved=False))
_mutant(
    "old-approval-outlives-new-evidence",
    "evidence that is refused does not take an approval back",
    attest=_attest_keeping_epoch_of_now,
)
_mutant(
    "refused-evidence-keeps-the-old-approval",
    "evidence that is refused leaves approval and epoch of the earlier one",
    attest=_attest_keeping,
)
_mutant("stale-info-after-an-error", "when the TSM's answer does not come, the last one is used", info=_info_cached)
_mutant("info-read-once", "the TSM is asked once, and never again", info=_info_once)
_mutant(
    "stale-evidence-after-an-error", "what does not come is as it was the last time, and is not compared again", _HOSTS_NONCE,
    read=_read_cached, info=_info_as_cached,
)  # fmt: skip

# --- Acceptance -----------------------------------------------------------------------------------------------------------
_mutant("state-not-read-at-acceptance", "the state is not asked for again", accept=_accept(state=False))
_mutant("evidence-kept-over-relock", "the mark of the lock is not compared at acceptance", accept=_accept(epoch=False))
_mutant(
    "accepts-with-a-driver-bound", "a driver that was fed by the unverified device stays bound", accept=_accept(driver=False)
)


def _accept_blind(self: GuestDriver) -> bool:
    if self.accepted or not self.approved or self.driver != "none":
        return False
    self.accepted = True
    return True


_mutant("accepts-without-asking", "the TSM is not asked at acceptance", accept=_accept_blind)


def _lock_keeps(self: GuestDriver) -> bool:
    if self.accepted or self.driver != "none":
        return False
    done = self.call(Call("lock")).status == "ok"
    info = self.info()
    if info is not None:
        self.epoch = info.epoch
    return done


_mutant("lock-keeps-the-approval", "a new lock takes over the approval of the last one", lock=_lock_keeps)


# --- Gates --------------------------------------------------------------------------------------------------------------
def _enable_unaccepted(self: GuestDriver) -> bool:
    if self.dma or self.driver == "private":
        return False
    self.dma = self.call(Call("enable_dma", {"epoch": self.epoch})).status == "ok"
    return self.dma


def _enable_ignoring(self: GuestDriver) -> bool:
    if not self.accepted or self.dma or self.driver == "private":
        return False
    self.call(Call("enable_dma", {"epoch": self.epoch}))
    self.dma = True
    return True


def _map(*, stop: bool = True, every: bool = True, look: bool = True, undo: bool = True, accepted: bool = True) -> Method:
    def map_mmio(self: GuestDriver) -> bool:
        if (accepted and not self.accepted) or self.mmio or self.driver == "private":
            return False
        done = True
        for n in range(self.ranges or (0 if accepted else 1)):
            status = self.call(Call("validate", {"range": str(n), "epoch": self.epoch})).status
            done = (status == "ok") if every is False else done and status == "ok"
        if look and not done:
            if undo:
                self.close_gates()
                self._forget()
            else:
                self.mmio = False
                self.accepted = False
            return False
        self.mmio = True
        return True

    return map_mmio


def _close_dma_only(self: GuestDriver) -> None:
    self.call(Call("disable_dma"))
    self.dma = self.mmio = False


def _close_mmio_only(self: GuestDriver) -> None:
    for n in range(self.ranges):
        self.call(Call("invalidate", {"range": str(n)}))
    self.dma = self.mmio = False


_mutant(
    "dma-enabled-before-acceptance", "the DMA gate is opened for a TDI that is not accepted", enable_dma=_enable_unaccepted
)
_mutant("dma-answer-ignored", "the gate counts as open whatever the answer is", enable_dma=_enable_ignoring)
_mutant("mmio-mapped-before-acceptance", "MMIO is validated for a TDI that is not accepted", map_mmio=_map(accepted=False))
_mutant("mmio-answer-ignored", "ranges count as validated whatever the answers are", map_mmio=_map(look=False))
_mutant("last-range-decides", "a failed range is skipped, and the last answer decides", map_mmio=_map(every=False))
_mutant("failed-mapping-undoes-nothing", "when a range is refused, the gates stay as they are", map_mmio=_map(undo=False))
_mutant("undo-forgets-mmio", "when a range is refused, only the DMA gate is shut", close_gates=_close_dma_only)
_mutant("undo-forgets-dma", "when a range is refused, only the ranges are given up", close_gates=_close_mmio_only)


# --- Start, use and the way back --------------------------------------------------------------------------------------------
def _run_then_trust(self: GuestDriver) -> bool:
    """What the host says of the start is the state."""
    if not self.accepted:
        return False
    a = self.call(Call("run"))
    self.__dict__["runs"] = a.status == "ok" and a.values.get("state") == "RUN"
    return a.status == "ok"


def _probe(*, run: bool = True, gates: bool = True, accepted: bool = True, hosts_word: bool = False) -> Method:
    def probe(self: GuestDriver) -> bool:
        if self.driver != "none" or (accepted and not self.accepted) or (gates and not (self.dma and self.mmio)):
            return False
        if hosts_word:
            if not self.__dict__.get("runs"):
                return False
        elif run:
            info = self.info()
            if info is None or info.state != "RUN":
                return False
        self.driver = "private"
        return True

    return probe


def _probe_locked(self: GuestDriver) -> bool:
    if self.driver != "none" or not (self.accepted and self.dma and self.mmio):
        return False
    info = self.info()
    if info is None or not self.is_locked(info):
        return False
    self.driver = "private"
    return True


_mutant("no-check-after-start", "the state is not asked for after START_INTERFACE", probe=_probe(run=False))
_mutant(
    "hosts-word-for-run",
    "the state after START_INTERFACE is what the host says",
    run=_run_then_trust,
    probe=_probe(hosts_word=True),
)
_mutant("locked-is-as-good-as-run", "a driver is bound while the TDI is in CONFIG_LOCKED", probe=_probe_locked)
_mutant("private-driver-without-gates", "a driver is bound before the gates are open", probe=_probe(gates=False))
_mutant(
    "private-driver-without-acceptance", "a driver that uses private memory is bound to any TDI that runs",
    probe=_probe(gates=False, accepted=False),
)  # fmt: skip


def _unlock_open(self: GuestDriver) -> bool:
    if self.driver == "private":
        return False
    done = self.call(Call("unlock")).status in ("ok", "NOT_BOUND")
    self._forget()
    return done


def _unlock_driver(self: GuestDriver) -> bool:
    if self.accepted:
        self.close_gates()
    done = self.call(Call("unlock")).status in ("ok", "NOT_BOUND")
    self._forget()
    return done


def _unlock_quietly(self: GuestDriver) -> bool:
    if self.driver == "private":
        return False
    if self.accepted:
        self.close_gates()
    self._forget()
    return True


def _unlock_keeps(self: GuestDriver) -> bool:
    if self.driver == "private":
        return False
    if self.accepted:
        self.close_gates()
    return self.call(Call("unlock")).status in ("ok", "NOT_BOUND")


_mutant("unlock-leaves-the-gates", "only the host is asked, and the gates stay open", unlock=_unlock_open)
_mutant("unlock-under-a-private-driver", "the acceptance is taken back under a driver that uses it", unlock=_unlock_driver)
_mutant("unlock-tells-nobody", "the TDI stays locked", unlock=_unlock_quietly)
_mutant("unlock-keeps-the-acceptance", "after unlock the TDI still counts as accepted", unlock=_unlock_keeps)
_mutant("never-accepts", "every device is refused", accept=lambda self: False)
_mutant("lock-asks-nobody", "the request for a lock is not passed on", lock=lambda self: True)


def _enable_early(self: GuestDriver) -> bool:
    done = GuestDriver.attest(self)
    if done:
        self.call(Call("enable_dma", {"epoch": self.epoch}))
    return done


def _attest_forever(self: GuestDriver) -> bool:
    while self.info() is not None:
        self.nonces += 1
    return False


_mutant("dma-enabled-with-the-evidence", "the DMA gate is opened as soon as the evidence is good", attest=_enable_early)
_mutant("asks-forever", "the state is asked for over and over", attest=_attest_forever)
