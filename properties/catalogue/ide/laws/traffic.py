"""Laws of the TLPs of the stream."""

from __future__ import annotations

from .....model.language import Term, after, forall, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.ide import (
    stream_kind,
    tee_limited,
)
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    LOCKED,
    ROOT_PORT,
    Port,
    Tdi,
    agree,
    k,
    k2,
    s,
)
from .....model.world.vocabulary import d
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs
from ...law import law, step_law
from .terms import without_keys

_RECEIVERS = ((ROOT_PORT, e.tlp_up), (ENDPOINT, e.tlp_down))


def _takes(port: Port) -> Term:
    """A TLP of set k is taken: the receiver goes by k, and has no longer the set by which it went before."""
    gone = (k2 != k) & (port.current[d, s] == k2)
    return (
        port.enable[d]
        & port.secure
        & after(port.secure)
        & (port.rx[d, k, s] == "ENABLED")
        & (after(port.current[d, s]) == k)
        & forall(k2, after(port.rx[d, k2, s]) == ite(gone, "CLEARED", port.rx[d, k2, s]))
        & forall(k2, after(port.tx[d, k2, s]) == port.tx[d, k2, s])
    )


PROPERTIES: tuple[Property, ...] = (
    law(
        "a-tlp-of-the-stream-is-taken-by-a-secure-port",
        "A port takes a TLP of the stream while it is enabled and Secure, with a key set that its receiver takes; it goes by that set from "
        "then on, forgets the one before, and stays as it is else.",
        Never(tuple(occurs(x, d=d, k=k, s=s, where=neg(_takes(port))) for port, x in _RECEIVERS)),
        (d, k, s), "device", "P63 §6.33.3, §6.33.8", tuple(occurs(x, d=d, k=k, s=s) for _, x in _RECEIVERS),
        DropUpdate("endpoint", "tlp_down", "endpoint.rx"),
    ),
    law(
        "a-tlp-is-turned-down-for-these-reasons-only",
        "A TLP is misrouted only where the stream is not enabled, discarded only where the port is not Secure, fails only without a key that "
        "both ports hold, and is rejected only for its T bit.",
        Never(
            (
                *(occurs(x, d=d, reply="MISROUTED", where=port.enable[d]) for port, x in _RECEIVERS),
                *(occurs(x, d=d, reply="DISCARDED", where=port.secure) for port, x in _RECEIVERS),
                *(
                    occurs(x, d=d, k=k, s=s, reply="CHECK_FAILED", where=neg(port.secure) | ((port.rx[d, k, s] == "ENABLED") & agree(s, k)))
                    for port, x in _RECEIVERS
                ),
                occurs(e.tlp_up, d=d, reply="REJECTED", where=neg(e.tbit) | LOCKED[d]),
                occurs(e.tlp_down, d=d, reply="REJECTED", where=neg(e.tbit) | (Tdi.use[d] == "run")),
            )
        ),
        (d, k, s), "device", "P63 §6.33.8, §11.2.1; Arm RKZBHV", tuple(occurs(x, d=d, reply=REFUSED) for _, x in _RECEIVERS),
        SwapValue("endpoint", "tlp_down", ENDPOINT.status[d], "SECURE", "FAILED"), protects="host",
    ),
    law(
        "a-failed-check-takes-the-stream-down",
        "A port at which the check of a TLP fails was Secure, has failed then, and holds no key of the stream.",
        Never(
            tuple(
                occurs(x, d=d, reply="CHECK_FAILED", where=neg((after(port.status[d]) == "FAILED") & after(without_keys(port))))
                for port, x in _RECEIVERS
            )
        ),
        (d,), "device", "P63 §6.33.8: IDE Check Failed", tuple(occurs(x, d=d, reply="CHECK_FAILED") for _, x in _RECEIVERS),
        DropUpdate("endpoint", "tlp_down/CHECK_FAILED", "endpoint.key"),
    ),
    law(
        "a-port-sends-with-the-set-that-its-transmitter-uses",
        "A port sends TLPs of the stream while it is Secure, and with a key set that its transmitter uses on all sub-streams.",
        Never(
            tuple(
                occurs(x, d=d, k=k, reply=None, where=neg(port.secure & port.sends(k)))
                for port, x in ((ENDPOINT, e.tlp_up), (ROOT_PORT, e.tlp_down))
            )
        ),
        (d, k), "device", "P63 §6.33.3: one that toggled a sub-stream uses the new set for all; §6.33.8",
        occurs(e.tlp_down, d=d, k=k), DropCondition("root_port", "tlp_down", 1), protects="host",
    ),
    step_law(
        "tbit-arrives-at-a-locked-register-block-only",
        "The root port takes a TLP with T=1 only while the register block of its stream is Locked, whoever keyed it and whatever the device is.",
        occurs(e.tlp_up, d=d, tbit=True), LOCKED[d],
        (d,), "root complex", "Arm RKZBHV; P63 §11.5", DropCheck("root_port", "tlp_up", "T=1 only on a Locked stream"),
        flow="cove-io", rp_keys_by="host", rp_enable_by="host", device="hostile",
    ),
    law(
        "a-tee-limited-port-sends-its-other-requests-elsewhere",
        "A port whose stream is TEE-limited sends no request with T=0 over it.",
        Never(
            (
                occurs(e.tlp_up, d=d, tbit=False, reply=None, where=tee_limited != "none"),
                occurs(e.tlp_down, d=d, tbit=False, reply=None, where=tee_limited == "both"),
            )
        ),
        (d,), "device", "P63 §6.33.4, §7.9.26", occurs(e.tlp_up, d=d), DropCheck("endpoint", "tlp_up", "of the stream"),
        protects="host",
    ),
    step_law(
        "a-switch-reads-only-what-is-sent-over-its-link",
        "A switch between the two ports reads what the endpoint sends over a Link stream that is Secure, and nothing of a Selective one.",
        occurs(e.switch_reads, d=d), (stream_kind == "link") & ENDPOINT.secure,
        (d,), "host", "M12; COV 07; P63 §6.33.8: a port that is not Secure sends nothing of the stream",
        DropCondition("endpoint", "switch_reads", 2), flow="cove-io", stream_kind="link", protects="host",
    ),
)  # fmt: skip
