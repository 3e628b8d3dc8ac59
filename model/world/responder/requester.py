"""The one thing that a hostile requester cannot do: name a nonce that it does not know."""

from __future__ import annotations

from ...language import implies
from ..choices.responder import nonce_leaked
from ..vocabulary import t
from . import events as e
from .state import Requester, Tdi

Requester.machine.rule(
    e.start_interface,
    when=[implies(e.nonce == "current", nonce_leaked | (e.via == Tdi.lock_session[t]))],
    cite="P63 §11.6.3: 32 bytes that are sent inside the session of the lock only",
)
