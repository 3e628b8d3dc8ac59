"""``ask``: the questions of the thread, answered."""

from __future__ import annotations

import argparse
import sys

from .. import __version__
from ..explore.answers import answers
from ..model.flows import FLOWS, flow
from ..properties.questions import QUESTIONS, question
from ..reports.answers import answer_text, document, markdown, table
from . import options
from .exits import HOLDS, UNKNOWN


def add(verbs: options.Verbs) -> None:
    p = verbs.add_parser(
        "ask", help="the questions of the thread, answered", description="Answer questions of the list thread \"TDISP "
        "enablement\" by deciding the properties that they come down to. Without a question: the table of all. The exit code "
        "is 0 when every question was decided, whatever the answer is; 3 when a limit left one open."
    )  # fmt: skip
    p.add_argument("questions", metavar="Qn", nargs="*", help="a question (see tdisprove list questions); default: all")
    p.add_argument("--flow", action="append", default=[], metavar="FLOW", help="in this flow only (may be repeated)")
    p.add_argument(
        "--changes", action=argparse.BooleanOptionalAction, default=None,
        help="say which single knob would change each answer (default: only when questions are named)",
    )  # fmt: skip
    options.add_engine(p, "markdown")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    wanted = [question(name) for name in args.questions] or list(QUESTIONS.values())
    flows = [flow(name) for name in args.flow] or list(FLOWS.values())
    limits = options.limits(args)
    changes = args.changes if args.changes is not None else bool(args.questions) or args.format == "markdown"
    showing = sys.stderr.isatty() and not args.quiet
    found = answers(
        wanted, flows, changes=changes, engine=options.engine(args), limits=limits,
        done=options.note if showing else lambda _: None,
    )  # fmt: skip
    if showing:
        options.note("")
    match args.format:
        case "json":
            options.dump(document(found, __version__))
        case "markdown":
            print(markdown(found), end="")
        case _ if args.questions:
            print("\n\n".join(answer_text(a, options.style()) for a in found))
        case _:
            print(table(found, options.style()))
    unknown = any(r.verdict.value == "unknown" for a in found for f in a.flows.values() for r in f.verdicts)
    return UNKNOWN if unknown else HOLDS
