"""The reference evaluator: what a term means and what a step does. Small and obviously right, not fast.

Every trace, from whichever engine, is replayed with it before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from ..model.language import Action, ModelError, Op, State, System, Term, Value, conj
from ..model.language.terms import conjuncts


def evaluate(t: Term, state: Mapping[str, Value]) -> Value:
    """The value of a ground term in a state (variable name -> value)."""
    match t.op:
        case Op.CONST:
            return t.value
        case Op.VAR:
            return state[t.name]
        case Op.NOT:
            return not evaluate(t.args[0], state)
        case Op.AND:
            return all(evaluate(a, state) for a in t.args)
        case Op.OR:
            return any(evaluate(a, state) for a in t.args)
        case Op.IMPLIES:
            return (not evaluate(t.args[0], state)) or bool(evaluate(t.args[1], state))
        case Op.EQ:
            return evaluate(t.args[0], state) == evaluate(t.args[1], state)
        case Op.ITE:
            return evaluate(t.args[1] if evaluate(t.args[0], state) else t.args[2], state)
        case Op.LT | Op.LE | Op.ADD | Op.SUB:
            a, b = (evaluate(x, state) for x in t.args)
            assert isinstance(a, int) and isinstance(b, int)
            return {Op.LT: a < b, Op.LE: a <= b, Op.ADD: a + b, Op.SUB: a - b}[t.op]
        case _:
            raise ModelError(f"`{t}` is not ground, so it has no value in a state")


def named(system: System, state: State) -> dict[str, Value]:
    """A state as variable name -> value."""
    return dict(zip(system.index, state, strict=True))


def initial_states(system: System) -> Iterator[State]:
    """All initial states, in lexicographic order of the variables' domains."""
    pinned: dict[str, Value] = {}
    for c in conjuncts(system.init):
        if c.op is Op.VAR:
            pinned[c.name] = True
        elif c.op is Op.NOT and c.args[0].op is Op.VAR:
            pinned[c.args[0].name] = False
        elif c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST:
            pinned[c.args[0].name] = c.args[1].value
    domains = [(pinned[v.name],) if v.name in pinned else v.sort.domain for v in system.variables]
    for values in product(*domains):
        if evaluate(conj(system.init), named(system, values)):
            yield values


def enabled(system: System, action: Action, state: State) -> bool:
    """Whether the action may be taken in the state."""
    return bool(evaluate(action.guard, named(system, state)))


def successor(system: System, action: Action, state: State) -> State:
    """The state after the action. Raises `ModelError` when an update leaves its variable's domain."""
    now = named(system, state)
    result = list(state)
    for target, value in action.updates:
        i = system.index[target.name]
        new = evaluate(value, now)
        if new not in system.variables[i].sort.domain:
            raise ModelError(f"action {action.label}: {target} := {new!r} leaves the domain {system.variables[i].sort}")
        result[i] = new
    return tuple(result)
