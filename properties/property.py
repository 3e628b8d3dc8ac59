"""A property: what must hold, in one sentence and as a formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model.language import Term, Value
from ..model.language.mutate import Mutant
from .formulas import Formula
from .steps import Steps


@dataclass(frozen=True)
class Witness:
    """What must be reachable for the property to say anything, and the setting in which to look for it."""

    target: Term | Steps
    knobs: Mapping[str, Value] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Kill:
    """Changes of the world under which the property must fail, in a flow and setting where it holds."""

    mutants: tuple[Mutant, ...]
    flow: str
    knobs: Mapping[str, Value] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Property:
    """What must hold, for every value of the parameters ``over``.

    ``says`` is one sentence that a kernel engineer would sign; ``if_violated`` and ``if_holds`` say in two
    sentences each what the verdict means. ``protects`` names who is harmed when it fails, ``binds`` whose duty it is.
    """

    id: str
    says: str
    formula: Formula
    over: tuple[Term, ...] = ()
    protects: str = ""
    binds: str = ""
    cite: str = ""
    if_violated: str = ""
    if_holds: str = ""
    witness: Witness | None = None
    kill: Kill | None = None

    def __str__(self) -> str:
        return self.id
