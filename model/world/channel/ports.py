"""Rules of IDE at the two ports: what they send over the stream, what they check of what arrives."""

from __future__ import annotations

from ...language import Check, Event, Party, Term, const, ite, lift, neg
from ..choices.channel import quiet_connect, reorder_check
from ..vocabulary import DEVICE_PARTY, HOST, ROOT_COMPLEX
from . import events as e
from .keys import NEW_KEYS_OVERTAKE, SELECTIVE
from .lanes import NOTHING_OF_THE_DRIVER
from .state import DMA, MMIO, Neighbour, Stream, Tdi, Tsm

_MINE = Stream.machine
_state = Stream.state
_LOST = "P63 §6.33.8: the stream becomes Insecure, at both ports"
_IDE_KM = "P63 §6.33.1, §7.9.26"

# --- Enabling ---------------------------------------------------------------------------------------------------------
for _event, _first, _second in ((e.enable_root_port, "ROOT_ON", "DEVICE_ON"), (e.enable_device, "DEVICE_ON", "ROOT_ON")):
    _MINE.rule(
        _event,
        when=[_state.in_("OFF", _second), quiet_connect.implies(NOTHING_OF_THE_DRIVER)],
        set={_state: ite(_state == "OFF", const(_first, _state.sort), const("SECURE", _state.sort))},
        cite=f"{_IDE_KM}; Linux, Intel and CoVE-IO enable the ports in different orders",
    )
_MINE.rule(
    e.device_connect,
    when=[_state == "INSECURE", neg(Tsm.bound()), neg(Neighbour.running)],
    set={_state: "OFF"},
    binds=HOST,
    cite="P63 §6.33.8: Enable cleared, new keys, Enable set",
)

_MINE.rule(e.link_down, when=[Stream.secure()], set={_state: "INSECURE"}, binds=HOST, cite=_LOST)
for _machine, _running in ((Tdi.machine, Tdi.running), (Neighbour.machine, Neighbour.running)):
    _machine.rule(e.link_down, set={_running: False}, cite="P63 §11.4.5: TDIs of the stream to ERROR")

# --- Sending ----------------------------------------------------------------------------------------------------------
for _ev, _party in ((e.MMIO, ROOT_COMPLEX), (e.DMA, DEVICE_PARTY)):
    for _event in (_ev.write, _ev.read):
        _MINE.rule(
            _event,
            checks=[
                Check("stream Secure", Stream.secure(), "DISCARDED", "P63 §6.33.8: not sent instead of sent in the clear")
            ],
            binds=_party,
            cite="P63 §6.33.4, §11.2.1; Arm RDVKPF",
        )

# --- Arriving ---------------------------------------------------------------------------------------------------------
_AT_ROOT_PORT = (ROOT_COMPLEX, _state.in_("ROOT_ON", "SECURE", "INSECURE"))
_AT_DEVICE = (DEVICE_PARTY, _state.in_("DEVICE_ON", "SECURE", "INSECURE"))
_NO = lift(False, SELECTIVE.sort)


def _arrives(event: Event, slot: Term, at: tuple[Party, Term], owes: Term, evaded: Term) -> None:
    party, enabled = at
    checking = enabled & (_state != "INSECURE")
    _MINE.rule(
        event,
        when=[evaded.implies(owes & (reorder_check == "base") & SELECTIVE)],
        checks=[
            Check("stream enabled here", (slot == "plain") | enabled, "MISROUTED", "P63 §6.33.4: reported and dropped"),
            Check("not Insecure", (slot == "plain") | (_state != "INSECURE"), "DISCARDED", "P63 §6.33.8"),
            Check("keys in use", checking.implies(slot != "dead"), "IDE_CHECK_FAILED", "P63 §6.33.3, §6.33.8: MAC"),
            Check(
                "count of posted requests",
                (checking & SELECTIVE).implies(neg(owes) | evaded),
                "IDE_CHECK_FAILED",
                "P63 §6.33.5: underflow; CVE-2025-9612",
            ),
        ],
        binds=party,
        cite="P63 §6.33.5, §6.33.8",
    )


for _lane, _ev, _there, _back in ((MMIO, e.MMIO, _AT_DEVICE, _AT_ROOT_PORT), (DMA, e.DMA, _AT_ROOT_PORT, _AT_DEVICE)):
    _arrives(_ev.writes.arrives, _lane.write, _there, _NO, _NO)
    _arrives(_ev.reads.arrives, _lane.read, _there, _lane.read_owes, e.evades)
    _arrives(_ev.completions.arrives, _lane.completion, _back, _lane.completion_owes, _NO)

    # --- What is out of its sequence, or from nobody --------------------------------------------------------------------
    _later = {_lane.write: Tsm.bound(), _lane.read: Tsm.bound(), _lane.completion: _lane.read.in_("current", "stale")}
    for _slot, _sub, (_party, _) in zip(_lane.slots, _ev.sub_streams, (_there, _there, _back), strict=True):
        _MINE.rule(
            _sub.overtaken,
            when=[Stream.secure(), _later[_slot]],
            checks=[
                Check(
                    "next of its sub-stream",
                    neg(SELECTIVE) | (NEW_KEYS_OVERTAKE & (_slot == "stale")),
                    "IDE_CHECK_FAILED",
                    "P63 §6.33.5: the counter is part of the IV; §6.33.3: other keys have counters of their own",
                )
            ],
            binds=_party,
            cite="P63 §6.33.5",
        )
    _MINE.rule(
        _ev.forged,
        when=[Stream.secure()],
        checks=[Check("MAC", neg(SELECTIVE), "IDE_CHECK_FAILED", "P63 §6.33.5; COV 04: switches are outside the TCB")],
        binds=_there[0],
        cite="P63 §6.33.5",
    )
    for _event in _ev.checked:
        _MINE.rule(_event, reply="IDE_CHECK_FAILED", set={_state: "INSECURE"}, cite=_LOST)
        Tdi.machine.rule(
            _event, reply="IDE_CHECK_FAILED", set={Tdi.running: False}, cite="P63 §11.4.5: TDIs of the stream to ERROR"
        )
        Neighbour.machine.rule(_event, reply="IDE_CHECK_FAILED", set={Neighbour.running: False}, cite="P63 §11.4.5")
