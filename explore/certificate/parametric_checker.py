"""The checker of certificates for any number of instances: nothing of it is shared with what finds proofs but the reading of terms.

An index of any number of instances is an uninterpreted sort, an element of which stands for no instance; an index of a fixed
number is an enumeration, and what ranges over it is written out. Families and maps are functions. Lemmas are closed formulas, true for
all instances. As for one topology, the questions are about *initiation*, *consecution* and *safety*, and all must be unsatisfiable
over every such structure, hence for every number of instances and whatever the maps map to what. No theorem about
sizes is needed: that is what unsatisfiable means.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from ...model.language import Bool, Enum, Family, Index, IndexMap, Int, Maybe, ModelError, Op, Term, Value
from ...model.language.sorts import Sort
from .checker import SOLVERS, Refused, Solver, answers
from .form import fields, texts
from .parametric_form import Action, Parametric, free, named

FORMAT = "tdisprove certificate for any number 1"

Changed = Mapping[str, str]
"""Families that have other values than now: the name of the function that has them."""


def verify_parametric(
    document: Any, solvers: Sequence[Solver] = SOLVERS, seconds: float | None = None, until: float | None = None
) -> tuple[str, dict[Solver, int]]:
    """The verdict that the certificate shows, and how many questions each solver answered.

    ``seconds``: for each question, which has no answer after that; ``until``: for all of them (`time.perf_counter`). Raises `Refused`, and `ModelError` for a document that is no certificate. A solver that is not installed is left out.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))
    wanted = {"format": str, "property": str, "says": str, "covers": str, "verdict": str, "made from": dict, "made by": dict,
              "hash": str, "system": dict, "evidence": dict}  # fmt: skip
    document = fields(document, "a certificate", wanted)
    if document["format"] != FORMAT:
        raise ModelError(f"a certificate of the format {document['format']!r} is not known: expected {FORMAT!r}")
    system = Parametric.read(document["system"])
    text = json.dumps(document["system"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if document["hash"] != "sha256:" + hashlib.sha256(text.encode()).hexdigest():
        raise Refused("the hash is not that of the system")
    if document["verdict"] != "holds":
        raise Refused(f"a certificate of this kind shows that something holds, not that it is {document['verdict']}")
    if document["covers"] != covers(system.sizes):
        raise Refused(f"it is said to cover {document['covers']}, but it covers {covers(system.sizes)}")
    if not system.obligations:
        raise Refused("there is nothing to be shown")
    evidence = fields(document["evidence"], "evidence", {"parameters": dict, "invariant": list})
    reader = system.reader.knowing(named(evidence["parameters"], {i: Index(i) for i in system.sizes}))
    lemmas = [reader.truth(t) for t in texts(evidence["invariant"], "an invariant")]
    return "holds", _inductive(system, lemmas, solvers, seconds, until)


def covers(sizes: Mapping[str, int | None]) -> str:
    """What is shown, in words: ``any number of tdi; device 1``."""
    parts = [f"any number of {name}" for name, n in sizes.items() if n is None]
    return "; ".join(parts + [f"{name} {n}" for name, n in sizes.items() if n is not None])


def _inductive(
    system: Parametric, lemmas: Sequence[Term], solvers: Sequence[Solver], seconds: float | None, until: float | None
) -> dict[Solver, int]:
    """How many questions each solver answered. Raises `Refused`."""
    questions = list(_Questions(system, lemmas).all())
    preamble = "\n".join(_preamble(system))
    asked = {}
    for solver in solvers:
        found = answers(solver, [preamble, *(f"(push 1)\n{text}\n(check-sat)\n(pop 1)" for _, text in questions)], seconds)
        if found is None:
            continue
        asked[solver] = 0
        for answer in found:
            if answer != "unsat" or asked[solver] == len(questions):
                raise Refused(f"{questions[min(asked[solver], len(questions) - 1)][0]} ({solver}: {answer})")
            asked[solver] += 1
            if until is not None and time.perf_counter() > until and asked[solver] < len(questions):
                raise Refused(f"{solver} had no time for more than {asked[solver]} of {len(questions)} questions")
        if asked[solver] != len(questions):
            raise Refused(f"{solver} answered {asked[solver]} of {len(questions)} questions")
    if not asked:
        raise Refused("no solver is installed to check it with: install z3-solver or cvc5")
    return asked


# --- Questions ----------------------------------------------------------------------------------------------------------


class _Questions:
    def __init__(self, system: Parametric, lemmas: Sequence[Term]) -> None:
        self.system = system
        self.facts = [(o.state, o.params) for o in system.obligations]
        self.facts += [(t, tuple(sorted(free(t), key=str))) for t in lemmas]
        for t, params in self.facts:
            if not free(t) <= set(params):
                raise ModelError(f"`{t}`: {', '.join(map(str, free(t) - set(params)))} is bound by nothing")

    def all(self) -> Iterator[tuple[str, str]]:
        """What must not be satisfiable, and what it means when it is."""
        everything = "\n".join(f"(assert {self.closed(t, params, {})})" for t, params in self.facts)
        begun: dict[str, str] = {}
        start = ""
        for name, value in self.system.initially.items():
            family = self.system.families[name]
            begun[name] = f"|{name} initially|"
            start += _define(begun[name], family, [f"|x{i}|" for i in range(len(family.over))], _value(value, family.sort))
        for t, params in self.facts:
            yield f"initiation: an initial state breaks `{t}`", f"{start}(assert (not {self.closed(t, params, begun)}))"
        for number, a in enumerate(self.system.actions):
            moved: dict[str, str] = {}
            text = self._taken(a)
            for name, u in a.updates.items():
                if not free(u.value) <= {*u.at, *a.params}:
                    raise ModelError(f"action {a.label}: the value of {name} has a parameter that nothing binds")
                moved[name] = f"|{name} after|"
                text += _define(moved[name], self.system.families[name], [f"|{p}|" for p in u.at], self.smt(u.value, {}, {}))
            wanted = [self.closed(t, p, moved) for t, p in self.facts if moved.keys() & {str(f) for f in _families(t)}]
            for o in self.system.obligations:
                if set(a.params) & set(o.params):
                    raise ModelError(f"action {a.label} and an obligation name a parameter alike")
                if number in o.steps:
                    if not free(o.steps[number]) <= {*a.params, *o.params}:
                        raise ModelError(f"action {a.label}: what must hold before it has a parameter that nothing binds")
                    wanted.append(self.closed(o.steps[number], o.params, {}))
            wanted += self._inside(a)
            if wanted:
                yield (
                    f"{a.label}, consecution or safety: a step breaks what is to hold, or a lemma, or leaves a domain",
                    f"{everything}\n{text}(assert (not (and true {' '.join(wanted)})))",
                )

    def _taken(self, a: Action) -> str:
        """An instance of the action is possible. Its parameters are constants."""
        if not free(a.guard) <= set(a.params):
            raise ModelError(f"action {a.label}: its guard has a parameter that nothing binds")
        text = "".join(f"(declare-const |{p}| |{p.sort}|)\n(assert {_is_some(f'|{p}|', p.sort)})\n" for p in a.params)
        return f"{text}(assert {self.smt(a.guard, {}, {})})\n"

    def _inside(self, a: Action) -> Iterator[str]:
        """That the new values are in their domains, where sorts do not say so."""
        for name, u in a.updates.items():
            sort = self.system.families[name].sort
            if isinstance(sort, Int):
                yield self.quantified("forall", u.at, lambda env, x=u.value, s=sort: _between(self.smt(x, env, {}), s))

    # --- Formulas -------------------------------------------------------------------------------------------------------

    def closed(self, t: Term, params: tuple[Term, ...], moved: Changed) -> str:
        """A formula for all values of parameters."""
        return self.quantified("forall", params, lambda env: self.smt(t, env, moved))

    def quantified(self, word: str, params: tuple[Term, ...], body: Any, env: Mapping[str, str] | None = None) -> str:
        """A quantified formula, written out for indices of a fixed number of instances. ``body`` gives it for values."""
        env = dict(env or {})
        bound, choices = [], []
        for p in params:
            n = self.system.sizes[str(p.sort)]
            if n is None:
                bound.append(p)
                env[p.name] = f"|{p}|"
            else:
                choices.append([(p.name, f"|{p.sort}{i}|") for i in range(n)])
        connective = "and" if word == "forall" else "or"
        text = f"({connective} {' '.join(body({**env, **dict(c)}) for c in product(*choices))})" if choices else body(env)
        if not bound:
            return str(text)
        some = " ".join(_is_some(f"|{p}|", p.sort) for p in bound)
        text = f"(=> (and {some}) {text})" if word == "forall" else f"(and {some} {text})"
        return f"({word} ({' '.join(f'(|{p}| |{p.sort}|)' for p in bound)}) {text})"

    def smt(self, t: Term, env: Mapping[str, str], moved: Changed) -> str:
        """A term as SMT-LIB."""
        match t.op:
            case Op.CONST:
                if isinstance(t.sort, Index | Maybe) and t.value != "none" and self.system.sizes[_index(t.sort)] is None:
                    raise ModelError(f"`{t}`: of any number of instances, none can be named")
                return _value(t.value, t.sort)
            case Op.PARAM:
                return env.get(t.name, f"|{t}|")
            case Op.APPLY:
                assert isinstance(t.data, IndexMap)
                return f"(|{t.data}| {self.smt(t.args[0], env, moved)})"
            case Op.SELECT:
                name = moved.get(str(t.data), f"|{t.data}|")
                return f"({name} {' '.join(self.smt(a, env, moved) for a in t.args)})" if t.args else name
            case Op.FORALL | Op.EXISTS:
                word = "forall" if t.op is Op.FORALL else "exists"
                return self.quantified(word, t.args[:1], lambda inner: self.smt(t.args[1], inner, moved), env)
            case _ if t.op in _NAMES:
                return f"({_NAMES[t.op]} {' '.join(self.smt(a, env, moved) for a in t.args)})"
        raise ModelError(f"`{t}` is no term of a model for any number of instances")


_NAMES = {Op.NOT: "not", Op.AND: "and", Op.OR: "or", Op.IMPLIES: "=>", Op.EQ: "=", Op.ITE: "ite", Op.LT: "<", Op.LE: "<=",
          Op.ADD: "+", Op.SUB: "-"}  # fmt: skip


def _preamble(system: Parametric) -> Iterator[str]:
    yield "(set-logic ALL)"
    for name, n in system.sizes.items():
        if n is None:
            yield f"(declare-sort |{name}| 0)\n(declare-const |{name}: none| |{name}|)"
            yield f"(declare-const |{name}: some| |{name}|)\n(assert {_is_some(f'|{name}: some|', Index(name))})"
        else:
            yield f"(declare-datatypes ((|{name}| 0)) (((|{name}: none|) {' '.join(f'(|{name}{i}|)' for i in range(n))})))"
    for e in system.reader.enumerations:
        yield f"(declare-datatypes ((|{e}| 0)) (({' '.join(f'({_value(v, e)})' for v in e.values)})))"
    for name, family in system.families.items():
        over = " ".join(f"|{i}|" for i in family.over)
        yield f"(declare-fun |{name}| ({over}) {_sort(family.sort)})"
        if isinstance(family.sort, Int):
            places = " ".join(f"(|x{i}| |{s}|)" for i, s in enumerate(family.over))
            at = f"(|{name}| {' '.join(f'|x{i}|' for i in range(len(family.over)))})" if family.over else f"|{name}|"
            inside = _between(at, family.sort)
            yield f"(assert (forall ({places}) {inside}))" if family.over else f"(assert {inside})"
    for m in system.maps:
        yield f"(declare-fun |{m}| (|{m.source}|) |{m.target}|)"
        there = f"(=> {_is_some('|x|', m.source)} {_is_some(f'(|{m}| |x|)', m.target)})"
        yield f"(assert (forall ((|x| |{m.source}|)) {there}))"


def _define(name: str, family: Family, at: Sequence[str], value: str) -> str:
    places = " ".join(f"({x} |{i}|)" for x, i in zip(at, family.over, strict=True))
    return f"(define-fun {name} ({places}) {_sort(family.sort)} {value})\n"


def _is_some(x: str, sort: Sort) -> str:
    return f"(not (= {x} |{_index(sort)}: none|))"


def _index(sort: Sort) -> str:
    return sort.index.name if isinstance(sort, Maybe) else str(sort)


def _between(x: str, sort: Int) -> str:
    return f"(and (<= {_value(sort.lo, sort)} {x}) (<= {x} {_value(sort.hi, sort)}))"


def _sort(sort: Sort) -> str:
    return "Bool" if isinstance(sort, Bool) else "Int" if isinstance(sort, Int) else f"|{_index(sort)}|"


def _value(value: Value, sort: Sort) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value >= 0 else f"(- {-value})"
    if isinstance(sort, Enum):
        return f"|{sort}: {value}|"
    return f"|{_index(sort)}: none|" if value == "none" else f"|{value}|"


def _families(t: Term) -> frozenset[Family]:
    own = frozenset((t.data,)) if isinstance(t.data, Family) else frozenset()
    return own.union(*(_families(a) for a in t.args))
