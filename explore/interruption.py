"""Ctrl-C that is not lost.

Python raises `KeyboardInterrupt` wherever the program happens to be, and drops it where nothing may be raised: in what clears up after
objects, as Z3's expressions and interned terms have it. So who works for long remembers that Ctrl-C was pressed, and asks now and then.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether Ctrl-C was pressed."""

    pressed = False

    def watch(self) -> None:
        """Raise `KeyboardInterrupt` if it was."""
        if self.pressed:
            raise KeyboardInterrupt


@contextmanager
def remembered() -> Iterator[Interruption]:
    """While this lasts, Ctrl-C is remembered, and does what it did before besides.

    Only the main thread hears of it, and what ignores it goes on ignoring it: elsewhere it is never pressed.
    """
    found = Interruption()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield found
        return

    def pressed(number: int, frame: FrameType | None) -> None:
        found.pressed = True
        before(number, frame)

    signal.signal(signal.SIGINT, pressed)
    try:
        yield found
    finally:
        # What was told meanwhile to do something else with it, such as to ignore it, goes on doing that.
        if signal.getsignal(signal.SIGINT) is pressed:
            signal.signal(signal.SIGINT, before)
