"""The terms and steps of which the catalogue speaks."""

from __future__ import annotations

from ....model.language import Term, neg
from ....model.world.choices.spdm import connection_ids
from ....model.world.spdm import events as e
from ....model.world.spdm.state import Responder, Stream, Tdi, Tsm
from ....model.world.vocabulary import t
from ...steps import Step, occurs


def lives(record: Term) -> Term:
    """The recorded session is one that the device still serves."""
    return ((record == "tsm") & Responder.established) | ((record == "host") & Responder.host_session)


SESSIONS = (Responder.connection, Responder.host_connection, Responder.tsm_session, Responder.host_session)
STREAM = (Stream.state, Stream.keyed_over)
TDI_OF_T = (Tdi.state[t], Tdi.locked_over[t])

_ONE_CONNECTION = neg(connection_ids)

GET_VERSION_BY_OTHERS: tuple[Step, ...] = (
    # Each of these begins with GET_VERSION, and none is the TSM's.
    occurs(e.get_version, where=_ONE_CONNECTION | (e.of == "tsm")),
    occurs(e.cma_authenticate, where=_ONE_CONNECTION),
    occurs(e.guest_authenticate, source="device", where=_ONE_CONNECTION),
)
"""GET_VERSION on the TSM's connection, from somebody else."""

SESSION_KILLS: tuple[Step, ...] = tuple(
    occurs(x) for x in (e.get_version, e.cma_authenticate, e.guest_authenticate, e.garbled, e.silence, e.host_end_session)
)
"""What a host can do, or not do, to end sessions from outside."""

TSM_CONNECTED = Tsm.phase == "connected"
EVERY_STEP = Step(None, {}, None)
