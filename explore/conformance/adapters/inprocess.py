"""A Python object in the same process: an emulator, a driver under test."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from ..wire import Malformed
from .adapter import Broken, Fault, Reply, Session


def made(make: Callable[[], Any], method: str, parameters: str) -> Any:
    """What ``make`` returns, an object with the method. Raises `Broken` otherwise."""
    try:
        subject = make()
    except Exception as e:
        raise Broken(f"cannot be made: {type(e).__name__}: {e}") from e
    if not callable(getattr(subject, method, None)):
        raise Broken(f"{type(subject).__name__} has no method {method}({parameters})")
    return subject


def guarded(method: Callable[..., Any], *args: Any) -> Any:
    """What the method returns. What it raises is a crash, unless it is a finding already."""
    try:
        return method(*args)
    except Fault:
        raise
    except Exception as e:
        where = traceback.extract_tb(e.__traceback__)[-1]
        raise Fault("crash", f"{type(e).__name__}: {e} (line {where.lineno} of {where.name})") from e


class InProcess:
    """Wraps what ``make`` returns: an object with ``apply(session, message)`` and, if it has them, ``control``, ``controls``, ``observe``."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._subject = self._new()
        self._controls = frozenset(getattr(self._subject, "controls", ()))

    def _new(self) -> Any:
        return made(self._make, "apply", "session, message")

    @property
    def controls(self) -> frozenset[str]:
        return self._controls

    def reset(self) -> None:
        self._subject = self._new()

    def apply(self, session: Session, message: bytes) -> Reply:
        reply = self._guarded("apply", session, message)
        if reply is None or isinstance(reply, bytes | Malformed):
            return reply
        if isinstance(reply, bytearray | memoryview):
            return bytes(reply)
        raise Fault("garbage", f"apply returned {type(reply).__name__}, neither bytes nor None")

    def control(self, name: str, *args: str) -> bool:
        return name in self._controls and self._guarded("control", name, *args) is not False

    def observe(self) -> dict[str, str]:
        if not hasattr(self._subject, "observe"):
            return {}
        return {str(k): str(v) for k, v in dict(self._guarded("observe")).items()}

    def close(self) -> None:
        close = getattr(self._subject, "close", None)
        if callable(close):
            close()

    def _guarded(self, method: str, *args: Any) -> Any:
        return guarded(getattr(self._subject, method), *args)
