"""Making certificates: an invariant for what holds, a trace for what is violated."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...model.language import Value, show
from ...properties.property import Property
from ..engine import NO_LIMITS, Engine, Limits
from ..target import Target
from ..verdict import Verdict
from .subject import is_progress, subject
from .text import canonical, digest

FORMAT = "tdisprove certificate 1"


def certificate(
    target: Target, prop: Property, engine: Engine, limits: Limits = NO_LIMITS, changed: Mapping[str, Value] | None = None
) -> tuple[dict[str, Any] | None, str]:
    """The certificate of the verdict on a property, and the verdict; None with why there is none.

    The engine must give lemmas with what it finds to hold. ``changed``: the knobs that are set otherwise than in the flow.
    """
    if is_progress(prop):
        document, verdict = _certificate(target, prop, engine, limits, changed, part=True)
        if verdict == "holds":
            return document, verdict
    return _certificate(target, prop, engine, limits, changed, part=False)


def _certificate(
    target: Target, prop: Property, engine: Engine, limits: Limits, changed: Mapping[str, Value] | None, *, part: bool
) -> tuple[dict[str, Any] | None, str]:
    watched, obligations = subject(target.system, prop, part=part)
    form = canonical(watched, obligations)
    report = engine.check(watched, obligations, limits)
    unknown = [x for x in report.outcomes if x.verdict is Verdict.UNKNOWN]
    reach = any(o.reach for o in obligations)
    broken = [x.verdict is Verdict.VIOLATED for x in report.outcomes]
    holds = all(broken) if reach else not any(broken)
    # One that fails suffices for a violation, whatever is unknown of the others.
    decisive = [i for i, b in enumerate(broken) if b is not reach and report.outcomes[i] not in unknown]
    if holds and not unknown:
        shown = range(len(obligations))
    elif decisive:
        holds, shown = False, range(decisive[0], decisive[0] + 1)
    else:
        return None, f"unknown: {unknown[0].note}"
    unwritten = [x.note for i, x in enumerate(report.outcomes) if i in shown and x.path is None and x.note and not x.lemmas]
    if unwritten:
        return None, f"it {'holds' if holds else 'is violated'}, but {unwritten[0]}"
    evidence: list[dict[str, Any]] = []
    for i in shown:
        outcome = report.outcomes[i]
        if outcome.path is not None:
            initial, actions = outcome.path
            start = dict(zip(watched.index, initial, strict=True))
            steps = [{"action": n, "label": watched.actions[n].label} for n in actions]
            evidence.append({"obligation": i, "initial": start, "steps": steps})
        else:
            lemmas = sorted((show(t) for t in outcome.lemmas), key=lambda s: (len(s), s))
            evidence.append({"obligation": i, "invariant": lemmas})
    return {
        "format": FORMAT,
        "property": prop.id,
        "says": prop.says,
        "verdict": "holds" if holds else "violated",
        "made from": _origin(target, changed or {}) | ({"part": True} if part else {}),
        "made by": {"engine": report.engine, **versions()},
        "hash": digest(form),
        "system": form,
        "evidence": evidence,
    }, ("holds" if holds else "violated")


def _origin(target: Target, changed: Mapping[str, Value]) -> dict[str, Any]:
    if target.flow is None:
        return {"file": target.name}
    if target.expected is not None:
        return {"file": target.name, "topology": dict(target.system.topology), "set": dict(changed)}
    return {
        "flow": target.name,
        "aspect": target.aspect,
        "topology": dict(target.system.topology),
        "set": dict(changed),
        "knobs": dict(target.system.knobs),
    }


def versions() -> dict[str, str]:
    """The versions of the tool and of the solvers that it uses, as far as they are installed."""
    found = {}
    for package in ("tdisprove", "python-sat", "z3-solver", "cvc5"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
