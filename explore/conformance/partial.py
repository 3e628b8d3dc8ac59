"""The value of a term where some variables are not known: the part of a reading of the specification that nothing has decided yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from ...model.language import ModelError, Op, Term, Value


def known(t: Term, state: Mapping[str, Value]) -> Value | None:
    """The value that the term has whatever the missing variables are; None when it depends on them."""
    match t.op:
        case Op.CONST:
            return t.value
        case Op.VAR:
            return state.get(t.name)
        case Op.NOT:
            a = known(t.args[0], state)
            return None if a is None else not a
        case Op.AND | Op.OR:
            decisive = t.op is Op.OR
            open_ = False
            for x in t.args:
                a = known(x, state)
                if a is None:
                    open_ = True
                elif bool(a) is decisive:
                    return decisive
            return None if open_ else not decisive
        case Op.IMPLIES:
            a, b = known(t.args[0], state), None
            if a is False:
                return True
            b = known(t.args[1], state)
            return True if b is True else None if a is None or b is None else b
        case Op.ITE:
            c = known(t.args[0], state)
            if c is not None:
                return known(t.args[1] if c else t.args[2], state)
            a, b = known(t.args[1], state), known(t.args[2], state)
            return a if a is not None and a == b else None
        case Op.EQ | Op.LT | Op.LE | Op.ADD | Op.SUB:
            a, b = (known(x, state) for x in t.args)
            if a is None or b is None:
                return None
            if t.op is Op.EQ:
                return a == b
            assert isinstance(a, int) and isinstance(b, int)
            return {Op.LT: a < b, Op.LE: a <= b, Op.ADD: a + b, Op.SUB: a - b}[t.op]
        case _:
            raise ModelError(f"`{t}` is not ground, so it has no value in a state")


def undecided(t: Term, state: Mapping[str, Value]) -> str:
    """A variable on which the term depends, and which the state does not have; of several, the one that is read first."""
    if t.op is Op.VAR:
        return "" if t.name in state else t.name
    if t.op is Op.ITE:
        c = known(t.args[0], state)
        if c is not None:
            return undecided(t.args[1] if c else t.args[2], state)
    for x in t.args:
        if known(x, state) is None:
            return undecided(x, state)
    return ""


Partly: TypeAlias = Value | None
Function: TypeAlias = Callable[[tuple[Partly, ...]], tuple[Partly, ...]]


def compiled(terms: Sequence[Term], positions: Mapping[str, int]) -> Function:
    """The same as `known`, for several terms at once over a tuple of values, as generated code.

    A term that occurs more than once is computed once. Terms of ordering and arithmetic are left to `known`.
    """
    lines: list[str] = []
    names: dict[int, str] = {}
    constants: dict[str, object] = {}

    def constant(value: Value) -> str:
        # By a name, since the code compares by identity, of which Python warns with literals.
        known_as = (
            f"c_{type(value).__name__}_{value}"
            if not isinstance(value, str) or value.isidentifier()
            else f"c{len(constants)}"
        )
        constants[known_as] = value
        return known_as

    def name(t: Term) -> str:
        if t.op is Op.CONST:
            return constant(t.value)
        if t.op is Op.VAR:
            return f"s[{positions[t.name]}]"
        if id(t) not in names:
            args = [name(a) for a in t.args]
            mine = f"t{len(names)}"
            lines.append(f"    {mine} = {_source(t, args, constants, positions)}")
            names[id(t)] = mine
        return names[id(t)]

    results = [name(t) for t in terms]
    source = "\n".join(("def function(s):", *lines, f"    return ({', '.join(results)},)"))
    exec(source, constants)
    function: Function = constants["function"]  # type: ignore[assignment]
    return function


def _source(t: Term, args: list[str], constants: dict[str, object], positions: Mapping[str, int]) -> str:
    match t.op:
        case Op.NOT:
            return f"None if {args[0]} is None else not {args[0]}"
        case Op.AND | Op.OR:
            decisive = t.op is Op.OR
            decided = " or ".join(f"{a} is {decisive}" for a in args)
            unknown = " or ".join(f"{a} is None" for a in args)
            return f"{decisive} if {decided} else None if {unknown} else {not decisive}"
        case Op.IMPLIES:
            a, b = args
            return f"True if {a} is False or {b} is True else None if {a} is None or {b} is None else False"
        case Op.ITE:
            c, a, b = args
            return f"(({a} if {a} == {b} else None) if {c} is None else {a} if {c} else {b})"
        case Op.EQ:
            a, b = args
            return f"None if {a} is None or {b} is None else {a} == {b}"
        case _:
            mine = f"term{len(constants)}"
            constants[mine] = lambda s: known(t, {n: s[i] for n, i in positions.items() if s[i] is not None})
            return f"{mine}(s)"
