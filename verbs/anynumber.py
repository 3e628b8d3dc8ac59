"""``prove --any``: properties decided for any number of instances."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .. import __version__
from ..explore import Target, Verdict
from ..explore.anynumber import Answer, decide
from ..explore.parametric import ALL, subject
from ..model.language import ModelError, Value, nearest
from ..reports.anynumber import document, lines, table
from . import options
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED


def run(args: argparse.Namespace, found: list[Target], files: list[Path] | None, knobs: dict[str, Value]) -> int:
    """Decide the properties of the targets; ``files`` are where their certificates go."""
    if args.why is not None or args.engine is not None:
        raise ModelError("--any finds lemmas by IC3 and has Z3 check them: leave --why and --engine out")
    for option, index in options.TOPOLOGY.items():
        if getattr(args, option) is not None and (index in args.any or ALL in args.any):
            raise ModelError(
                f"--{option} gives a number of {index}, and --any says that there may be any: leave one of them out"
            )
    limits = options.limits(args).begun()
    BOARD.begin(args)
    answers: dict[str, list[Answer]] = {}
    known = {i for t in found for i in t.system.topology}
    for index in args.any:
        if index != ALL and index not in known:
            raise ModelError(f"--any {index}: nothing here has such an index{nearest(index, known)}")
    subjects = [subject(t, args.any, knobs) for t in found]
    notes: list[str] = []
    written: list[str] = []
    todo = iter(files or ())
    for t, about in zip(found, subjects, strict=True):
        if notes:
            break
        if args.format == "text" and t.name not in answers:
            _out(f"{t.name}: {t.summary}")
        for p in t.properties:
            answer = decide(about, p, limits, BOARD.doing)
            BOARD.clear()
            answers.setdefault(t.name, []).append(answer)
            if args.format == "text":
                for line in lines(answer, quiet=args.quiet):
                    _out(line)
            if files is not None and answer.document is not None:
                written.append(_certify(answer, next(todo)))
            elif files is not None:
                next(todo)
            if answer.note == "interrupted":
                notes.append("interrupted: the results are partial")
                break
    if args.format == "json":
        options.dump(document(__version__, answers, notes))
    else:
        if args.format == "markdown":
            _out(table(answers).rstrip())
        for line in (*written, *notes):
            _out(line)
    verdicts = {a.verdict for mine in answers.values() for a in mine}
    if Verdict.VIOLATED in verdicts:
        return VIOLATED
    return UNKNOWN if notes or Verdict.UNKNOWN in verdicts else HOLDS


def _certify(answer: Answer, file: Path) -> str:
    file.write_text(json.dumps(answer.document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return f"{file}: the certificate that {answer.prop.id} holds; check it with tdisprove verify-certificate"


def _out(line: str) -> None:
    print(line, flush=True)
