"""Laws of sessions, and of what ends with them at the endpoint."""

from __future__ import annotations

from .....model.language import after, ite, neg
from .....model.language.mutate import DropCondition, DropUpdate
from .....model.world.choices.ide import (
    session_loss,
)
from .....model.world.choices.lifecycle import multi_session
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    ORPHAN,
    Device,
)
from .....model.world.vocabulary import d
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, step_law
from .terms import HOSTS, TSMS, port_unchanged, without_keys

_ENDS = (
    (e.device_connect, TSMS | (HOSTS & neg(multi_session))),
    (e.host_connect, TSMS & neg(multi_session)),
    (e.end_session, TSMS),
    (e.get_version, TSMS | HOSTS),
)
"""What ends a session, and whether it is one that keyed the stream."""

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
)  # fmt: skip
