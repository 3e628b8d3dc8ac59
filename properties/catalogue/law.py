"""Laws of single steps, with the faults that break them: what a message may do, what is so afterwards, how it is refused."""

from __future__ import annotations

from typing import Any

from ...model.language import TRUE, Event, Term, Value
from ...model.language.mutate import Mutant
from ..formulas import AlwaysPossible, Formula, Invariant, Sometimes, StepLaw
from ..property import Kill, Property, Witness
from ..steps import Step, Steps


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


def step_law(
    id: str,
    says: str,
    on: Steps,
    must: Term,
    over: tuple[Term, ...],
    binds: str,
    cite: str,
    *mutants: Mutant,
    witness: Term | Steps | None = None,
    **setting: Any,
) -> Property:
    """That every such step satisfies ``must``; the witness, where none is given, is such a step. ``setting`` as in `law`."""
    seen = on if witness is None else witness
    return law(id, says, StepLaw(on, must), over, binds, cite, seen, *mutants, **setting)


def possible(
    id: str,
    says: str,
    step: Steps,
    when: Term,
    over: tuple[Term, ...],
    binds: str,
    cite: str,
    *mutants: Mutant,
    witness: Term | Steps | None = None,
    **setting: Any,
) -> Property:
    """That such a step is possible whenever ``when`` holds; the witness, where none is given, is such a step."""
    seen = step if witness is None else witness
    return law(id, says, AlwaysPossible(step, when), over, binds, cite, seen, *mutants, **setting)


def invariant(
    id: str,
    says: str,
    holds: Term,
    over: tuple[Term, ...],
    binds: str,
    cite: str,
    witness: Term | Steps,
    *mutants: Mutant,
    **setting: Any,
) -> Property:
    """That ``holds`` is true in every state."""
    return law(id, says, Invariant(holds), over, binds, cite, witness, *mutants, **setting)


def told(
    event: Event,
    reply: str,
    says: str,
    over: tuple[Term, ...],
    binds: str,
    cite: str,
    *mutants: Mutant,
    where: Term = TRUE,
    flow: str = "sev-tio-host-run",
    protects: str = "host",
    **knobs: Value,
) -> Property:
    """That a request can be refused for the reason it names: whoever asks relies on the code to know what to do next."""
    given = {p.name: p for p in event.params if any(p is o for o in over)}
    step = Step(event, given, reply, where)
    name = f"{event.name.replace('_', '-')}-can-be-told-{reply.lower().replace('_', '-')}"
    return Property(name, says, Sometimes(step), over, protects, binds, cite, kill=Kill(mutants, flow, knobs))
