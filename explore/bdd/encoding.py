"""States and terms as Boolean functions.

A variable is stored as its *code*, the position of its value in its domain, in as many bits as the domain needs (none
where there is only one value). A truth value is one function; a value of an enumeration is the functions of the bits of its
code; a whole number inside a term is the bits of its two's complement, in as many as its sort needs, so that no operation
overflows. Bits come the least significant first.

A variable that some action updates with something other than a constant has a second set of bits, for the state after
the step, each right below its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from ...model.language import TRUE, Bool, Enum, Int, ModelError, Op, State, System, Term
from ..layout import code_of, size, value_of
from .manager import Function, Manager
from .order import static_order

Bits = tuple[Function, ...]


class Encoding:
    """A system's states as assignments to the bits of a manager, and its terms as functions of them."""

    def __init__(
        self,
        system: System,
        backend: str | None = None,
        *,
        order: Sequence[int] | None = None,
        primed: Iterable[str] | None = None,
        memory: int | None = None,
    ) -> None:
        """``order``: the numbers of the variables from the root downwards; ``primed``: those that get bits for the state after."""
        self.system = system
        widths = [(size(v.sort) - 1).bit_length() for v in system.variables]
        self.names: tuple[tuple[str, ...], ...] = tuple(
            tuple(f"{v.name}#{b}" for b in range(width)) for v, width in zip(system.variables, widths, strict=True)
        )
        """Per variable: the names of its bits."""
        doubled = set(computed(system) if primed is None else primed)
        bits: list[str] = []
        for i in static_order(system) if order is None else order:
            for name in reversed(self.names[i]):
                bits += [name, after(name)] if system.variables[i].name in doubled else [name]
        self.manager = Manager(bits, backend, memory)
        self.bits = sum(widths)
        """How many bits a state has."""
        self.now: tuple[Bits, ...] = tuple(tuple(map(self.manager.bit, names)) for names in self.names)
        self._functions: dict[Term, Function] = {}
        self._vectors: dict[Term, Bits] = {}

    # --- states -------------------------------------------------------------------------------------------------

    def codes(self, codes: Mapping[int, int]) -> Function:
        """The variables (by number) have these codes."""
        return self.manager.cube(
            {name: bool(code >> b & 1) for i, code in codes.items() for b, name in enumerate(self.names[i])}
        )

    def state(self, state: State) -> Function:
        """The one state."""
        return self.codes({i: code_of(x, v.sort) for i, (v, x) in enumerate(zip(self.system.variables, state, strict=True))})

    def least(self, states: Function) -> State:
        """Of some states (there must be one) the first in lexicographic order of the variables' domains."""
        m = self.manager
        values = []
        for v, names in zip(self.system.variables, self.names, strict=True):
            code = 0
            for b, name in reversed(list(enumerate(names))):
                zero = m.cofactor(states, {name: False})
                if zero == m.false:
                    code |= 1 << b
                    states = m.cofactor(states, {name: True})
                else:
                    states = zero
            values.append(value_of(code, v.sort))
        return tuple(values)

    @cached_property
    def domain(self) -> Function:
        """Every variable has a code that means something."""
        result = self.manager.true
        for v, bits in zip(self.system.variables, self.now, strict=True):
            if size(v.sort) < 1 << len(bits):
                result &= self._below(bits, size(v.sort))
        return result

    def _below(self, bits: Bits, bound: int) -> Function:
        """The number in the bits is less than a constant that fits them."""
        m = self.manager
        result = m.false
        for b, bit in enumerate(bits):
            result = ~bit | result if bound >> b & 1 else ~bit & result
        return result

    @cached_property
    def initial(self) -> Function:
        """The initial states."""
        return self.domain & self.truth(self.system.init)

    # --- terms --------------------------------------------------------------------------------------------------

    def truth(self, t: Term) -> Function:
        """Where a truth value is true. Raises `ModelError` for a term that is not ground."""
        found = self._functions.get(t)
        if found is None:
            found = self._functions[t] = self._truth(t)
        return found

    def _truth(self, t: Term) -> Function:
        m = self.manager
        match t.op:
            case Op.CONST:
                return m.true if t is TRUE else m.false
            case Op.VAR:
                return self._variable(t)[0]
            case Op.NOT:
                return ~self.truth(t.args[0])
            case Op.AND:
                return self._all(self.truth(a) for a in t.args)
            case Op.OR:
                return ~self._all(~self.truth(a) for a in t.args)
            case Op.IMPLIES:
                return ~self.truth(t.args[0]) | self.truth(t.args[1])
            case Op.EQ:
                return self._equal(*t.args)
            case Op.LT:
                return self._less(*t.args)
            case Op.LE:
                return ~self._less(t.args[1], t.args[0])
            case Op.ITE:
                return m.ite(*map(self.truth, t.args))
            case _:
                raise ModelError(f"`{t}` is not ground, so it has no value in a state")

    def _all(self, parts: Iterable[Function]) -> Function:
        result = self.manager.true
        for part in parts:
            result &= part
        return result

    def _variable(self, t: Term) -> Bits:
        """The bits of the code of a variable."""
        self.system[t.name]  # raises, with the nearest names, where there is none
        return self.now[self.system.index[t.name]]

    def _equal(self, a: Term, b: Term) -> Function:
        if a.op is Op.VAR and b.op is Op.CONST and isinstance(a.sort, Bool | Int | Enum):
            # The commonest comparison, without arithmetic.
            bits = self._variable(a)
            if isinstance(a.sort, Int) and isinstance(b.value, int) and not a.sort.lo <= b.value <= a.sort.hi:
                return self.manager.false
            code = code_of(b.value, a.sort)
            return self._all(bit if code >> i & 1 else ~bit for i, bit in enumerate(bits))
        if isinstance(a.sort, Bool):
            x, y = self.truth(a), self.truth(b)
            return self.manager.same(x, y)
        if isinstance(a.sort, Int) and isinstance(b.sort, Int):
            width = max(_width(a.sort), _width(b.sort))
            x, y = self._number(a, width), self._number(b, width)
        else:
            x, y = self.vector(a), self.vector(b)
        return self._all(self.manager.same(p, q) for p, q in zip(x, y, strict=True))

    def _less(self, a: Term, b: Term) -> Function:
        assert isinstance(a.sort, Int) and isinstance(b.sort, Int)
        width = max(_width(a.sort), _width(b.sort))
        x, y = self._number(a, width), self._number(b, width)
        result = self.manager.false
        for i, (p, q) in enumerate(zip(x, y, strict=True)):
            if i == width - 1:
                p, q = q, p  # the sign counts the other way round
            result = self.manager.ite(self.manager.same(p, q), result, q)
        return result

    def vector(self, t: Term) -> Bits:
        """The bits of a value: the code of an enumeration (or of a truth value), a whole number's two's complement."""
        found = self._vectors.get(t)
        if found is None:
            found = self._vectors[t] = self._vector(t)
        return found

    def _vector(self, t: Term) -> Bits:
        if isinstance(t.sort, Bool):
            return (self.truth(t),)
        m = self.manager
        match t.op:
            case Op.CONST:
                if isinstance(t.sort, Int):
                    assert isinstance(t.data, int)
                    return self._constant(t.data, _width(t.sort))
                if isinstance(t.sort, Enum):
                    return self._constant(code_of(t.value, t.sort), (size(t.sort) - 1).bit_length())
                raise ModelError(f"`{t}` is of sort {t.sort}, which is not ground")
            case Op.VAR:
                bits = self._variable(t)
                if not isinstance(t.sort, Int):
                    return bits
                width = max(_width(t.sort), len(bits) + 1)
                code = (*bits, *[m.false] * (width - len(bits)))
                return self._sum(code, self._constant(t.sort.lo, width))[: _width(t.sort)]
            case Op.ADD | Op.SUB:
                assert isinstance(t.sort, Int)
                # Modulo a power of two, and the result fits.
                x, y = (self._number(a, _width(t.sort)) for a in t.args)
                if t.op is Op.ADD:
                    return self._sum(x, y)
                return self._sum(x, tuple(~q for q in y), m.true)
            case Op.ITE:
                c, a, b = t.args
                condition = self.truth(c)
                if isinstance(t.sort, Int):
                    x, y = self._number(a, _width(t.sort)), self._number(b, _width(t.sort))
                else:
                    x, y = self.vector(a), self.vector(b)
                return tuple(m.ite(condition, p, q) for p, q in zip(x, y, strict=True))
            case _:
                raise ModelError(f"`{t}` is not ground, so it has no value in a state")

    def _number(self, t: Term, width: int) -> Bits:
        """A whole number in so many bits: the sign is repeated, or (modulo) upper bits are left out."""
        bits = self.vector(t)
        return (*bits, *[bits[-1]] * (width - len(bits)))[:width]

    def _constant(self, value: int, width: int) -> Bits:
        return tuple(self.manager.true if value >> b & 1 else self.manager.false for b in range(width))

    def _sum(self, x: Bits, y: Bits, carry: Function | None = None) -> Bits:
        """Modulo the width."""
        m = self.manager
        c = m.false if carry is None else carry
        result = []
        for p, q in zip(x, y, strict=True):
            different = ~m.same(p, q)
            result.append(m.ite(c, ~different, different))
            c = m.ite(different, c, p)
        return tuple(result)

    def code(self, t: Term, i: int) -> Bits:
        """A value as the code of variable ``i`` (modulo the width, where it lies outside of the domain)."""
        sort = self.system.variables[i].sort
        if not isinstance(sort, Int):
            return self.vector(t)
        width = len(self.names[i])
        return self._sum(self._number(t, width), self._constant(-sort.lo, width))


def after(name: str) -> str:
    """The name of a bit in the state after the step."""
    return name + "'"


def before(name: str) -> str:
    """The name of a bit in the state before the step, from either."""
    return name.removesuffix("'")


def computed(system: System) -> list[str]:
    """The variables that some action gives a value that is not a constant."""
    return list(dict.fromkeys(t.name for a in system.actions for t, value in a.updates if value.op is not Op.CONST))


def _width(sort: Int) -> int:
    """Bits in which every value of a sort of whole numbers has its two's complement."""
    return max(max(sort.hi, 0).bit_length(), (-sort.lo - 1).bit_length() if sort.lo < 0 else 0) + 1
