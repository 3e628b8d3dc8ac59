"""Laws of sessions, and of what ends with them at the endpoint."""

from __future__ import annotations

from .....model.language import TRUE, Term, after, const, implies, ite, neg
from .....model.language.mutate import DropCondition, DropUpdate
from .....model.world.choices.ide import ide_km_binding, session_loss, stream_owned_until
from .....model.world.choices.lifecycle import multi_session
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    ORPHAN,
    OWNER,
    Device,
)
from .....model.world.vocabulary import HOLDER, d
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, step_law
from .terms import HOSTS, TSMS, port_unchanged, without_keys

_ENDS = (
    (e.device_connect, TSMS | (HOSTS & neg(multi_session))),
    (e.host_connect, TSMS & neg(multi_session)),
    (e.end_session, TSMS),
    (e.get_version, TSMS | HOSTS),
)
"""What ends a session, and whether it is one that keyed the stream."""

_REMEMBERED = (ide_km_binding == "session") & (stream_owned_until != "keys_gone")
_LOSSES = (
    (e.ep_fails, TRUE),
    (e.fail_reaches_ep, TRUE),
    (e.ep_disable, ENDPOINT.secure),
    (e.function0_reset, TRUE),
)
"""What takes the stream's keys at the endpoint and no session, and when."""


def _after_loss(all_keys: Term) -> Term:
    """Whose the stream is after a loss."""
    return ite(all_keys & (stream_owned_until == "stream_lost"), "none", OWNER[d])


PROPERTIES: tuple[Property, ...] = (
    law(
        "get-version-and-reset-leave-no-session",
        "GET_VERSION and a conventional reset end every session of the device, and END_SESSION the TSM's.",
        Never(
            (
                *(
                    occurs(x, d=d, where=after(Device.tsm_session[d]) | after(Device.host_session[d]))
                    for x in (e.get_version, e.conventional_reset)
                ),
                occurs(e.end_session, d=d, where=after(Device.tsm_session[d])),
            )
        ),
        (d,), "device", "DSP0274 GET_VERSION, END_SESSION; P63 §11.4.8", occurs(e.get_version, d=d),
        DropUpdate("device", "get_version", "device.host_session"),
    ),
    step_law(
        "a-session-of-the-hosts-is-opened-once",
        "The host opens a session where it has none, and has one then.",
        occurs(e.host_connect, d=d), neg(Device.host_session[d]) & after(Device.host_session[d]),
        (d,), "device", "DSP0274 KEY_EXCHANGE", DropCondition("device", "host_connect", 0),
    ),
    law(
        "the-end-of-the-keying-session-takes-its-keys",
        "A session that ends takes down at the endpoint the stream that was keyed over it: at once, or the endpoint remembers to do so at "
        "the next keying. A session that keyed nothing leaves the stream alone.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    where=neg(
                        ite(
                            keyed,
                            ite(
                                session_loss == "at_once",
                                after(without_keys(ENDPOINT)) & neg(after(ENDPOINT.secure)),
                                after(ORPHAN[d]),
                            ),
                            port_unchanged(ENDPOINT),
                        )
                    ),
                )
                for x, keyed in _ENDS
            )
        ),
        (d,), "device", "P63 §11.4.5, §6.33.3", tuple(occurs(x, d=d) for x, _ in _ENDS),
        DropUpdate("endpoint", "get_version", "endpoint.status"),
    ),
    law(
        "whoever-keys-the-stream-has-it",
        "An endpoint that binds IDE_KM to the keying session remembers after KEY_PROG whose that is. What takes the keys and no session leaves "
        "it at that, but where the endpoint remembers no longer than to the stream's loss.",
        Never(
            (
                *(
                    occurs(x, d=d, where=after(OWNER[d]) != ite(_REMEMBERED, const(who, HOLDER), "none"))
                    for x, who in ((e.ep_key_prog, "tsm"), (e.host_key_prog, "host"))
                ),
                *(
                    occurs(x, d=d, where=after(OWNER[d]) != _after_loss(all_))
                    for x, all_ in _LOSSES
                ),
            )
        ),
        (d,), "device", "P63 §6.33.3", tuple(occurs(x, d=d) for x, _ in _LOSSES),
        DropUpdate("endpoint", "ep_key_prog", "endpoint.owner"),
    ),
    invariant(
        "a-stream-is-a-living-sessions-or-nobodys",
        "The endpoint takes the stream for one party's only while a session of that party lives.",
        implies(OWNER[d] == "tsm", Device.tsm_session[d]) & implies(OWNER[d] == "host", Device.host_session[d]),
        (d,), "device", "P63 §6.33.3: until that session has closed", OWNER[d] != "none",
        DropUpdate("endpoint", "get_version", "endpoint.owner"),
    ),
    step_law(
        "a-new-session-of-the-tsm-has-keyed-nothing",
        "Where the TSM opens a session anew, the stream is not the TSM's until it is keyed again.",
        occurs(e.device_connect, d=d), after(OWNER[d]) != "tsm",
        (d,), "device", "DSP0274 GET_VERSION; P63 §6.33.3", DropUpdate("endpoint", "device_connect", "endpoint.owner"),
        flow="tdx-connect",
    ),
)  # fmt: skip
