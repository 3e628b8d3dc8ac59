"""A refinement that is asked of a flow: a detailed aspect, an abstraction of it, and what the one is in terms of the other."""

from __future__ import annotations

from dataclasses import dataclass

from ..formulas import Refines
from ..property import Property


@dataclass(frozen=True, eq=False)
class Refinement:
    """That ``aspect`` refines ``formula.abstract``: its state map and event map are the formula's."""

    id: str
    aspect: str
    says: str
    """One sentence: what refines what."""
    formula: Refines
    beyond: str
    """What it does not say."""
    cite: str

    @property
    def property(self) -> Property:
        """The refinement as something that engines decide."""
        return Property(self.id, self.says, self.formula, cite=self.cite)
