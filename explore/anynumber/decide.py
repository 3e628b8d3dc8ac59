"""Whether a property holds for any number of instances: lemmas from small topologies, made general, and proved with quantifiers.

1. IC3 proves the property at small topologies. What it learnt is generalised over the instances that it names (`generalise`).
2. Of these candidates those are kept that are inductive together at a topology with as many instances as a step and a lemma can speak
   of (`houdini`). A step that breaks the property all the same, from a state that keeps everything, is a
   *counterexample to induction*. IC3 says whether that state can be reached: if so, the property is violated at that topology;
   if not, why not gives further candidates.
3. What is left is written as a certificate, and the checker of certificates is asked. It proves the lemmas and the property over
   structures of every size, and nothing else makes the verdict HOLDS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...model.language import Family, Op, State, Term, Value, conj, neg
from ...model.language.parametric import NotParametric, Parametric, parameters
from ...model.language.sorts import Index, Maybe
from ...model.language.terms import equal, subterms
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import Sometimes
from ...properties.parametric import compile_parametric
from ...properties.property import Property
from ..certificate.checker import Refused
from ..certificate.parametric_checker import verify_parametric
from ..engine import NO_LIMITS, Limits
from ..interruption import Interruption, remembered
from ..parametric import Subject
from ..replay import replay
from ..sat import SatEngine
from ..sat.encoding import TooLargeError
from ..sat.solver import Budget, OutOfBudgetError
from ..verdict import Trace, Verdict
from . import sizes
from .document import certificate
from .generalise import lemmas
from .grounded import Grounded
from .houdini import Houdini

_ROUNDS = 40
"""Counterexamples to induction that are looked into, one after the other."""

_LARGER = 2
"""So many topologies, each with one instance more of everything, are looked at when one that should be enough does not do."""

_SECONDS_PER_STEP = 60.0
"""That IC3 may take at each of these, where there is no limit of time."""

_SECONDS_PER_QUESTION = 30.0
"""That the checker's solver may take at most. The first question without an answer is the last one."""


@dataclass(frozen=True)
class InductionFailure:
    """A state that keeps the property and all lemmas, from which a step breaks the property."""

    sizes: Mapping[str, int]
    state: Mapping[str, object]
    """The values that are not the initial ones."""
    event: str
    reachable: bool | None
    """Whether the state can be reached at this topology (None: not known)."""
    larger: Mapping[str, int] | None = None
    """The next topology that was looked at, …"""
    reachable_there: bool | None = None
    """… and whether a state can be reached there in which these instances are so (None: not known)."""


@dataclass(frozen=True)
class Answer:
    """The verdict on a property for any number of instances of some indices, and a fixed number of the others."""

    about: Subject
    prop: Property
    verdict: Verdict
    note: str = ""
    lemmas: tuple[str, ...] = ()
    observed: Mapping[str, str] = field(default_factory=dict)
    """Of the monitors in the lemmas: what each observes."""
    questions: Mapping[str, int] = field(default_factory=dict)
    """How many each solver answered."""
    vacuous: bool = False
    """It holds, but of what it speaks nothing can happen at the topologies that were looked at for it (of one and of two instances)."""
    document: Mapping[str, Any] | None = None
    """The certificate, where it holds."""
    trace: Trace | None = None
    """Where it is violated: a run, at the topology of its system."""
    failure: InductionFailure | None = None
    """Where it is unknown: the last counterexample to induction, if there was one."""
    seconds: float = 0.0


def decide(
    about: Subject, prop: Property, limits: Limits = NO_LIMITS, say: Callable[[str], None] = lambda _: None
) -> Answer:
    """Decide the property for any number of the subject's free indices. ``say`` is told what is being done.

    A limit that is reached, and Ctrl-C, give UNKNOWN. Raises `ModelError` for a property of another model.
    """
    start = time.perf_counter()
    answer = Answer(about, prop, Verdict.UNKNOWN)
    search = None
    try:
        with remembered() as interruption:
            search = _Search(answer, limits, say, interruption)
            answer = search.run()
    except (NotParametric, OutOfBudgetError, TooLargeError) as e:
        answer = replace(answer, note=str(e), failure=search.failure if search else None)
    except KeyboardInterrupt:
        answer = replace(answer, note="interrupted", failure=search.failure if search else None)
    return replace(answer, seconds=time.perf_counter() - start)


class _Search:
    def __init__(self, answer: Answer, limits: Limits, say: Callable[[str], None], interruption: Interruption) -> None:
        self.answer, self.limits, self.say, self.interruption = answer, limits.begun(), say, interruption
        self.budget = Budget(self.limits.until, self._watch)
        self.model, self.obligations = compile_parametric(answer.about.model, answer.prop)
        self.fixed = answer.about.fixed
        self.candidates: dict[Term, None] = {}
        self.failure: InductionFailure | None = None
        self.last: Mapping[str, Value] = {}
        """All of the state of the failure."""
        self.note = ""
        _refuse_names(self.model, self.obligations, answer.about.free)

    def run(self) -> Answer:
        alone = sizes.alone(self.model, self.fixed)
        for topology in (alone, sizes.two(self.model, self.fixed)):
            at = Grounded(self.model, topology, self.obligations)
            for o in at.instances if topology == alone else _first(at):
                violated = self._learn(at, o, self.limits)
                if violated is not None:
                    return violated
        # Where many instances are not needed, counterexamples to induction are found and looked into sooner.
        for topology in (alone, sizes.two(self.model, self.fixed)):
            violated = self._strengthen(lambda t=topology: t)[0]  # type: ignore[misc]
            if violated is not None:
                return violated
        for larger in range(_LARGER + 1):
            if larger:
                violated = self._look_further(sizes.more(self._enough(), self.answer.about.free, larger))
                if violated is not None:
                    return violated
            violated, houdini = self._strengthen(lambda n=larger: sizes.more(self._enough(), self.answer.about.free, n))  # type: ignore[misc]
            if violated is not None:
                return violated
            if houdini is not None:
                proved = self._proved(houdini.needed(), houdini.at)
                if proved.verdict is Verdict.HOLDS:
                    return proved
                self.note = proved.note
        return replace(self.answer, failure=self.failure, note=self.note)

    def _strengthen(self, topology: Callable[[], Mapping[str, int]]) -> tuple[Answer | None, Houdini | None]:
        """Lemmas that are inductive at a topology, with the obligations; or that these are violated there; or neither."""
        for _ in range(_ROUNDS):
            at = Grounded(self.model, topology(), self.obligations)
            self.say(f"{self.answer.prop.id}: {len(self.candidates)} candidates at {_said(at.sizes)}")
            houdini = Houdini(at, self.candidates, self.budget)
            found = houdini.cti()
            if found is None:
                return None, houdini
            known = len(self.candidates)
            violated = self._look_into(at, found.state, found.action)
            if violated is not None:
                return violated, None
            if len(self.candidates) == known:
                self.note = "a counterexample to induction is left that cannot be reached at its topology; why not at any was not found"
                return None, None
        self.note = f"{_ROUNDS} counterexamples to induction were looked into at {_said(at.sizes)}, and there are more"
        return None, None

    def _look_further(self, topology: Mapping[str, int]) -> Answer | None:
        """At a larger topology: whether the property is violated, and whether the last counterexample to induction is reachable."""
        at = Grounded(self.model, topology, self.obligations)
        limits = self.limits.within(_SECONDS_PER_STEP)
        for o in _first(at):
            violated = self._learn(at, o, limits)
            if violated is not None:
                return violated
        if self.failure is not None:
            self.say(f"{self.answer.prop.id}: is the counterexample to induction reachable at {_said(topology)}?")
            system = at.part.system
            pinned = conj(*(equal(system[name], value) for name, value in self.last.items() if name in system.index))
            (outcome,) = SatEngine().check(system, [Obligation(self.answer.prop, "", neg(pinned), {})], limits).outcomes
            reachable = {Verdict.HOLDS: False, Verdict.VIOLATED: True}.get(outcome.verdict)
            self.failure = replace(self.failure, larger=topology, reachable_there=reachable)
            if outcome.note == "interrupted":
                raise KeyboardInterrupt
        return None

    def _watch(self) -> None:
        self.interruption.watch()
        if why := self.limits.out_of_memory():
            raise OutOfBudgetError(why)

    def _enough(self) -> dict[str, int]:
        facts = [parameters(t) for t in self.candidates] + [frozenset(o.env.values()) for o in self.obligations]
        return sizes.enough(self.model, self.fixed, facts)

    def _learn(self, at: Grounded, o: Obligation, limits: Limits) -> Answer | None:
        """Prove an obligation at a topology, and make what that took general; or that it is violated there."""
        self.say(f"{self.answer.prop.id}: IC3 at {_said(at.sizes)}")
        engine = SatEngine()
        (outcome,) = engine.check(at.system, [o], limits).outcomes
        if outcome.note == "interrupted":
            raise KeyboardInterrupt
        if outcome.path is not None:
            return replace(self.answer, verdict=Verdict.VIOLATED, trace=replay(at.system, o, outcome.path))
        if outcome.verdict is Verdict.HOLDS:
            system, cubes = engine.clauses[str(o)]
            for cube in cubes:
                self.candidates |= dict.fromkeys(lemmas(cube, system, at))
        return None

    def _look_into(self, at: Grounded, state: State, action: int) -> Answer | None:
        """Whether a counterexample to induction is reachable; further candidates when it is not."""
        part = at.part
        pinned = conj(*(equal(v.term, value) for v, value in zip(part.system.variables, state, strict=True)))
        never = Obligation(self.answer.prop, "", neg(pinned), {})
        label = part.system.actions[action].label
        initial = dict(_initial(at))
        changed = {
            v.name: x
            for v, x in zip(part.system.variables, state, strict=True)
            if v.name not in initial or initial[v.name] != x
        }
        self.failure = InductionFailure(at.sizes, changed, label, None)
        self.last = dict(zip((v.name for v in part.system.variables), state, strict=True))
        self.say(f"{self.answer.prop.id}: is a counterexample to induction reachable at {_said(at.sizes)}?")
        engine = SatEngine()
        (outcome,) = engine.check(part.system, [never], self.limits).outcomes
        if outcome.note == "interrupted":
            raise KeyboardInterrupt
        if outcome.path is not None:
            self.failure = replace(self.failure, reachable=True)
            path = part.lift((outcome.path[0], (*outcome.path[1], action)))
            return replace(
                self.answer, verdict=Verdict.VIOLATED, trace=replay(at.system, at.together, path),
                note="found from a counterexample to induction, so that shorter runs may be there",
            )  # fmt: skip
        if outcome.verdict is not Verdict.HOLDS:
            raise OutOfBudgetError(f"whether a counterexample to induction is reachable is not known: {outcome.note}")
        self.failure = replace(self.failure, reachable=False)
        system, cubes = engine.clauses[str(never)]
        for cube in cubes:
            self.candidates |= dict.fromkeys(lemmas(cube, system, at))
        return None

    def _proved(self, found: tuple[Term, ...], at: Grounded) -> Answer:
        """What the checker says of lemmas that are inductive at one topology."""
        self.say(f"{self.answer.prop.id}: {len(found)} lemmas, to be proved for any number")
        document = certificate(
            self.model, self.obligations, found, self.fixed, self.answer.prop, self.answer.about.made_from
        )
        left = _SECONDS_PER_QUESTION if self.limits.left is None else max(self.limits.left, 1.0)
        try:
            verdict, asked = verify_parametric(
                document, ("z3",), seconds=min(left, _SECONDS_PER_QUESTION), until=self.limits.until
            )
        except Refused as e:
            return replace(
                self.answer, failure=self.failure, lemmas=_shown(found),
                note=f"the lemmas are inductive at {_said(at.sizes)}, and not proved for any number: {e}",
            )  # fmt: skip
        assert verdict == "holds"
        return replace(
            self.answer,
            verdict=Verdict.HOLDS,
            vacuous=self._vacuous(),
            lemmas=_shown(found),
            observed=self._observed(found),
            questions=asked,
            document=document,
        )

    def _vacuous(self) -> bool:
        witness = self.answer.prop.witness
        if witness is None:
            return False
        prop = replace(self.answer.prop, formula=Sometimes(witness.target))
        for topology in (sizes.alone(self.model, self.fixed), sizes.two(self.model, self.fixed)):
            self.say(f"{self.answer.prop.id}: whether anything of the kind happens at {_said(topology)}")
            watched, obligations = compile_properties(self.answer.about.model.at(topology)[0], [prop])
            for o in obligations:
                (outcome,) = SatEngine().check(watched, [o], self.limits).outcomes
                if outcome.note == "interrupted":
                    raise KeyboardInterrupt
                if outcome.verdict is not Verdict.HOLDS:
                    return False
        return True

    def _observed(self, found: Iterable[Term]) -> dict[str, str]:
        said = {x.data for t in found for x in subterms(t) if isinstance(x.data, Family) and x.data.machine == "monitor"}
        over = ", ".join(p.name for p in self.obligations[0].env.values() if p.op is Op.PARAM)
        return {f"{f}[{over}]" if over else str(f): f.doc for f in self.model.families if f in said}


def _first(at: Grounded) -> Iterator[Obligation]:
    """Of each obligation the first instance, where all are alike."""
    seen: set[int] = set()
    per = len(at.instances) // len(at.obligations)
    for i, o in enumerate(at.instances):
        if i // per not in seen:
            seen.add(i // per)
            yield o


def _refuse_names(model: Parametric, obligations: tuple[Obligation, ...], any_of: tuple[str, ...]) -> None:
    """Raises `NotParametric` where an instance of an index is named of which there may be any number."""
    places = [(a.label, t) for a in model.actions for t in (a.guard, *(u.value for u in a.updates))]
    places += [(str(o), t) for o in obligations for t in o.terms]
    for where, term in places:
        for x in subterms(term):
            if x.op is Op.CONST and isinstance(x.sort, Index | Maybe) and x.data != "none":
                index = x.sort.name if isinstance(x.sort, Index) else x.sort.index.name
                if index in any_of:
                    raise NotParametric(
                        f"{where} names {x.data}, so the number of {index} must be a fixed one: leave {index} out of what may be any number"
                    )


def _initial(at: Grounded) -> Iterator[tuple[str, object]]:
    for name, (family, _) in at.places.items():
        if family.init is not None:
            yield name, family.init


def _shown(found: tuple[Term, ...]) -> tuple[str, ...]:
    return tuple(sorted((str(t) for t in found), key=lambda s: (len(s), s)))


def _said(topology: Mapping[str, int]) -> str:
    return ", ".join(f"{i} {n}" for i, n in topology.items())
