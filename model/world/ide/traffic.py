"""Rules of the TLPs: what a port sends, over the stream or in the clear, and what the other one takes."""

from __future__ import annotations

from ...language import Check, Event, Term, for_each, implies, ite, neg
from ..choices.ide import stream_kind, switch_between, tee_limited
from ..vocabulary import DEVICE_PARTY, HOST, ROOT_COMPLEX, d
from . import events as e
from .ports import bound, lost
from .state import ENDPOINT, LOCKED, ROOT_PORT, Port, Tdi, agree, k, k2, partner, s

_RUNNING = Check("T=1 only in RUN", e.tbit.implies(Tdi.use[d] == "run"), cite="P63 §11.2.1")
_TEE = {
    "endpoint": tee_limited != "none",
    "root_port": tee_limited == "both",
}


def _mine(port: Port) -> Term:
    """Whether the TLP belongs to the stream, as its sender has it set."""
    return e.tbit | neg(_TEE[port.machine.name])


_FAILS = "CHECK_FAILED"
for _port, _event in ((ENDPOINT, e.tlp_up), (ROOT_PORT, e.tlp_down)):
    _other = partner(_port)
    _sent = [Check("of the stream", _mine(_port), cite="P63 §6.33.4: with TEE-Limited, T=0 requests leave outside of it")]
    if _port is ROOT_PORT:
        _sent.append(
            Check(
                "T=1 only on a Locked stream",
                e.tbit.implies(LOCKED[d]),
                cite="Arm RDVKPF: rejected, not downgraded; P63 §11.5",
            )
        )
    _port.machine.rule(
        _event,
        when=[_port.secure, _port.sends(k)],
        checks=_sent,
        binds=bound(_port),
        cite="P63 §6.33.8: a port that is not Secure sends nothing of the stream",
    )
    _old = _other.rx[d, k2, s]
    _ended = (k2 != k) & (_other.current[d, s] == k2)
    _other.machine.rule(
        _event,
        checks=[
            Check("enabled", _other.enable[d], "MISROUTED", "P63 §6.33.8: dropped and reported, nothing else"),
            Check("Secure", implies(_other.enable[d], _other.secure), "DISCARDED", "P63 §6.33.8: discarded while Insecure"),
            Check(
                "authentic",
                implies(_other.secure, (_other.rx[d, k, s] == "ENABLED") & agree()),
                _FAILS,
                "P63 §6.33.8: IDE Check Failed",
            ),
            *(
                [
                    Check(
                        "T=1 only on a Locked stream",
                        implies(e.tbit & _other.secure, LOCKED[d]),
                        "REJECTED",
                        "Arm RKZBHV: Locked and Secure; P63 §11.5",
                    )
                ]
                if _other is ROOT_PORT
                else []
            ),
        ],
        each=[
            # The first TLP with the toggled K bit ends the old set at this receiver.
            for_each((), _other.current[d, s], k),
            for_each(k2, _old, ite(_ended, "CLEARED", _old)),
            for_each(
                k2,
                _other.key[d, k2, s],
                ite(_ended & (_other.tx[d, k2, s] == "CLEARED"), "none", _other.key[d, k2, s]),
            ),
        ],
        binds=bound(_other),
        cite="P63 §6.33.3: per sub-stream, the old set is accepted until the first TLP with the new K bit",
    )
    _other.machine.rule(
        _event, reply=_FAILS, each=lost(_other), binds=bound(_other), cite="P63 §6.33.8: IDE Check Failed makes it Insecure"
    )
Tdi.machine.rule(e.tlp_up, checks=[_RUNNING], binds=DEVICE_PARTY, cite="P63 §11.2.1")
Tdi.machine.rule(
    e.tlp_down,
    checks=[Check(_RUNNING.name, _RUNNING.term, "REJECTED", _RUNNING.cite)],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
Tdi.machine.rule(
    e.tlp_down,
    reply=_FAILS,
    set={Tdi.use[d]: ite(Tdi.use[d] == "run", "error", Tdi.use[d])},
    binds=DEVICE_PARTY,
    cite="P63 §11.4.5: a bound stream became Insecure",
)


# --- In the clear -----------------------------------------------------------------------------------------------------
def _in_the_clear(port: Port, event: Event) -> None:
    port.machine.rule(
        event,
        checks=[
            Check(
                "not of an enabled stream",
                neg(port.enable[d] & _mine(port)),
                cite="P63 §6.33.8: discarded rather than sent without the stream",
            ),
            Check("no T=1 outside of a stream", neg(e.tbit), cite="P63 §11.2.1, §11.5; Arm RDVKPF"),
        ],
        binds=bound(port),
        cite="P63 §6.33.8, §6.33.4",
    )


_in_the_clear(ENDPOINT, e.clear_up)
_in_the_clear(ROOT_PORT, e.clear_down)

# --- A switch at which Link streams end -------------------------------------------------------------------------------
ROOT_PORT.machine.rule(
    e.inject_tbit,
    when=[switch_between],
    checks=[
        Check(
            "over the Locked stream",
            (stream_kind == "link") & ROOT_PORT.secure & LOCKED[d],
            "REJECTED",
            "Arm RKZBHV: T=1 is taken from a Selective stream that is Locked and Secure",
        )
    ],
    binds=ROOT_COMPLEX,
    cite="M12: IDE from hop to hop; P63 §11.1",
)
ENDPOINT.machine.rule(
    e.switch_reads,
    when=[stream_kind == "link", switch_between, ENDPOINT.secure],
    cite="M12; COV 07: Link IDE is not end to end",
    binds=HOST,
)
