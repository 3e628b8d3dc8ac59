"""The checker of certificates: at most 300 lines, and nothing of it is shared with what finds verdicts but the reading of terms.

An invariant is checked by questions to Z3, and to cvc5 where it is installed, written as one SMT-LIB script that
any solver of bit-vectors can answer: *initiation* (an initial state keeps each lemma), *consecution* (a step by each action
from a state that keeps all leads to one that keeps each lemma that the action may touch) and *safety* (in a state that
keeps all, what is to hold does, no step by each action breaks it, and none leaves a domain). All must be unsatisfiable. A trace is walked
step by step. That the system is the one that a flow generates today is for `origin` to check.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from ...model.language import Bool, Enum, Int, ModelError, Op, Term, Value, support
from ...model.language.sorts import Ground
from .form import Obligation, System, fields, texts

Solver: TypeAlias = str
SOLVERS: tuple[Solver, ...] = ("z3", "cvc5")


class Refused(Exception):
    """The certificate does not show what it says; the message says where it fails."""


def verify_document(document: Any, solvers: Sequence[Solver] = SOLVERS) -> tuple[str, dict[Solver, int]]:
    """The verdict that the certificate shows, and how many questions each solver answered.

    Raises `Refused`, and `ModelError` for a document that is no certificate. A solver that is not installed is left out.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))
    wanted = {
        "format": str,
        "property": str,
        "says": str,
        "verdict": str,
        "made from": dict,
        "made by": dict,
        "hash": str,
        "system": dict,
        "evidence": list,
    }
    document = fields(document, "a certificate", wanted)
    if document["format"] != "tdisprove certificate 1":
        raise ModelError(
            f"a certificate of the format {document['format']!r} is not known: expected 'tdisprove certificate 1'"
        )
    system = System.read(document["system"])
    text = json.dumps(document["system"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if document["hash"] != "sha256:" + hashlib.sha256(text.encode()).hexdigest():
        raise Refused("the hash is not that of the system")
    kept, broken = set(), set()
    asked: dict[Solver, int] = {}
    for given in document["evidence"]:
        evidence = fields(given, "evidence", {"obligation": int})
        number = evidence["obligation"]
        if not 0 <= number < len(system.obligations):
            raise ModelError(f"evidence for obligation {number}: there are {len(system.obligations)}, counted from 0")
        if "invariant" in evidence:
            lemmas = [system.written.truth(t) for t in texts(evidence["invariant"], "an invariant")]
            for solver, count in _inductive(system, system.obligations[number], lemmas, solvers).items():
                asked[solver] = asked.get(solver, 0) + count
            kept.add(number)
        else:
            _walk(system, system.obligations[number], fields(evidence, "a trace", {"initial": dict, "steps": list}))
            broken.add(number)
    every = set(range(len(system.obligations)))
    reach = any(o.reach for o in system.obligations)
    holds, fails = (broken, kept) if reach else (kept, broken)
    shown = "violated" if fails else "holds" if holds == every else "nothing"
    if document["verdict"] != shown:
        raise Refused(f"the verdict is said to be {document['verdict']}, but the evidence shows {shown}")
    return shown, asked


# --- Invariants ---------------------------------------------------------------------------------------------------------


def _inductive(system: System, o: Obligation, lemmas: Sequence[Term], solvers: Sequence[Solver]) -> dict[Solver, int]:
    """How many questions each solver answered. Raises `Refused`."""
    questions = list(_questions(system, o, lemmas))
    script = "\n".join(
        (*_preamble(system, (o.state, *lemmas)), *(f"(push 1)\n{text}\n(check-sat)\n(pop 1)" for _, text in questions))
    )
    return refuted(script, [what for what, _ in questions], solvers)


def refuted(script: str, wrong: Sequence[str], solvers: Sequence[Solver]) -> dict[Solver, int]:
    """How many questions of a script each solver answered: that none can be satisfied. ``wrong``: what is so where one can be.

    Raises `Refused`, also when no solver is installed.
    """
    asked = {}
    for solver in solvers:
        lazily = answers(solver, [script])
        if lazily is None:
            continue
        found = list(lazily)
        if len(found) != len(wrong):
            raise Refused(f"{solver} answered {len(found)} of {len(wrong)} questions: {' '.join(found)[-200:]}")
        for what, answer in zip(wrong, found, strict=True):
            if answer != "unsat":
                raise Refused(f"{what} ({solver}: {answer})")
        asked[solver] = len(wrong)
    if not asked:
        raise Refused("no solver is installed to check it with: install z3-solver or cvc5")
    return asked


def _questions(system: System, o: Obligation, lemmas: Sequence[Term]) -> Iterator[tuple[str, str]]:
    """What must not be satisfiable, and what it means when it is. Facts are functions of the variables that they mention."""
    facts = (o.state, *lemmas)
    names = ["what is to hold", *(f"the lemma `{t}`" for t in lemmas)]
    w = system.width
    for i, what in enumerate(names):
        yield f"initiation: an initial state breaks {what}", f"(assert initially)\n(assert (not {_fact(facts, i, {})}))"
    everything = "\n".join(f"(assert {_fact(facts, i, {})})" for i in range(len(facts)))
    for number, a in enumerate(system.actions):
        moved = {name: smt(value, w) for name, value in a.updates.items()}
        inside = [
            d for name, value in a.updates.items() for d in _domain(system.written.sorts[name], moved[name], w, value.sort)
        ]
        before = f"{everything}\n(assert {smt(a.guard, w)})"
        wanted = {"safety: it breaks what must hold before it": [smt(o.steps[number], w)] if number in o.steps else []}
        wanted["safety: it takes a variable out of its domain"] = inside
        for i, what in enumerate(names):
            if any(v.name in moved for v in support(facts[i])):
                wanted[f"consecution: it breaks {what}"] = [_fact(facts, i, moved)]
        for what, parts in wanted.items():
            if parts:
                yield f"{a.label}, {what}", f"{before}\n(assert (not (and true {' '.join(parts)})))"


def _preamble(system: System, facts: Sequence[Term]) -> Iterator[str]:
    w = system.width
    yield "(set-logic QF_BV)"
    yield from declared(system.written.sorts, w)
    yield f"(define-fun initially () Bool {smt(system.init, w)})"
    for i, fact in enumerate(facts):
        parameters = " ".join(f"(|{v.name}| {_smt_sort(system.written.sorts[v.name], w)})" for v in support(fact))
        yield f"(define-fun fact{i} ({parameters}) Bool {smt(fact, w)})"


def declared(sorts: Mapping[str, Ground], w: int) -> Iterator[str]:
    """Variables, each in its domain."""
    for name, sort in sorts.items():
        yield f"(declare-const |{name}| {_smt_sort(sort, w)})"
        yield from (f"(assert {d})" for d in _domain(sort, f"|{name}|", w, None))


def _fact(facts: Sequence[Term], i: int, moved: Mapping[str, str]) -> str:
    """A fact in the state now, or with the new values of variables, after a step."""
    given = [moved.get(v.name, f"|{v.name}|") for v in support(facts[i])]
    return f"(fact{i} {' '.join(given)})" if given else f"fact{i}"


def _domain(sort: Ground, x: str, w: int, of: object) -> list[str]:
    """That ``x`` is in the domain, where its own sort ``of`` does not say so."""
    if isinstance(sort, Int) and not (isinstance(of, Int) and sort.lo <= of.lo and of.hi <= sort.hi):
        return [f"(bvsle {_number(sort.lo, w)} {x})", f"(bvsle {x} {_number(sort.hi, w)})"]
    if isinstance(sort, Enum) and of is None:
        return [f"(bvult {x} {_number(len(sort.values), _bits(sort))})"]
    return []


def _bits(sort: Enum) -> int:
    return len(sort.values).bit_length()


def _smt_sort(sort: Ground, w: int) -> str:
    return "Bool" if isinstance(sort, Bool) else f"(_ BitVec {w if isinstance(sort, Int) else _bits(sort)})"


def _number(n: int, w: int) -> str:
    return f"(_ bv{n % (1 << w)} {w})"


_NAMES = {Op.NOT: "not", Op.AND: "and", Op.OR: "or", Op.IMPLIES: "=>", Op.EQ: "=", Op.ITE: "ite"}
_NAMES |= {Op.LT: "bvslt", Op.LE: "bvsle", Op.ADD: "bvadd", Op.SUB: "bvsub"}


def smt(t: Term, w: int) -> str:
    """A term as SMT-LIB: values of enumerations by their numbers, whole numbers in ``w`` bits."""
    if t.op is Op.VAR:
        return f"|{t.name}|"
    if t.op is Op.CONST:
        if isinstance(t.sort, Bool):
            return "true" if t.value else "false"
        if isinstance(t.sort, Enum):
            return _number(t.sort.values.index(str(t.value)), _bits(t.sort))
        return _number(int(t.value), w)
    if t.op not in _NAMES:
        raise ModelError(f"`{t}` is no term of a system")
    return f"({_NAMES[t.op]} {' '.join(smt(a, w) for a in t.args)})"


def answers(solver: Solver, parts: Iterable[str], seconds: float | None = None) -> Iterator[str] | None:
    """What a solver answers to the questions of a script, which comes in parts; None when it is not installed.

    ``seconds``: for each question, the answer to which is *unknown* after that.
    """
    try:
        importlib.import_module(solver)
    except ImportError:
        return None
    return {"z3": _z3, "cvc5": _cvc5}[solver](parts, None if seconds is None else max(1, int(seconds * 1000)))


def _z3(parts: Iterable[str], most: int | None) -> Iterator[str]:
    import z3

    context = z3.Context()  # held until the answers are there
    for text in chain([] if most is None else [f"(set-option :timeout {most})"], parts):
        try:
            yield from str(z3.Z3_eval_smtlib2_string(context.ref(), text)).split()
        except z3.Z3Exception as e:
            raise Refused(f"z3 cannot read it: {str(e)[:200]}") from None


def _cvc5(parts: Iterable[str], most: int | None) -> Iterator[str]:
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("incremental", "true")
    if most is not None:
        solver.setOption("tlimit-per", str(most))
    parser = cvc5.InputParser(solver)
    for text in parts:
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "certificate")
        while not (command := parser.nextCommand()).isNull():
            yield from str(command.invoke(solver, parser.getSymbolManager())).split()


# --- Traces -------------------------------------------------------------------------------------------------------------


def _walk(system: System, o: Obligation, trace: Mapping[str, Any]) -> None:
    """Raises `Refused` when the trace is no run, or when nothing is broken at its end."""
    state: dict[str, Value] = dict(trace["initial"])
    if state.keys() != system.written.sorts.keys():
        raise ModelError("a trace's `initial` gives the value of every variable")
    _inside(system, state)
    if not value_of(system.init, state):
        raise Refused("the trace does not begin in an initial state")
    broken = False
    for i, given in enumerate(trace["steps"], 1):
        step = fields(given, "a step", {"action": int, "label": str})
        if not 0 <= step["action"] < len(system.actions) or system.actions[step["action"]].label != step["label"]:
            raise Refused(f"step {i}: action {step['action']} is not {step['label']}")
        a = system.actions[step["action"]]
        if not value_of(a.guard, state):
            raise Refused(f"step {i}: {a.label} is not possible")
        broken = step["action"] in o.steps and not value_of(o.steps[step["action"]], state)
        state = {**state, **{name: value_of(value, state) for name, value in a.updates.items()}}
        _inside(system, state)
    if not broken and value_of(o.state, state):
        raise Refused("the trace breaks nothing at its end")


def _inside(system: System, state: Mapping[str, Value]) -> None:
    for name, sort in system.written.sorts.items():
        if not any(state[name] == v and type(state[name]) is type(v) for v in sort.domain):
            raise Refused(f"{name} = {state[name]!r}, which is not in its domain {sort}")


def value_of(t: Term, state: Mapping[str, Value]) -> Any:
    """The value of a term in a state."""
    if t.op in (Op.CONST, Op.VAR):
        return t.value if t.op is Op.CONST else state[t.name]
    a = [value_of(x, state) for x in t.args]
    meanings: dict[Op, Any] = {
        Op.NOT: lambda: not a[0], Op.AND: lambda: all(a), Op.OR: lambda: any(a), Op.IMPLIES: lambda: not a[0] or a[1],
        Op.EQ: lambda: a[0] == a[1], Op.ITE: lambda: a[1] if a[0] else a[2], Op.LT: lambda: a[0] < a[1],
        Op.LE: lambda: a[0] <= a[1], Op.ADD: lambda: a[0] + a[1], Op.SUB: lambda: a[0] - a[1],
    }  # fmt: skip
    if t.op not in meanings:
        raise ModelError(f"`{t}` is no term of a system")
    return meanings[t.op]()
