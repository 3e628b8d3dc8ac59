"""The one interface of everything under test."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from ..wire import Malformed

Session = Literal["none", "tsm", "host"]
"""Over which session a message goes: in the clear, over the TSM's, over that of somebody else."""

Reply: TypeAlias = bytes | Malformed | None
"""The protocol byte and the message; None: silence; or an envelope that cannot be opened."""

FAULTS = ("crash", "hang", "garbage", "unsolicited")


class Fault(Exception):
    """What an implementation did instead of answering: the instance is lost, and another one is used from here on."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Broken(Exception):
    """The implementation cannot be reached at all, so that there is nothing to judge."""


class Subject(Protocol):
    """An implementation under test, whichever side it is.

    ``controls`` are what can be asked of it, or caused, beside the protocol; what is not among them is left out of a run.
    """

    @property
    def controls(self) -> frozenset[str]: ...

    def reset(self) -> None:
        """As new. Raises `Broken` when there is no instance to be had."""
        ...

    def close(self) -> None: ...


class Adapter(Protocol):
    """A responder under test.

    ``controls`` are the events of the model that can be caused from outside (opening a session, a reset, …); what is not
    among them is left out of a run.
    """

    @property
    def controls(self) -> frozenset[str]: ...

    def reset(self) -> None:
        """As new: no session, no keys, every TDI unlocked. Raises `Broken` when there is no instance to be had."""
        ...

    def apply(self, session: Session, message: bytes) -> Reply:
        """Send the protocol byte and a message, and wait for the answer. Raises `Fault`."""
        ...

    def control(self, name: str, *args: str) -> bool:
        """Cause an event. False: it cannot be caused here. Raises `Fault`."""
        ...

    def observe(self) -> dict[str, str]:
        """What the implementation tells of its state beside the protocol; empty when it tells nothing."""
        ...

    def close(self) -> None: ...
