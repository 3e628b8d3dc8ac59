"""Laws of single steps: what a message may do, and what must be so afterwards. Each names the faults that break it."""

from __future__ import annotations

from ...model.language import Term, Value
from ...model.language.mutate import Mutant
from ..formulas import Formula
from ..property import Kill, Property, Witness
from ..steps import Steps


def law(
    id: str,
    says: str,
    formula: Formula,
    over: tuple[Term, ...],
    binds: str,
    cite: str,
    witness: Term | Steps,
    *mutants: Mutant,
    flow: str = "sev-tio-host-run",
    protects: str = "guest",
    **knobs: Value,
) -> Property:
    """A law with the faults that break it; the witness is looked for in the setting in which they do."""
    return Property(
        id, says, formula, over, protects, binds, cite,
        witness=Witness(witness, knobs), kill=Kill(mutants, flow, knobs) if mutants else None,
    )  # fmt: skip
