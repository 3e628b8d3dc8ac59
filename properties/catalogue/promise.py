"""Promises about a kind of step: when it may be taken, or after what. Their witness is such a step."""

from __future__ import annotations

from typing import TypedDict, Unpack

from ...model.language import Term
from ..formulas import Globally, Precedence, Scope, StepLaw
from ..property import Kill, Property, Witness
from ..steps import Steps


class About(TypedDict, total=False):
    """What else is said of a property, as in `Property`."""

    over: tuple[Term, ...]
    protects: str
    binds: str
    cite: str
    if_violated: str
    if_holds: str
    kill: Kill


def only_if(id: str, says: str, step: Steps, must: Term, **about: Unpack[About]) -> Property:
    """Such a step is taken only if ``must`` holds of it."""
    return Property(id, says, StepLaw(step, must), witness=Witness(step), **about)


def only_after(
    id: str, says: str, step: Steps, first: Steps, scope: Scope | None = None, **about: Unpack[About]
) -> Property:
    """Such a step is taken only after a step ``first``, in each scope anew."""
    return Property(id, says, Precedence(first, step, scope or Globally()), witness=Witness(step), **about)
