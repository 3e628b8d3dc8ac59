"""The stream of the lifecycle, and what its variables are in terms of the stream in full."""

from __future__ import annotations

from ....model.language import Event, Machine, Model, Operand, Term, const, forall, ite, neg
from ....model.world.choices.knob import choices, trust
from ....model.world.choices.lifecycle import multi_session
from ....model.world.ide.state import ENDPOINT, ROOT_PORT, Device, Tsm, s2
from ....model.world.lifecycle import ide as _rules
from ....model.world.lifecycle.events import EVENTS
from ....model.world.lifecycle.state import Device as AbstractDevice
from ....model.world.lifecycle.state import Stream
from ....model.world.vocabulary import DEVICE_PARTY, HOLDER, HOST, d

_PARTS_WITH_RULES = (_rules,)

STREAM = Model.of(
    "the stream of the lifecycle", trust, choices, AbstractDevice.machine, Stream.machine, events=EVENTS
).without_idle_knobs()
"""Its machine, with that of the sessions on which it depends, and without the other parties' checks."""

_half_way = Event("connected_without_keys", (d,), HOST, "device_connect, at whose end some of the keys are gone already")
_loses = Machine("stream", over=Stream.machine.over)
_loses.families.extend(Stream.machine.families)
_loses.rule(
    _half_way,
    set={Stream.state[d]: "INSECURE", Stream.key_session[d]: "none", Stream.known_to_host[d]: False},
    binds=DEVICE_PARTY,
    cite="[D] the keys of one sub-stream can be lost before those of the next are programmed",
)
_opens = Machine("device", over=AbstractDevice.machine.over)
_opens.families.extend(AbstractDevice.machine.families)
_opens.rule(
    _half_way,
    set={
        AbstractDevice.tsm_session[d]: True,
        AbstractDevice.host_session[d]: AbstractDevice.host_session[d] & multi_session,
    },
    binds=DEVICE_PARTY,
    cite="P63 §11.2.2; DSP0274 GET_VERSION, KEY_EXCHANGE",
)
STREAM_THAT_FORGETS = STREAM.with_rules((*STREAM.rules, *_loses.rules, *_opens.rules))
"""The same with a step that two or more sub-streams need: a connect at whose end keys are gone already."""

_state = Stream.state.sort
_connected = Tsm.in_phase("connected", "refreshing") | (Tsm.in_phase("keying") & forall(s2, Tsm.at[d, s2] >= 1))
_by_tsm = Device.tsm_session[d] & _connected & ENDPOINT.programmed_by("tsm") & neg(ENDPOINT.holds("host"))
_by_host = ENDPOINT.programmed_by("host")
_filled = _by_tsm | _by_host
_STATE: Term = ite(
    # Both ports Secure, with keys of one and the same origin: each is Secure on its own, and may be so with others.
    (_by_tsm | (_by_host & ROOT_PORT.holds("host"))) & ENDPOINT.secure & ROOT_PORT.secure,
    const("SECURE", _state),
    ite(_filled, const("KEYED", _state), ite(_connected, const("INSECURE", _state), const("NONE", _state))),
)
_BY = ite(_by_host, const("host", HOLDER), ite(_by_tsm, const("tsm", HOLDER), const("none", HOLDER)))

MAPPING: dict[Term, Operand] = {
    AbstractDevice.tsm_session[d]: Device.tsm_session[d] & _connected,
    AbstractDevice.host_session[d]: Device.host_session[d],
    Stream.state[d]: _STATE,
    Stream.key_session[d]: _BY,
    Stream.known_to_host[d]: _by_host,
}
