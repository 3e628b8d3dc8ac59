"""What each check of the world's rules buys: the properties that are lost when only that check is left out.

All checks of a flow are tried in one go: each may be left out by a rigid variable, at most one is, and the reachable states of all these systems say
which properties fail in which of them. A check that costs no property may still decide something; whether it does is asked of the states that the flow
itself reaches: an action that the party would take without the check, and does not take with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum as Values

from ...model.language import OK, Enum, Rule, System, Term, Variable, conj, neg, substitute, support
from ...model.world import ASPECTS
from ...properties.catalogue import groups
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import LeadsTo, Recurs
from ...properties.property import Property
from ..bdd.rigid import broken
from ..bdd.search import Search
from ..engine import NO_LIMITS, Limits
from ..explicit.rigid import broken_for
from ..slice import Cones, batches, sliced
from ..target import Target
from .relaxed import Relaxed, relaxed

_INTERRUPTED = "interrupted"
_WITHOUT, _NOTHING = "without", "nothing"

_STATES = 4_000_000
"""So many states are visited one by one, those of all checks left out together."""


class Fate(Values):
    """What becomes of a flow without one check."""

    NEEDED = "needed"
    """A property is lost."""
    LAWS = "laws only"
    """Only laws of single steps are lost, which say what the check says; or some refusal is no longer given."""
    REDUNDANT = "redundant"
    """Its party does what it did not do, and no property is lost."""
    IDLE = "never decisive"
    """Its party does nothing that it did not do: whenever the check fails, something else forbids the step as well; or it never fails."""
    UNKNOWN = "unknown"
    """That was not found out."""


@dataclass(frozen=True)
class Guard:
    """One check, as ``machine.rule/check``, and what is lost without it. ``binds``: the party that makes it."""

    name: str
    binds: str
    lost: tuple[str, ...]
    """Properties that hold with it and fail without it, but for laws and reachability."""
    laws: tuple[str, ...]
    """Laws of single steps that are lost."""
    unseen: tuple[str, ...]
    """What can no longer be reached, such as a refusal of its own."""
    decides: bool
    """Whether it is ever the one reason why its party does not go along with a step (which another may then still refuse)."""
    stopped: str = ""
    """Why there may be more to it."""

    @property
    def fate(self) -> Fate:
        if self.lost:
            return Fate.NEEDED
        if self.stopped:
            return Fate.UNKNOWN
        if self.laws or self.unseen:
            return Fate.LAWS
        return Fate.REDUNDANT if self.decides else Fate.IDLE


def guards(
    target: Target,
    properties: Sequence[Property] | None = None,
    limits: Limits = NO_LIMITS,
    done: Callable[[str], None] = lambda _: None,
) -> list[Guard]:
    """Every check that some party makes in the target, a flow in one aspect, with what is lost without it.

    ``properties``: those that may be lost (default: the target's); promises of progress are left out. Once a limit is reached, or on
    Ctrl-C, what is not known is said to be so.
    """
    limits = limits.begun()
    wanted = [
        p for p in (target.properties if properties is None else properties) if not isinstance(p.formula, LeadsTo | Recurs)
    ]
    loose = relaxed(target)
    made = {v.name for a in loose.system.actions for v in support(a.guard)}
    names = [n for n in loose.checks if n in made]
    one = _one_at_a_time(loose.system, names)
    watched, obligations = compile_properties(one, wanted)
    found, undecided, stopped = _failing(watched, obligations, limits, done)
    decided = [p for p in wanted if not any(o.prop is p for n, o in enumerate(obligations) if n in undecided)]
    lost = {n: _lost(n, decided, obligations, found) for n in names}
    binds = {
        f"{r.machine}.{r.name}/{c.name}": r.binds.name if r.binds is not None else ""
        for r in _rules(target)
        for c in r.checks
    }
    deciding: set[str] = set()
    if stopped != _INTERRUPTED:
        deciding, why = _deciding(loose, {n: binds[loose.checks[n]] for n in names}, limits)
        stopped = stopped or why
    laws = {p.id for g in groups() if g.of_laws for p in g.properties}
    reach = {o.prop.id for o in obligations if o.reach}
    return [
        Guard(
            loose.checks[n],
            binds[loose.checks[n]],
            tuple(p for p in lost[n] if p not in laws and p not in reach),
            tuple(p for p in lost[n] if p in laws and p not in reach),
            tuple(p for p in lost[n] if p in reach),
            n in deciding,
            stopped,
        )
        for n in names
    ]


def _failing(
    system: System,
    obligations: Sequence[Obligation],
    limits: Limits,
    done: Callable[[str], None],
) -> tuple[list[frozenset[str]], set[int], str]:
    """Per obligation the checks (or `_NOTHING`) without which it fails; the obligations for which there may be more, and why.

    State by state as long as there are not too many, which is quickest for these systems; else by decision diagrams.
    """
    domain = system.variables[system.index[_WITHOUT]].sort.domain
    found: list[frozenset[str]] = [frozenset()] * len(obligations)
    stopped, decided = "", 0
    undecided = set(range(len(obligations)))
    cones = Cones(system)
    for batch in batches(system, obligations, cones):
        done(f"{decided} of {len(obligations)} obligations")
        decided += len(batch.numbers)
        mine = [obligations[n] for n in batch.numbers]
        part = sliced(system, mine, cones)
        why = ""
        if _WITHOUT in part.system.index:
            fails, why = broken_for(part.system, part.obligations, _WITHOUT, replace(limits, states=_STATES))
            for n, codes in zip(batch.numbers, fails, strict=True):
                found[n] = frozenset(str(domain[c]) for c in codes)
        if why != _INTERRUPTED and (why or _WITHOUT not in part.system.index):
            why = ""
            for b in broken(system, mine, [_WITHOUT], limits):
                n = batch.numbers[b.number]
                found[n] |= {str(v) for v in domain if b.where({_WITHOUT: v} if b.names else {})}
                why = b.stopped if b.stopped == _INTERRUPTED else why or b.stopped
        if not why:
            undecided -= set(batch.numbers)
        stopped = why if why == _INTERRUPTED else stopped or why
        if stopped == _INTERRUPTED:
            break
    return found, undecided, stopped


def _lost(
    name: str, properties: Sequence[Property], obligations: Sequence[Obligation], fails: Sequence[frozenset[str]]
) -> list[str]:
    """The properties that hold with the check and fail without it."""

    def holds(p: Property, without: str) -> bool:
        mine = [(o, f) for o, f in zip(obligations, fails, strict=True) if o.prop is p]
        found = [without in f for _, f in mine]
        return all(found) if mine[0][0].reach else not any(found)

    return [p.id for p in properties if holds(p, _NOTHING) and not holds(p, name)]


def _one_at_a_time(system: System, names: Sequence[str]) -> System:
    """The system with one rigid variable that says which check is left out, in the place of one for each check."""
    sort = Enum("Without", (_NOTHING, *names))
    variables = [v for v in system.variables if v.name not in names]
    which = Variable(_WITHOUT, sort, rigid=True)
    left_out = {system[n]: which.term == n for n in names}
    memo: dict[Term, Term] = {}
    actions = [replace(a, guard=substitute(a.guard, left_out, memo)) for a in system.actions]
    return replace(system, variables=(*variables, which), actions=tuple(actions))


def _deciding(loose: Relaxed, names: Mapping[str, str], limits: Limits) -> tuple[set[str], str]:
    """The checks that are the only reason, in a reachable state of the flow itself, why their party does not go along with an action.

    ``names``: the check's variable -> its party. That the same party refuses all the same, with another reply, is no difference.
    """
    system: System = replace(loose.system, init=conj(loose.system.init, *(neg(loose.system[n]) for n in names)))
    search = Search(system, (), limits)
    search.close()
    e, m = search.encoding, search.encoding.manager
    bits = {n: e.names[system.index[n]][0] for n in names}
    free = m.cofactor(search.reached, dict.fromkeys(bits.values(), False))
    found = set()
    for i, a in enumerate(system.actions):
        read = {v.name for v in support(a.guard)}
        refusing = a.refused_by.binds.name if a.refused_by is not None and a.refused_by.binds is not None else ""
        mine = [n for n, party in names.items() if n in read and (a.reply == OK or refusing not in ("", party))]
        if not mine:
            continue
        base = {bits[n]: False for n in mine}
        guard = search.relation.guards[i]
        forbidden = free & ~m.cofactor(guard, base)
        found |= {n for n in mine if forbidden & m.cofactor(guard, {**base, bits[n]: True}) != m.false}
    return found, search.stopped


def _rules(target: Target) -> Sequence[Rule]:
    """The rules of the model."""
    assert target.flow is not None
    return (target.flow.models.get(target.aspect) or ASPECTS[target.aspect].model).rules
