"""Rules that both ports keep: the Enable bit, becoming Secure, and everything that ends it."""

from __future__ import annotations

from ...language import FALSE, TRUE, Event, Operand, Party, Term, Update, exists, for_each, implies, ite, neg
from ..choices.ide import ide_teardown, rp_enable_by, stream_block, stream_owned_until
from ..vocabulary import DEVICE_PARTY, ROOT_COMPLEX, d
from . import events as e
from .state import ENDPOINT, LOCKED, ORPHAN, OWNER, ROOT_PORT, Port, k2, partner, s2

_EVERY_SLOT = (k2, s2)


def wiped(port: Port, where: Term = TRUE) -> list[Update]:
    """All keys of the stream are gone at this port, where the condition holds."""
    return [
        *(for_each(_EVERY_SLOT, slot[d, k2, s2], ite(where, "CLEARED", slot[d, k2, s2])) for slot in (port.rx, port.tx)),
        for_each(_EVERY_SLOT, port.key[d, k2, s2], ite(where, "none", port.key[d, k2, s2])),
        for_each(s2, port.current[d, s2], ite(where, "none", port.current[d, s2])),
    ]


def released(where: Term = TRUE) -> list[Update]:
    """With the stream's keys goes what the endpoint knows of their session, where it remembers no longer than that."""
    gone = where & (stream_owned_until == "stream_lost")
    return [for_each((), OWNER[d], ite(gone, "none", OWNER[d]))]


def lost(port: Port, where: Term = TRUE) -> list[Update]:
    """The stream is lost at this port: Insecure if it was Secure, and without keys in any case."""
    return [for_each((), port.status[d], ite(where & port.secure, "FAILED", port.status[d])), *wiped(port, where)]


def status_after(port: Port, complete: Term) -> Term:
    """The status when a key set is, or is not, in use after the step."""
    return ite(complete & port.enable[d] & (port.status[d] == "INSECURE"), "SECURE", port.status[d])


def _switched_off(port: Port, event: Event) -> list[Update]:
    """Enable is clear: the status reads Insecure, and what was in use is gone. The partner is not told."""
    # The TSM clears the root port's slots at the end of a disconnect; a port that was never Secure keeps its keys else.
    purged = (ide_teardown != "disable_first") if event is e.rp_close else FALSE
    return [
        for_each((), port.enable[d], False),
        for_each((), port.status[d], "INSECURE"),
        *wiped(port, port.secure | purged),
        *(released(port.secure) if port is ENDPOINT else []),
    ]


_BOUND: dict[str, Party] = {"endpoint": DEVICE_PARTY, "root_port": ROOT_COMPLEX}


def bound(port: Port) -> Party:
    """Whom the rules of the port bind."""
    return _BOUND[port.machine.name]


_LOCK: dict[Event, dict[Term, Operand]] = {
    e.device_connect: {LOCKED[d]: True},
    e.rp_close: {LOCKED[d]: LOCKED[d] & (ide_teardown == "disable_first")},
}
"""Where the TSM locks the root port's register block, and where it unlocks it: at the end of a disconnect."""

# --- Enable -----------------------------------------------------------------------------------------------------------
for _port, _event in ((ENDPOINT, e.ep_enable), (ROOT_PORT, e.rp_enable)):
    _port.machine.rule(
        _event,
        when=[neg(_port.enable[d])],
        set={_port.enable[d]: True, _port.status[d]: ite(_port.in_use(), "SECURE", _port.status[d])},
        binds=bound(_port),
        cite="P63 §6.33.1, §7.9.26: Secure when Enable is set and a key set is in use, whichever comes last",
    )
for _port, _event, _when in (
    (ENDPOINT, e.ep_disable, [ENDPOINT.enable[d]]),
    (ROOT_PORT, e.rp_disable, [ROOT_PORT.enable[d], rp_enable_by == "host"]),
    (ROOT_PORT, e.rp_close, []),
    (ROOT_PORT, e.device_connect, []),
):
    _port.machine.rule(
        _event,
        when=_when,
        set=_LOCK.get(_event, {}),
        each=_switched_off(_port, _event),
        binds=bound(_port),
        cite="P63 §6.33.1, §6.33.8: Insecure without an IDE Fail message; COV 07: registers first, Enable clear"
        + ("; Arm RME: the register block is Locked" if _event is e.device_connect else ""),
    )

# --- Losses -----------------------------------------------------------------------------------------------------------
for _port, _event in ((ENDPOINT, e.ep_fails), (ROOT_PORT, e.rp_fails)):
    _port.machine.rule(
        _event,
        when=[_port.secure, implies(e.cause == "stopped_set", neg(exists(k2, _port.sends(k2))))],
        each=[*lost(_port), *(released() if _port is ENDPOINT else [])],
        binds=bound(_port),
        cite="P63 §6.33.8, §6.33.1: link down, IDE Check Failed, changed registers, IV overflow, use of a stopped set; "
        "Table 11-31, Arm RYHQQL for the root port",
    )
for _port, _event in ((ROOT_PORT, e.fail_reaches_rp), (ENDPOINT, e.fail_reaches_ep)):
    _port.machine.rule(
        _event,
        when=[partner(_port).status[d] == "FAILED", _port.secure],
        each=[*lost(_port), *(released() if _port is ENDPOINT else [])],
        binds=bound(_port),
        cite="P63 §6.33.8: an IDE Fail message takes the stream down, and is not echoed",
    )
for _event in (e.function0_reset, e.conventional_reset):
    ENDPOINT.machine.rule(
        _event,
        set={ENDPOINT.enable[d]: False, ENDPOINT.status[d]: "INSECURE", ORPHAN[d]: False},
        each=[
            *wiped(ENDPOINT),
            *([for_each((), OWNER[d], "none")] if _event is e.conventional_reset else released()),
        ],
        binds=DEVICE_PARTY,
        cite="P63 §6.33.8: reset of the function that holds the IDE capability; keys unreadable",
    )
ROOT_PORT.machine.rule(
    e.stream_block,
    when=[stream_block],
    set={ROOT_PORT.enable[d]: False, ROOT_PORT.status[d]: "INSECURE", LOCKED[d]: False},
    each=wiped(ROOT_PORT),
    binds=ROOT_COMPLEX,
    cite="2023 TDX module sources: IDE.STREAM.BLOCK clears Enable, associations and key slots",
)
