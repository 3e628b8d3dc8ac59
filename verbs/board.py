"""Progress on standard error: what is being decided, and of a search its states, frontier, depth, rate and memory.

Only on a terminal, and never with ``--quiet`` or a document on standard output. It wipes itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from ..explore import Progress
from ..explore.memory import resident_memory
from . import screen

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_EVERY = 0.05
"""Seconds between two drawings."""


class Board:
    """A line that says what is under way (out of how much), and one with the numbers of a search."""

    def __init__(self) -> None:
        self.shown = False
        """Whether anybody wants to see it."""
        self._live: Live | None = None
        self._doing = ""
        self._done, self._total = 0, 0
        self._search: Progress | None = None
        self._drawn = 0.0

    def begin(self, args: argparse.Namespace, total: int = 0) -> None:
        """Show what follows if there is a terminal to show it on; ``total``: of how many parts the work consists."""
        self.clear()
        self.shown = wanted(args)
        self._done, self._total = 0, total

    def doing(self, text: str) -> None:
        """What is under way; an empty text when nothing is."""
        if text:
            self._doing, self._search = text, None
            self._draw()
        else:
            self.clear()

    def finished(self, text: str) -> None:
        """One more part of the work is done."""
        self._done += 1
        self.doing(text)

    def search(self, p: Progress) -> None:
        """How far a search is."""
        self._search = p
        self._draw()

    def clear(self) -> None:
        """Wipe it."""
        if self._live is not None:
            self._live.stop()
        self._live, self._doing, self._search = None, "", None

    def _draw(self) -> None:
        now = time.monotonic()
        if not self.shown or (self._live is not None and now - self._drawn < _EVERY):
            return
        self._drawn = now
        if self._live is None:
            from rich.live import Live

            self._live = Live(
                console=screen.console(sys.stderr), transient=True, auto_refresh=False, redirect_stdout=False,
                redirect_stderr=False,
            )  # fmt: skip
            self._live.start()
        self._live.update(self._table(), refresh=True)

    def _table(self) -> RenderableType:
        from ..reports.terminal.progress import progress

        memory = resident_memory() / 2**20
        return progress(self._doing, self._done, self._total, self._search, memory)


def wanted(args: argparse.Namespace) -> bool:
    """Whether there is a terminal to show progress on, and somebody who wants to see it."""
    return sys.stderr.isatty() and not args.quiet and args.format == "text"


BOARD = Board()
"""The one board: there is one terminal."""
