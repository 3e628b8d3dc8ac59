"""``ask``: the questions of the thread, answered."""

from __future__ import annotations

import argparse

from .. import __version__
from ..explore.answers import answers
from ..explore.findings import findings
from ..model.flows import FLOWS, flow
from ..model.language import ModelError
from ..properties.findings import SECTIONS
from ..properties.questions import QUESTIONS, question
from ..reports import findings as report
from ..reports.answers import answer_text, document, markdown
from ..reports.prose import joined
from . import options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        'Answer questions of the list thread "TDISP enablement" by deciding the properties that they come down to. '
        "Without a question: the table of all. The exit code is 0 when every question was decided, whatever the answer "
        "is; 3 when a limit left one open."
    )
    p.add_argument("questions", metavar="Qn", nargs="*", help="a question (see tdisprove list questions); default: all")
    p.add_argument("--flow", action="append", default=[], metavar="FLOW", help="in this flow only (may be repeated)")
    p.add_argument(
        "--changes", action=argparse.BooleanOptionalAction, default=None,
        help="say which single knob would change each answer (default: only when questions are named)",
    )  # fmt: skip
    p.add_argument(
        "--findings", action="store_true", help="instead: where the computed answer is not the one that a source expects"
    )
    options.add_engine(p, "markdown")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.findings:
        return _findings(args)
    wanted = [question(name) for name in args.questions] or list(QUESTIONS.values())
    flows = [flow(name) for name in args.flow] or list(FLOWS.values())
    limits = options.limits(args)
    changes = args.changes if args.changes is not None else bool(args.questions) or args.format == "markdown"
    BOARD.begin(args)
    found = answers(wanted, flows, changes=changes, engine=options.engine(args), limits=limits, done=BOARD.doing)
    BOARD.clear()
    match args.format:
        case "json":
            options.dump(document(found, __version__))
        case "markdown":
            print(markdown(found), end="")
        case _ if args.questions:
            screen.say(lambda width: joined(answer_text(a, width=width) for a in found))
        case _:
            screen.questions(found)
    unknown = any(r.verdict.value == "unknown" for a in found for f in a.flows.values() for r in f.verdicts)
    return UNKNOWN if unknown else HOLDS


def _findings(args: argparse.Namespace) -> int:
    if args.questions or args.flow or args.changes is not None:
        raise ModelError(
            "--findings decides all findings in the flows that they are about: leave Qn, --flow and --changes out"
        )
    BOARD.begin(args)
    found = findings(SECTIONS, options.engine(args), options.limits(args), BOARD.doing)
    BOARD.clear()
    match args.format:
        case "json":
            options.dump(report.document(found, __version__))
        case "markdown":
            print(report.markdown(found), end="")
        case _:
            screen.say(lambda width: report.text(found, width=width))
    unknown = any(
        r.verdict.value == "unknown" for _, ds in found for d in ds for c in d.computed for r in c.results.values()
    )
    return UNKNOWN if unknown else HOLDS
