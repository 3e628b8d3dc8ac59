"""Whether a certificate for any number of instances is about the model that its flow stands for today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...model.flows import flow
from ...model.language import ModelError
from ...properties.catalogue import aspect_of, find
from ...properties.parametric import compile_parametric
from ..parametric import subject
from ..target import Target, targets
from .checker import Refused
from .form import fields, texts
from .parametric_text import canonical_parametric


def parametric_today(document: Mapping[str, Any], source: str | None) -> Target:
    """What the certificate is about, made anew. Raises `Refused` when it is another model or property."""
    about = fields(document["made from"], "`made from`", {"set": dict, "any number of": list, "fixed": dict})
    prop, changed, fixed = document["property"], about["set"], about["fixed"]
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in fixed.values()):
        raise ModelError("`made from` needs 'fixed', numbers by the names of indices")
    free = texts(about["any number of"], "`any number of`")
    if "file" in about:
        if source is None:
            # A path in a certificate is not followed: a system file is a program.
            raise ModelError(f"it is about a file, {about['file']!r}: give that file with --source")
        program = source.endswith(".py")
        target = targets([source], [prop], *((None, None) if program else (fixed, changed)))[0]
    else:
        if source is not None:
            raise ModelError("it is about a flow, and needs no --source")
        about = fields(about, "`made from`", {"flow": str, "aspect": str, "knobs": dict})
        f, aspect = flow(about["flow"]), about["aspect"]
        system = f.system(fixed, changed, aspect=aspect)
        target = Target(f.name, f.summary, lambda: system, (find(prop),), f, aspect)
        if dict(target.system.knobs) != about["knobs"]:
            raise Refused(f"flow {target.name} has other knobs today")
        if aspect_of(target.properties[0]) != aspect:
            raise Refused(f"{prop} is of another aspect")
    (p,) = target.properties
    if p.says != document["says"]:
        raise Refused(f"{prop} says something else today: {p.says}")
    today = subject(replace(target, properties=(p,)), free, changed)
    if dict(today.fixed) != fixed or list(today.free) != free:
        raise Refused(f"{target.name} has other indices today")
    form = canonical_parametric(*compile_parametric(today.model, p), today.fixed)
    given = document["system"]
    if form != given:
        part = next((part for part in form if form[part] != given.get(part)), "form")
        raise Refused(f"{target.name} is another model today, or {prop} another property: `{part}` differs")
    return target
