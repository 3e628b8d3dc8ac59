"""What a certificate of a property is about: a system with obligations of safety, whichever kind the property is of."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.language import System
from ...properties.compile import Obligation, compile_liveness, compile_properties
from ...properties.formulas import LeadsTo, Recurs
from ...properties.property import Property
from ..liveness.as_safety import as_safety
from ..slice import abstracted


def is_progress(prop: Property) -> bool:
    """Whether the property is a promise of progress, which stands in a certificate as safety (see `liveness.as_safety`)."""
    return isinstance(prop.formula, LeadsTo | Recurs)


def subject(system: System, prop: Property, *, part: bool = False) -> tuple[System, Sequence[Obligation]]:
    """The system with what it takes to observe the property, and the obligations. Those must not be broken, or for reachability must be.

    ``part``: of a promise of progress, the abstraction in which only what it depends on is left. Where it is kept there, it is kept;
    that it is broken there shows nothing.
    """
    if not is_progress(prop):
        return compile_properties(system, [prop])
    promises = compile_liveness(system, [prop])
    form = as_safety(*((abstracted(system, promises) if part else None) or (system, promises)))
    return form.system, form.obligations
