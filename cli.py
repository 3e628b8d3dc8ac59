"""The command line: reads arguments, hands on to a verb, and gives the exit code.

Exit codes: 0 all hold (with ``--expect``: all as recorded) · 1 something violated (not as recorded) · 2 usage
or bad model · 3 unknown, a limit was reached · 4 internal error.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from . import __version__
from .model.language import ModelError
from .reports.graph import TooLarge
from .verbs import (
    ask,
    check,
    compare,
    diagram,
    explore,
    export,
    fuzz,
    learn,
    listing,
    matrix,
    policy,
    prove,
    replay,
    report,
    suite,
    verify,
    walk,
)
from .verbs.board import BOARD
from .verbs.exits import HOLDS, INTERNAL, UNKNOWN, USAGE

VERBS = {
    "check": check, "ask": ask, "matrix": matrix, "report": report, "prove": prove, "verify-certificate": verify, "policy": policy,
    "compare": compare, "explore": explore, "walk": walk, "diagram": diagram, "export": export, "fuzz": fuzz, "suite": suite, "learn": learn,
    "replay": replay, "list": listing,
}  # fmt: skip
"""The verbs in the order of the help, with the modules that add their parsers."""


class _Parser(argparse.ArgumentParser):
    """Errors in one line that says where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        return _done(args)
    except ModelError as e:
        print(f"tdisprove: {e}", file=sys.stderr)
        return USAGE
    except TooLarge as e:
        print(f"tdisprove: {e}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # The reader has gone (a pager that was left): nothing is lost that anybody wants.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HOLDS
    except KeyboardInterrupt:
        print("tdisprove: interrupted before there was anything to show", file=sys.stderr)
        return UNKNOWN
    except Exception:
        traceback.print_exc()
        print("tdisprove: internal error; please report it with the lines above", file=sys.stderr)
        return INTERNAL


def _done(args: argparse.Namespace) -> int:
    """What the verb does; nothing of its progress is left on the terminal, however it ends."""
    try:
        return int(args.run(args))
    finally:
        BOARD.clear()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tdisprove",
        description="A formal state-machine checker for TDISP and IDE lifecycles.",
        epilog="Exit codes: 0 all hold (with --expect: all as recorded), 1 something violated, 2 usage or bad model, "
        "3 unknown (a limit was reached), 4 internal error.",
    )
    parser.add_argument("--version", action="version", version=f"tdisprove {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    for verb in VERBS.values():
        verb.add(verbs)
    return parser
