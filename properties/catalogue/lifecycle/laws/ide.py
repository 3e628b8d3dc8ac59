"""Laws of sessions and of the stream: what keys it, what ends it."""

from __future__ import annotations

from .....model.language import after, implies, neg
from .....model.language.mutate import DropCheck, DropUpdate, DropWhen, SwapValue
from .....model.world.choices.lifecycle import (
    multi_session,
)
from .....model.world.lifecycle import events as e
from .....model.world.lifecycle.state import Device, Stream
from .....model.world.vocabulary import HOST, d
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, possible, step_law, told

PROPERTIES: tuple[Property, ...] = (
    invariant(
        "one-session-where-one-can-be",
        "A device that serves one SPDM session has one at most.",
        multi_session | neg(Device.tsm_session[d] & Device.host_session[d]),
        (d,), "device", "DSP0274 GET_VERSION; DOE r1.0: one connection", Device.host_session[d],
        DropUpdate("device", "host_connect", "device.tsm_session"),
    ),
    step_law(
        "get-version-and-reset-end-all-sessions",
        "GET_VERSION and a conventional reset end all SPDM sessions, and a disconnect ends the TSM's.",
        (occurs(e.get_version, d=d), occurs(e.conventional_reset, d=d), occurs(e.device_disconnect, d=d)),
        neg(after(Device.tsm_session[d])),
        (d,), "device", "DSP0274 GET_VERSION, END_SESSION; P63 §11.4.8",
        DropUpdate("device", "device_disconnect", "device.tsm_session"), witness=occurs(e.get_version, d=d),
    ),
    invariant(
        "keys-live-no-longer-than-their-session",
        "A stream has keys only while the SPDM session lives over which they were programmed.",
        implies(
            Stream.state[d].in_("KEYED", "SECURE"),
            ((Stream.key_session[d] == "tsm") & Device.tsm_session[d])
            | ((Stream.key_session[d] == "host") & Device.host_session[d]),
        ),
        (d,), "device", "P63 §11.4.5, §11.1", Stream.state[d] == "SECURE",
        DropUpdate("stream", "get_version", "stream.state"),
    ),
    invariant(
        "a-lost-stream-has-no-keys",
        "A stream that was lost or never keyed belongs to no session, and the host knows only keys that it set itself.",
        implies(Stream.state[d].in_("NONE", "INSECURE"), Stream.key_session[d] == "none")
        & (Stream.known_to_host[d] == (Stream.key_session[d] == "host")),
        (d,), "device", "P63 §6.33.8: all key sets and IVs invalid", Stream.state[d] == "INSECURE",
        DropUpdate("stream", "ide_fail", "stream.key_session"),
    ),
    law(
        "a-stream-is-lost-only-with-its-keys",
        "A stream becomes Insecure by a failure only when it had keys, and Secure only from keyed.",
        Never(
            (
                occurs(e.ide_fail, d=d, where=neg(Stream.state[d].in_("KEYED", "SECURE") & (after(Stream.state[d]) == "INSECURE"))),
                occurs(e.ide_enable, d=d, where=neg((Stream.state[d] == "KEYED") & (after(Stream.state[d]) == "SECURE"))),
            )
        ),
        (d,), "device", "P63 §6.33.1, §6.33.8", occurs(e.ide_fail, d=d), DropWhen("stream", "ide_fail"),
    ),
    step_law(
        "programming-keys-makes-the-stream-theirs",
        "After KEY_PROG a stream is keyed over the session of the request, and not before it is enabled Secure.",
        (occurs(e.device_connect, d=d), occurs(e.host_key_prog, d=d)),
        (after(Stream.state[d]) == "KEYED") & (after(Stream.key_session[d]) != "none"),
        (d,), "device", "P63 §6.33.3", DropUpdate("stream", "device_connect", "stream.state"),
        witness=occurs(e.device_connect, d=d),
    ),
    law(
        "a-host-session-is-opened-once-and-ended-with-all",
        "The host opens a session where it has none; GET_VERSION and reset end it with the TSM's.",
        Never(
            (
                occurs(e.host_connect, d=d, where=Device.host_session[d] | neg(after(Device.host_session[d]))),
                occurs(e.get_version, d=d, where=after(Device.host_session[d])),
                occurs(e.conventional_reset, d=d, where=after(Device.host_session[d])),
            )
        ),
        (d,), "device", "DSP0274 GET_VERSION, KEY_EXCHANGE; P63 §11.4.8", occurs(e.host_connect, d=d),
        DropUpdate("device", "get_version", "device.host_session"),
    ),
    possible(
        "a-session-may-key-what-is-nobodys",
        "A host with a session can key a stream that no live session of the TSM has keyed.",
        occurs(e.host_key_prog, d=d),
        neg(HOST.honest)
        & Device.host_session[d]
        & (Stream.key_session[d] != "host")
        & neg((Stream.key_session[d] == "tsm") & Device.tsm_session[d]),
        (d,), "device", "P63 §6.33.3: keys for a new session once the keying session is closed",
        SwapValue("stream", "host_key_prog", Stream.state[d], "NONE", "KEYED"), witness=Device.host_session[d],
        protects="host",
    ),
    possible(
        "keys-can-be-lost-at-any-time",
        "A stream can lose its keys whether they are in use yet or not, and one that was ever keyed can be given up.",
        occurs(e.ide_fail, d=d), Stream.state[d].in_("KEYED", "SECURE"),
        (d,), "device", "P63 §6.33.8, §6.33.3", SwapValue("stream", "ide_fail", Stream.state[d], "KEYED", "SECURE"),
        witness=Stream.state[d] == "KEYED", protects="host",
    ),
    step_law(
        "only-what-was-keyed-is-given-up",
        "A stream is given up only where there is one.",
        occurs(e.ide_disable, d=d), (Stream.state[d] != "NONE") & (after(Stream.state[d]) == "NONE"),
        (d,), "device", "P63 §6.33.8, §7.9.26", SwapValue("stream", "ide_disable", Stream.state[d], "NONE", "KEYED"),
    ),
    told(
        e.host_key_prog, "DISCARDED", "KEY_PROG on a second session is discarded while the keying session lives.",
        (d,), "device", "P63 §6.33.3", DropCheck("stream", "host_key_prog", "keying session"), multi_session=True,
    ),
)  # fmt: skip
