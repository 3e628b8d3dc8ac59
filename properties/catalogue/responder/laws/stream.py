"""Laws of sessions, and of the stream that is keyed over them."""

from __future__ import annotations

from .....model.language import after, implies, neg
from .....model.language.mutate import DropCheck, DropUpdate, SetUpdate, SwapValue
from .....model.world.choices.ide import session_loss
from .....model.world.choices.lifecycle import multi_session
from .....model.world.choices.responder import (
    ide_required,
)
from .....model.world.responder import events as e
from .....model.world.responder.state import Device, Stream, Tdi
from .....model.world.vocabulary import d, function0_of, t
from ....property import Property
from ....steps import REFUSED, occurs
from ...law import invariant, step_law
from ..observations import ERROR
from .terms import by, host, keys, stream, tsm

_KEYS = (e.key_prog, e.ide_query)

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "sessions-begin-and-end-one-by-one",
        "A session is opened that did not live and then lives, and ends the other where only one can be; one is closed that lived, and "
        "the other stays; GET_VERSION ends all there are.",
        (occurs(e.session_open, d=d), occurs(e.session_close, d=d)),
        ((e.holder == "tsm") & (after(tsm) != tsm) & ((after(host) == host) | (neg(multi_session) & neg(after(host)))))
        | ((e.holder == "host") & (after(host) != host) & ((after(tsm) == tsm) | (neg(multi_session) & neg(after(tsm))))),
        (d,), "device", "DSP0274 GET_VERSION, KEY_EXCHANGE, END_SESSION, HEARTBEAT",
        DropUpdate("device", "session_close", "device.tsm_session"), witness=occurs(e.session_close, d=d),
    ),
    invariant(
        "one-session-at-a-time-where-only-one-can-be",
        "A device that serves one session at a time has none of the host's beside the TSM's.",
        multi_session | neg(tsm & host),
        (d,), "device", "P63 §11.2.4; DSP0274 GET_VERSION (knob multi_session)", host,
        SetUpdate("device", "session_open", tsm, True),
    ),
    step_law(
        "get-version-ends-all-sessions",
        "GET_VERSION ends every session of the connection, whoever sent it, and is news only where one lived.",
        occurs(e.get_version, d=d), (tsm | host) & neg(after(tsm) | after(host)),
        (d,), "device", "DSP0274 GET_VERSION", DropUpdate("device", "get_version", "device.host_session"),
    ),
    step_law(
        "keys-come-over-a-living-session-of-their-own",
        "Keys are programmed and queried over a living session, and never over a second one while the session that keyed the stream lives.",
        tuple(occurs(x, d=d) for x in _KEYS), Device.alive(e.holder) & ((by == e.holder) | neg(Device.alive(by))),
        (d,), "device", "P63 §6.33.3", DropCheck("stream", "key_prog", "keying session"), witness=occurs(e.key_prog, d=d),
        multi_session=True,
    ),
    step_law(
        "keys-are-refused-for-these-reasons-only",
        "KEY_PROG and QUERY over a living session get an answer, unless another living session keyed the stream; without one nothing changes.",
        tuple(occurs(x, d=d, reply=REFUSED) for x in _KEYS),
        (neg(Device.alive(e.holder)) | (Device.alive(by) & (by != e.holder))) & (after(keys) == keys) & (after(by) == by),
        (d,), "device", "P63 §6.33.3", SwapValue("stream", "key_prog", by, "host", "none"),
        witness=occurs(e.key_prog, d=d, reply=REFUSED), multi_session=True, protects="host",
    ),
    step_law(
        "new-keys-belong-to-their-session",
        "After KEY_PROG the stream has keys of that session; a refresh over the same session keeps it Secure, keys of another do not.",
        occurs(e.key_prog, d=d),
        (after(by) == e.holder)
        & (after(keys) != "NOT_KEYED")
        & ((after(keys) == "SECURE") == ((keys == "SECURE") & (by == e.holder))),
        (d,), "device", "P63 §6.33.3: a refresh", DropUpdate("stream", "key_prog", "stream.key_session"),
        witness=occurs(e.key_prog, d=d, where=keys == "SECURE"),
    ),
    step_law(
        "what-a-dead-session-keyed-is-wiped",
        "A stream that outlived its session is wiped by the next session that programs or queries it, and every TDI locked over it goes to ERROR.",
        tuple(occurs(x, d=stream) for x in _KEYS),
        implies(
            (Stream.state[stream] != "NOT_KEYED") & (Stream.key_session[stream] == "none"),
            (after(Stream.state[stream]) != "SECURE") & implies(Tdi.locked() & ide_required, after(ERROR)),
        ),
        (t,), "device", "P63 §6.33.3 (A-18: knob session_loss)", DropUpdate("tdi", "ide_query", "tdi.state"),
        witness=occurs(e.ide_query, d=stream, where=Tdi.locked()), session_loss="next_keying",
    ),
    step_law(
        "a-query-leaves-keys-of-the-living-alone",
        "QUERY changes nothing but a stream that outlived its session, which is without keys then.",
        occurs(e.ide_query, d=d),
        ((after(keys) == keys) & (after(by) == by) & ((by != "none") | (keys == "NOT_KEYED")))
        | ((by == "none") & (after(keys) == "NOT_KEYED")),
        (d,), "device", "P63 §6.33.3", DropUpdate("stream", "ide_query", "stream.state"), session_loss="next_keying",
    ),
    step_law(
        "a-stream-becomes-secure-by-its-keys",
        "The port becomes Secure from keyed, and what becomes Insecure was Secure before and has no keys after.",
        (occurs(e.ide_enable, d=d), occurs(e.stream_lost, d=d), occurs(e.root_port_write, d=d)),
        ((keys == "KEYED") & (after(keys) == "SECURE") & (after(by) == by))
        | ((keys == "SECURE") & (after(keys) == "NOT_KEYED") & (after(by) == "none")),
        (d,), "device", "P63 §6.33.1, §6.33.8, §7.9.26, §11.5.8", DropUpdate("stream", "stream_lost", "stream.state"),
        witness=occurs(e.ide_enable, d=d),
    ),
    invariant(
        "keys-and-the-session-they-came-over-go-together",
        "A stream without keys belongs to no session; one with keys belongs to a living session, or, where the end of a session does not "
        "take the stream down, to none.",
        implies(keys == "NOT_KEYED", by == "none")
        & ((by == "none") | Device.alive(by))
        & implies((session_loss == "at_once") & (by == "none"), keys == "NOT_KEYED"),
        (d,), "device", "P63 §11.4.5 against §6.33.3 (A-18: knob session_loss)", keys == "SECURE",
        DropUpdate("stream", "session_close", "stream.key_session"),
    ),
    step_law(
        "a-reset-of-function-0-ends-the-stream",
        "A function level reset of Function 0 leaves the port's stream without keys.",
        occurs(e.flr, t=t), implies(t == function0_of(t), after(Stream.state[stream]) == "NOT_KEYED"),
        (t,), "device", "P63 §6.33.8", DropUpdate("stream", "flr", "stream.state"),
    ),
)  # fmt: skip
