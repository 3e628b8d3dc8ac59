"""Laws of the stream and of whose keys it has."""

from __future__ import annotations

from .....model.language import after, implies, neg
from .....model.language.mutate import (
    DropCheck,
    DropUpdate,
    SwapValue,
)
from .....model.world.choices.ide import ide_km_binding, session_loss
from .....model.world.choices.resources import device_caps
from .....model.world.spdm import events as e
from .....model.world.spdm.state import Responder, Stream, Tsm
from .....model.world.vocabulary import HOST, t
from ....formulas import Never
from ....property import Property
from ....steps import occurs, unchanged
from ...law import invariant, law, possible, step_law, told
from ..observations import STREAM, lives
from .terms import only, over

_KEYINGS = tuple(occurs(x) for x in (e.ide_key_prog, e.host_key_prog, e.key_prog_in_clear))

PROPERTIES: tuple[Property, ...] = (
    law(
        "key-prog-makes-the-stream-its-senders",
        "After KEY_PROG the stream has keys of whoever sent it; a Secure stream stays Secure, for that is a refresh.",
        Never(
            (
                occurs(e.ide_key_prog, where=after(Stream.keyed_over) != Tsm.holder),
                occurs(e.host_key_prog, where=after(Stream.keyed_over) != "host"),
                occurs(e.key_prog_in_clear, where=after(Stream.keyed_over) != "host"),
                *(only(s, neg(after(Stream.state).in_("KEYED", "SECURE"))) for s in _KEYINGS),
                *(only(s, (after(Stream.state) == "SECURE") & (Stream.state != "SECURE")) for s in _KEYINGS),
                *(only(s, (Stream.state == "SECURE") & lives(Stream.keyed_over) & (after(Stream.state) != "SECURE")) for s in _KEYINGS),
            ),
        ),
        (), "device", "P63 §6.33.3", _KEYINGS, DropUpdate("stream", "ide_key_prog", "stream.keyed_over"),
    ),
    law(
        "a-stream-is-enabled-once-keyed",
        "A stream becomes Secure only from keyed, and Insecure by a failure only from Secure, and then it is nobody's.",
        Never(
            (
                occurs(e.ide_enable, where=neg((Stream.state == "KEYED") & (after(Stream.state) == "SECURE"))),
                occurs(e.ide_fail, where=neg((Stream.state == "SECURE") & (after(Stream.state) == "INSECURE") & (after(Stream.keyed_over) == "none"))),
            ),
        ),
        (), "device", "P63 §6.33.1, §6.33.8", occurs(e.ide_enable), DropUpdate("stream", "ide_fail", "stream.keyed_over"),
    ),
    possible(
        "a-keyed-stream-can-be-enabled",
        "A stream that has keys can be enabled, and a Secure one can fail.",
        occurs(e.ide_enable), Stream.state == "KEYED",
        (), "device", "P63 §6.33.1, §7.9.26", SwapValue("stream", "ide_enable", Stream.state, "KEYED", "SECURE"),
        witness=Stream.state == "KEYED", protects="host",
    ),
    step_law(
        "no-secure-stream-after-reset",
        "After a reset the stream has no keys, whoever's they were.",
        occurs(e.conventional_reset), (after(Stream.state) == "NONE") & (after(Stream.keyed_over) == "none"),
        (), "device", "P63 §6.33.8, §11.4.8", DropUpdate("stream", "conventional_reset", "stream.keyed_over"),
    ),
    step_law(
        "query-on-a-new-session-wipes",
        "QUERY over a new session leaves nothing of a stream whose keying session was closed, and changes no other.",
        occurs(e.host_query),
        implies(
            (ide_km_binding == "session") & Stream.keyed_over.in_("tsm_ended", "host_ended"),
            (after(Stream.state) == "INSECURE") & (after(Stream.keyed_over) == "none"),
        )
        & implies(lives(Stream.keyed_over), unchanged(*STREAM)),
        (), "device", "P63 §6.33.3", DropUpdate("stream", "host_query", "stream.keyed_over"), flow="ide-only",
    ),
    invariant(
        "no-record-names-a-session-that-is-gone",
        "Stream and TDIs are recorded as a session's own only while it lives; after that as of one that ended, or was lost.",
        implies(Stream.keyed_over == "tsm", Responder.established)
        & implies(Stream.keyed_over == "host", Responder.host_session)
        & implies(over == "tsm", Responder.established)
        & implies(over == "host", Responder.host_session),
        (t,), "device", "P63 §6.33.3, §11.4.5", over == "tsm", DropUpdate("stream", "silence", "stream.keyed_over"),
        flow="cove-io",
    ),
    invariant(
        "an-ended-keying-session-takes-the-stream-down-at-once",
        "On a device with TEE-IO that acts at once, a stream whose keying session it knows to have ended is neither keyed nor Secure.",
        implies(
            (device_caps == "tee_io") & (session_loss == "at_once") & Stream.state.in_("KEYED", "SECURE"),
            neg(Stream.keyed_over.in_("tsm_ended", "host_ended", "none")),
        ),
        (), "device", "P63 §11.4.5", Stream.state == "SECURE", DropUpdate("stream", "silence", "stream.state"),
        flow="cove-io",
    ),
    possible(
        "a-session-can-key-what-no-other-holds",
        "Over a live session the keys of a stream can be programmed when nobody has keyed it, when the keying session is known to have "
        "ended, and when it is the same.",
        occurs(e.host_key_prog),
        neg(HOST.honest) & Responder.host_session & Stream.keyed_over.in_("none", "tsm_ended", "host_ended", "host"),
        (), "device", "P63 §6.33.3", SwapValue("stream", "host_key_prog", Stream.keyed_over, "tsm_ended", "host_ended"),
        witness=Responder.host_session, flow="ide-only", protects="host",
    ),
    possible(
        "a-session-can-query-what-no-other-holds",
        "Over a live session QUERY is answered when nobody has keyed the stream, when the keying session is known to have ended, and "
        "when it is the same.",
        occurs(e.host_query),
        neg(HOST.honest) & Responder.host_session & Stream.keyed_over.in_("none", "tsm_ended", "host_ended", "host"),
        (), "device", "P63 §6.33.3", SwapValue("stream", "host_query", Stream.keyed_over, "tsm_ended", "host_ended"),
        witness=Responder.host_session, flow="ide-only", protects="host",
    ),
    told(
        e.host_query, "DISCARDED", "QUERY on a second session is discarded while the keying session lives.",
        (), "device", "P63 §6.33.3", DropCheck("stream", "host_query", "keying session"), flow="linux-tsm", multi_session=True,
    ),
)  # fmt: skip
