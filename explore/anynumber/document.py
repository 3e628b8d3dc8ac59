"""Certificates for any number of instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...model.language import Term
from ...model.language.parametric import Parametric
from ...properties.compile import Obligation
from ...properties.property import Property
from ..certificate.document import versions
from ..certificate.parametric_checker import FORMAT, covers
from ..certificate.parametric_text import canonical_parametric, written
from ..certificate.text import digest


def certificate(
    model: Parametric,
    obligations: Sequence[Obligation],
    lemmas: Sequence[Term],
    fixed: Mapping[str, int],
    prop: Property,
    made_from: Mapping[str, Any],
) -> dict[str, Any]:
    """The certificate that the lemmas make the obligations inductive. That they do is for the checker to say.

    Raises `ModelError` when something cannot be read again as it was meant.
    """
    form = canonical_parametric(model, obligations, fixed)
    params, invariant = written(model, lemmas)
    return {
        "format": FORMAT,
        "property": prop.id,
        "says": prop.says,
        "covers": covers({i.name: fixed.get(i.name) for i in model.indices}),
        "verdict": "holds",
        "made from": dict(made_from),
        "made by": {"engine": "sat", **versions()},
        "hash": digest(form),
        "system": form,
        "evidence": {"parameters": params, "invariant": invariant},
    }
