"""Why a property holds: the checks that its proof needs, and the smallest sets of checks without which it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...model.language import ModelError, System, conj, neg
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import LeadsTo, Recurs, Sometimes
from ...properties.property import Property
from ..check import in_words
from ..engine import NO_LIMITS, Limits
from ..sat import SatEngine
from ..sat.engine import core_of_checks
from ..slice import Cones
from ..target import Target
from ..verdict import Verdict
from .relaxed import at_most, relaxed


class NoReasonsError(ModelError):
    """Of a property of this kind, no checks are the reason."""


@dataclass(frozen=True)
class Reasons:
    """Why a property holds in a flow."""

    lemmas: tuple[str, ...]
    """What the proof rests on besides the property, in words; none of them can be left out alone."""
    needed: tuple[str, ...]
    """The checks that this proof needs; none of them can be left out alone."""
    cuts: tuple[tuple[str, ...], ...]
    """The smallest sets of checks without which the property fails, by size."""
    complete: int
    """All such sets of at most so many checks were found."""
    redundant: tuple[str, ...]
    """Checks that stand in none of these sets, although what is decided depends on them."""
    stopped: str = ""
    """Why the search for sets ended early, if it did."""


def reasons(target: Target, prop: Property, most: int = 2, limits: Limits = NO_LIMITS) -> Reasons | None:
    """Why the property holds in the target, a flow; None when it does not, or when that is not found out.

    ``most``: sets of at most so many checks are looked for. Raises `NoReasonsError` for reachability and progress.
    """
    if isinstance(prop.formula, Sometimes | LeadsTo | Recurs):
        raise NoReasonsError(f"{prop.id}: no checks are the reason for reachability or progress, only for what always holds")
    watched, obligations = compile_properties(target.system, [prop])
    report = SatEngine().check(watched, obligations, limits)
    if any(x.verdict is not Verdict.HOLDS for x in report.outcomes):
        return None
    loose = relaxed(target)
    system, mine = compile_properties(loose.system, [prop])
    cone = Cones(system).of(mine)
    names = [n for n in loose.checks if system[n] in cone]
    needed: dict[str, None] = {}
    for o, outcome in zip(mine, report.outcomes, strict=True):
        needed |= dict.fromkeys(core_of_checks(system, o, outcome.lemmas, names, limits))
    cuts, complete, stopped = _cuts(system, mine, names, most, limits)
    in_some = {n for cut in cuts for n in cut}
    lemmas = in_words(dict.fromkeys(t for x in report.outcomes for t in x.lemmas), watched)
    return Reasons(
        lemmas,
        tuple(loose.checks[n] for n in needed),
        tuple(tuple(loose.checks[n] for n in cut) for cut in cuts),
        complete,
        tuple(loose.checks[n] for n in names if n not in in_some) if not stopped else (),
        stopped,
    )


def _cuts(
    system: System, obligations: Sequence[Obligation], names: Sequence[str], most: int, limits: Limits
) -> tuple[list[tuple[str, ...]], int, str]:
    """The minimal sets of checks without which an obligation fails, smallest first, all of at most ``most``; how large
    sets were covered; and why not all, if so.

    In each round all sets of one size are tried at once, but those that contain one that was found: what is violated
    then is violated by a set that is minimal, and the round ends when the property holds for all that are left.
    """
    found: list[tuple[str, ...]] = []
    for size in range(1, min(most, len(names)) + 1):
        while True:
            init = conj(
                system.init, at_most([system[n] for n in names], size), *(neg(conj(*(system[n] for n in c))) for c in found)
            )
            trial = replace(system, init=init)
            broken = None
            for o in obligations:
                (outcome,) = SatEngine().check(trial, [o], limits).outcomes
                if outcome.verdict is Verdict.UNKNOWN:
                    return found, size - 1, outcome.note
                if outcome.path is not None:
                    broken = outcome.path[0]
                    break
            if broken is None:
                break
            found.append(tuple(n for n in names if broken[trial.index[n]]))
    return found, min(most, len(names)), ""
