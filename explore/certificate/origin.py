"""Whether a certificate is about the system that its flow generates today."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...model.flows import flow
from ...model.language import ModelError, Value
from ...properties.catalogue import aspect_of, find
from ...properties.compile import compile_liveness
from ..target import Target, targets
from . import parametric_checker
from .checker import SOLVERS, Refused, Solver, verify_document
from .form import System
from .parametric_origin import parametric_today
from .progress import check_broken, check_kept
from .subject import is_progress, subject
from .text import canonical


@dataclass(frozen=True)
class Verified:
    """What a certificate shows, of which property of what, and how many questions each solver answered for it."""

    verdict: str
    prop: str
    of: str
    asked: Mapping[Solver, int]


def verify_file(path: Path, source: str | None = None, solvers: Sequence[Solver] = SOLVERS) -> Verified:
    """Check the certificate in a file. ``source``: the scenario or system file that it is about, where it is about one.

    Raises `Refused`, and `ModelError` when there is no certificate in the file.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise ModelError(f"{path}: cannot be read: {e.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as e:
        raise ModelError(f"{path}: is no JSON document: {e}") from None
    try:
        if isinstance(document, dict) and document.get("format") == parametric_checker.FORMAT:
            verdict, asked = parametric_checker.verify_parametric(document, solvers)
            target = parametric_today(document, source)
            return Verified(verdict, document["property"], f"{target.name} for {document['covers']}", asked)
        verdict, asked = verify_document(document, solvers)
        target = _today(document, source)
        for solver, count in _of_progress(document, target, solvers).items():
            asked[solver] = asked.get(solver, 0) + count
    except ModelError as e:
        raise ModelError(f"{path}: {e}") from None
    return Verified(verdict, document["property"], target.name, asked)


def _today(document: Mapping[str, Any], source: str | None) -> Target:
    """What the certificate is about, made anew. Raises `Refused` when it is another system or property."""
    made_from, prop = document["made from"], document["property"]
    if "file" in made_from:
        if source is None:
            # A path in a certificate is not followed: a system file is a program.
            raise ModelError(f"it is about a file, {made_from['file']!r}: give that file with --source")
        setting = (_numbers(made_from), _values(made_from)) if "set" in made_from else (None, None)
        target = targets([source], [prop], *setting)[0]
    else:
        if source is not None:
            raise ModelError("it is about a flow, and needs no --source")
        target = replace(
            _of_flow(*(json.dumps(made_from.get(x)) for x in ("flow", "aspect", "topology", "set"))),
            properties=(find(prop),),
        )
        if (dict(target.system.topology), dict(target.system.knobs)) != (made_from["topology"], made_from.get("knobs")):
            raise Refused(f"flow {target.name} has another topology or other knobs today")
        if aspect_of(target.properties[0]) != target.aspect:
            raise Refused(f"{prop} is of another aspect")
    (p,) = target.properties
    if p.says != document["says"]:
        raise Refused(f"{prop} says something else today: {p.says}")
    part = made_from.get("part", False)
    if part and document["verdict"] != "holds":
        raise Refused("a run of a part of the system shows nothing of the whole")
    form = canonical(*subject(target.system, p, part=bool(part)))
    if form != document["system"]:
        raise Refused(
            f"{target.name} is another system today, or {prop} another property: {_difference(document['system'], form)}"
        )
    return target


def _of_progress(document: Mapping[str, Any], target: Target, solvers: Sequence[Solver]) -> Mapping[Solver, int]:
    """That what is shown of a larger system shows a promise of progress; how many questions were asked for it. Raises `Refused`."""
    (p,) = target.properties
    if not is_progress(p):
        return {}
    promises, larger = compile_liveness(target.system, [p]), System.read(document["system"])
    if document["verdict"] == "holds":
        return check_kept(target.system, promises, larger, solvers)
    for evidence in document["evidence"]:
        if "steps" in evidence:
            check_broken(target.system, promises, larger, evidence)
    return {}


@lru_cache(maxsize=4)
def _of_flow(*given: str) -> Target:
    """A flow's system in an aspect. Certificates of one flow come one after the other, so the last few are kept."""
    made_from = dict(zip(("flow", "aspect", "topology", "set"), map(json.loads, given), strict=True))
    f, aspect = flow(_text(made_from, "flow")), _text(made_from, "aspect")
    system = f.system(_numbers(made_from), _values(made_from), aspect=aspect)
    return Target(f.name, f.summary, lambda: system, (), f, aspect)


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first place where two canonical forms differ."""
    for part in ("variables", "enumerations", "initially", "actions", "obligations"):
        a, b = before[part], now[part]
        if a == b:
            continue
        if isinstance(a, str) or len(a) != len(b):
            return f"`{part}` differs"
        where = next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)
        name = b[where].get("label") or b[where].get("name") or b[where].get("instance") or where
        return f"`{part}` differs at {name}"
    return "its form differs"


def _text(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name)
    if not isinstance(found, str):
        raise ModelError(f"`made from` needs {name!r}, a text")
    return found


def _numbers(given: Mapping[str, Any]) -> dict[str, int]:
    found = given.get("topology")
    if not isinstance(found, dict) or not all(isinstance(n, int) for n in found.values()):
        raise ModelError("`made from` needs 'topology', numbers by the names of indices")
    return found


def _values(given: Mapping[str, Any]) -> dict[str, Value]:
    found = given.get("set")
    if not isinstance(found, dict) or not all(isinstance(v, bool | int | str) for v in found.values()):
        raise ModelError("`made from` needs 'set', values by the names of knobs")
    return found
