"""What ends a session, and who is told of it; streams and TDIs take it from here."""

from __future__ import annotations

from dataclasses import dataclass

from ...language import FALSE, TRUE, Event, Term, conj, const, disj, ite, lift, neg
from ..choices.ide import session_loss
from ..choices.resources import device_caps
from ..choices.responder import update_ends_session
from ..choices.spdm import connection_ids, decrypt_error_ends, end_told_by, has_tsm, reconnect, reset_after_end, watchdog
from . import events as e
from .state import RECORD, Responder, Tsm

FRESH_CONNECT = has_tsm & ((Tsm.phase == "disconnected") | (reconnect & (Tsm.phase == "lost")))
"""A connect that starts at GET_VERSION; a second one is refused, or does nothing."""

ENDS_BY_END_SESSION = Tsm.in_contact & (Tsm.peer == "device")
_ALL = neg(connection_ids)
_RELAYED = e.source == "device"
_SILENT_FOR_TWO_PERIODS = watchdog & (Responder.missed == 1)


@dataclass(frozen=True)
class Ending:
    """When an event ends the TSM's session, when the host's, and for which of them libspdm calls back."""

    tsm: Term
    host: Term
    called_back: tuple[bool, bool]
    cite: str

    def _told(self, number: int) -> Term:
        return TRUE if self.called_back[number] else end_told_by == "every_end"

    def ended(self, record: Term) -> Term:
        """The recorded session ends, and the keeper of the record is told."""
        return ((record == "tsm") & self.tsm & self._told(0)) | ((record == "host") & self.host & self._told(1))

    def lost(self, record: Term) -> Term:
        """The recorded session ends, and the keeper of the record is not told."""
        return ((record == "tsm") & self.tsm & neg(self._told(0))) | ((record == "host") & self.host & neg(self._told(1)))


_GET_VERSION = "DSP0274 GET_VERSION: all sessions of the connection end, whoever sends it; libspdm tells nobody"

ENDINGS: dict[Event, Ending] = {
    e.device_connect: Ending(FRESH_CONNECT, FRESH_CONNECT & _ALL, (False, False), _GET_VERSION),
    e.device_disconnect: Ending(
        disj(ENDS_BY_END_SESSION, reset_after_end),
        reset_after_end & _ALL,
        (True, False),
        "DSP0274 END_SESSION; TF-RMM: GET_VERSION after it",
    ),
    e.cma_authenticate: Ending(_ALL, TRUE, (False, False), _GET_VERSION),
    e.guest_authenticate: Ending(_RELAYED & _ALL, _RELAYED, (False, False), _GET_VERSION),
    e.get_version: Ending(disj(_ALL, e.of == "tsm"), disj(_ALL, e.of == "host"), (False, False), _GET_VERSION),
    e.host_end_session: Ending(FALSE, TRUE, (True, True), "DSP0274 END_SESSION"),
    e.garbled: Ending(
        conj(decrypt_error_ends, neg(Responder.update_pending)),
        FALSE,
        (False, False),
        "libspdm: DecryptError, then the session is freed; during KEY_UPDATE it falls back to the old key once",
    ),
    e.silence: Ending(_SILENT_FOR_TWO_PERIODS, FALSE, (True, True), "DSP0274 HEARTBEAT: two periods without traffic"),
    e.fw_update: Ending(
        update_ends_session,
        update_ends_session,
        (True, True),
        "DSP0274 KEY_EXCHANGE SessionPolicy, TerminationPolicy; COV 08",
    ),
    e.request_resynch: Ending(
        TRUE,
        TRUE,
        (True, True),
        "DSP0274 RequestResynch: the requester starts again at GET_VERSION; [D] the device knows that it lost its state",
    ),
}
"""Every event that may end a session, save the conventional reset, which ends everything."""

AT_ONCE = (device_caps == "tee_io") & (session_loss == "at_once")
"""Whether a stream becomes Insecure when its keying session ends: a duty of TEE-I/O devices only."""


def kept_record(record: Term, ending: Ending, when_ended: Term) -> Term:
    """The record after the event; ``when_ended``: what it becomes when the keeper is told."""
    return ite(ending.ended(record), when_ended, ite(ending.lost(record), with_suffix(record, "lost"), record))


def with_suffix(record: Term, suffix: str) -> Term:
    """The record of a session that is gone."""
    return ite(record == "tsm", const(f"tsm_{suffix}", RECORD), lift(f"host_{suffix}", RECORD))
