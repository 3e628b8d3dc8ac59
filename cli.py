"""The command line: reads arguments, hands on to a verb, and gives the exit code.

Exit codes: 0 all hold (with ``--expect``: all as recorded) · 1 something violated (not as recorded) · 2 usage
or bad model · 3 unknown, a limit was reached · 4 internal error.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

from . import __version__
from .model.language import ModelError
from .verbs.board import BOARD
from .verbs.exits import HOLDS, INTERNAL, UNKNOWN, USAGE


@dataclass(frozen=True)
class Verb:
    """A verb: the module of `verbs` with its options, and what it is for, in a line."""

    module: str
    says: str


VERBS = {
    "check": Verb("check", "decide properties of flows"),
    "ask": Verb("ask", "the questions of the thread, answered"),
    "matrix": Verb("matrix", "flows × properties"),
    "report": Verb("report", "everything on one HTML page"),
    "prove": Verb("prove", "prove properties by induction"),
    "verify-certificate": Verb("verify", "check a certificate independently"),
    "policy": Verb("policy", "for which settings do properties hold?"),
    "compare": Verb("compare", "do two flows look the same to an observer?"),
    "explore": Verb("explore", "statistics of a flow's state space"),
    "walk": Verb("walk", "step through a system by hand"),
    "diagram": Verb("diagram", "pictures of machines and of traces"),
    "export": Verb("export", "a flow with its properties, for another checker"),
    "fuzz": Verb("fuzz", "drive a responder or a guest through the model, and judge what it does"),
    "suite": Verb("suite", "write a conformance suite"),
    "learn": Verb("learn", "learn the state machine of a responder"),
    "replay": Verb("replay", "validate a log of a real run"),
    "list": Verb("listing", "what there is"),
}
"""The verbs in the order of the help. Only the module of the verb at hand is loaded, with what it alone needs: all of them take as long
as a small check."""

_COLLECT = (50_000, 20, 50)
"""When garbage is looked for. Millions of terms live as long as the run: by Python's own thresholds, looking at them again and again takes
a fifth of the time."""


class _Parser(argparse.ArgumentParser):
    """Errors in one line that says where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    args = _parser(given).parse_args(given)
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT)
    try:
        return _done(args)
    except ModelError as e:
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
    finally:
        gc.set_threshold(*before)


def _done(args: argparse.Namespace) -> int:
    """What the verb does; nothing of its progress is left on the terminal, however it ends."""
    try:
        return int(args.run(args))
    finally:
        BOARD.clear()


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with all verbs; only those that are given know their options."""
    parser = _Parser(
        prog="tdisprove",
        description="A formal state-machine checker for TDISP and IDE lifecycles.",
        epilog="Exit codes: 0 all hold (with --expect: all as recorded), 1 something violated, 2 usage or bad model, "
        "3 unknown (a limit was reached), 4 internal error.",
    )
    parser.add_argument("--version", action="version", version=f"tdisprove {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    for name, verb in VERBS.items():
        p = verbs.add_parser(name, help=verb.says)
        if name in given:
            import_module(f".verbs.{verb.module}", __package__).add(p)
    return parser
