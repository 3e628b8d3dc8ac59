"""Terms as NumPy code over packed states: one call evaluates a term in thousands of states.

A term becomes an expression over the words of a `Layout`: truth values are ``bool`` arrays, enumerations are
arrays of domain codes (``uint64``), whole numbers are their values (``int64``), never codes, since the two
sides of a comparison may have different ranges. A conjunction of literals over one word, by far the most
frequent shape of a guard, becomes one mask and one comparison. Subterms that occur more than once in a
function are evaluated once per call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...model.language import FALSE, Action, Bool, Enum, Int, ModelError, Op, Term, conj, const, substitute, support
from ...model.language.satisfy import in_domain
from ...model.language.terms import conjuncts
from ..layout import Field, Layout, Words, code_of, size, value_of

Compiled: TypeAlias = Callable[..., tuple[NDArray[Any], ...]]
"""A generated function: one ``uint64`` array of shape (states,) per word, to one array of shape (states,) per result."""

_ALL = (1 << 64) - 1

_HUGE = 1 << 62
"""Whole numbers beyond this might overflow ``int64`` on the way."""


_DEEPEST = 20
"""Expressions nest no deeper: Python refuses source with more than some two hundred open parentheses."""

_BLOCK = 1 << 15
"""Initial states are made in blocks of about this many."""


class Program:
    """Functions over the packed states of one layout: register them all, then `compile` them together."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._nodes: list[tuple[str, tuple[int, ...]]] = []
        self._node_of: dict[tuple[str, tuple[int, ...]], int] = {}
        self._truths: dict[tuple[int, bool], int] = {}
        self._numbers: dict[int, int] = {}
        self._codes: dict[int, int] = {}
        self._source: list[str] = []
        self._names: dict[str, Any] = {"np": np, "inside": self._inside}
        self._guarded: list[tuple[Action, Term]] = []  # updates that are watched while they run
        # A variable with one value takes no bits, so its constant must replace it. The memo also keeps all
        # terms alive, which is what makes their ids good keys.
        self._constant = {v.term: const(value_of(0, v.sort), v.sort) for v in layout.system.variables if size(v.sort) == 1}
        self._memo: dict[Term, Term] = {}

    def predicates(self, name: str, terms: Sequence[Term]) -> None:
        """A function that gives the truth of each term, as arrays of ``bool``."""
        self._function(name, [self._root(t) for t in terms])

    def step(self, name: str, action: Action, terms: Sequence[Term] = ()) -> None:
        """A function that gives the words of the successors by ``action``, and then the truth of each term before it.

        To be called on states in which the action is enabled; it raises `ModelError` when an update leaves its
        variable's domain.
        """
        self._function(name, [*self._successor(action), *(self._root(t) for t in terms)])

    def compile(self) -> Mapping[str, Compiled]:
        """The registered functions, by name."""
        exec(compile("\n".join(self._source), f"<{self.layout.system.name}>", "exec"), self._names)
        return self._names

    # -- from terms to expression nodes --------------------------------------------------------------------

    def _node(self, template: str, *operands: int) -> int:
        key = (template, operands)
        found = self._node_of.get(key)
        if found is None:
            found = self._node_of[key] = len(self._nodes)
            self._nodes.append(key)
        return found

    def _constant_name(self, value: int, kind: str) -> str:
        """The name of a constant. An array without dimensions: NumPy takes it twice as fast as a Python int."""
        name = f"{kind}{value}".replace("-", "_")
        if name not in self._names:
            self._names[name] = np.array(value, np.uint64 if kind == "u" else np.int64)
        return name

    def _u(self, value: int) -> str:
        return self._constant_name(value, "u")

    def _i(self, value: int) -> str:
        return self._constant_name(value, "i")

    def _word(self, number: int) -> int:
        return self._node(f"w{number}")

    def _masked(self, f: Field) -> int:
        return self._node(f"({{}} & {self._u(f.mask)})", self._word(f.word))

    def _shifted(self, node: int, by: int) -> int:
        """The node shifted to the left, or for negative ``by`` to the right."""
        if by == 0:
            return node
        return self._node(f"({{}} {'<<' if by > 0 else '>>'} {self._u(abs(by))})", node)

    def _root(self, t: Term) -> int:
        return self._truth(substitute(t, self._constant, self._memo))

    def _literal(self, t: Term, positive: bool) -> tuple[Field, int] | None:
        """The field and code such that the term (its negation, if not ``positive``) says: the field has the code."""
        if t.op is Op.NOT:
            return self._literal(t.args[0], not positive)
        if t.op is Op.VAR:
            return self.layout.field[t.name], int(positive)
        if t.op is Op.EQ and t.args[0].op is Op.VAR and t.args[1].op is Op.CONST:
            f = self.layout.field[t.args[0].name]
            code = code_of(t.args[1].value, f.sort)
            if positive:
                return f, code
            if size(f.sort) == 2:
                return f, 1 - code
        return None

    def _truth(self, t: Term, positive: bool = True) -> int:
        """A ``bool`` array: the truth of the term, or of its negation."""
        key = (id(t), positive)
        if key not in self._truths:
            self._truths[key] = self._make_truth(t, positive)
        return self._truths[key]

    def _make_truth(self, t: Term, positive: bool) -> int:
        match t.op:
            case Op.CONST:
                return self._node(f"np.full(w0.size, {t.value == positive})")
            case Op.NOT:
                return self._truth(t.args[0], not positive)
            case Op.VAR:
                return self._junction([(t, positive)], True)
            case Op.AND:
                return self._junction([(a, positive) for a in t.args], positive)
            case Op.OR:
                return self._junction([(a, positive) for a in t.args], not positive)
            case Op.IMPLIES:
                return self._junction([(t.args[0], not positive), (t.args[1], positive)], not positive)
            case Op.EQ:
                a, b = t.args
                if a.op is Op.VAR and b.op is Op.CONST:
                    return self._junction([(t, positive)], self._literal(t, positive) is not None)
                operands = [self._truth(x) if isinstance(a.sort, Bool) else self._scalar(x) for x in (a, b)]
                return self._node(f"({{}} {'==' if positive else '!='} {{}})", *operands)
            case Op.LT:
                return self._node(f"({{}} {'<' if positive else '>='} {{}})", *map(self._number, t.args))
            case Op.LE:
                return self._node(f"({{}} {'<=' if positive else '>'} {{}})", *map(self._number, t.args))
            case Op.ITE:
                c, a, b = t.args
                return self._node("np.where({}, {}, {})", self._truth(c), self._truth(a, positive), self._truth(b, positive))
            case _:
                raise ModelError(f"`{t}` is not ground, so it has no value in a state")

    def _junction(self, parts: Sequence[tuple[Term, bool]], every: bool) -> int:
        """All of the parts (or some of them, if not ``every``); a part is a term and whether it is meant positively."""
        fields: dict[Field, int] = {}
        rest: list[int] = []
        for t, positive in parts:
            # "Some differs" is the negation of "all are equal", so either way literals of one word are one comparison.
            literal = self._literal(t, positive == every)
            if literal is not None and fields.setdefault(literal[0], literal[1]) == literal[1]:
                continue
            if literal is not None:
                # Two codes for one field: this part gets a comparison of its own.
                rest.append(self._cube([literal], every))
            else:
                rest.append(self._truth(t, positive))
        by_word: dict[int, list[tuple[Field, int]]] = {}
        for f, code in fields.items():
            by_word.setdefault(f.word, []).append((f, code))
        nodes = [*(self._cube(literals, every) for literals in by_word.values()), *rest]
        while len(nodes) > 1:
            # A balanced tree, so that the nesting stays shallow.
            pairs = [tuple(nodes[i : i + 2]) for i in range(0, len(nodes), 2)]
            nodes = [self._node("({} & {})" if every else "({} | {})", *p) if len(p) == 2 else p[0] for p in pairs]
        return nodes[0]

    def _cube(self, literals: Sequence[tuple[Field, int]], equal: bool) -> int:
        """Whether fields of one word have the given codes (whether some has not, if not ``equal``)."""
        word = literals[0][0].word
        mask = sum(f.mask for f, _ in literals)
        value = sum(code << f.shift for f, code in literals)
        masked = self._node(f"({{}} & {self._u(mask)})", self._word(word))
        return self._node(f"({{}} {'==' if equal else '!='} {self._u(value)})", masked)

    def _scalar(self, t: Term) -> int:
        return self._number(t) if isinstance(t.sort, Int) else self._code(t)

    def _number(self, t: Term) -> int:
        """An ``int64`` array (or constant): the value of a whole number."""
        if id(t) not in self._numbers:
            self._numbers[id(t)] = self._make_number(t)
        return self._numbers[id(t)]

    def _make_number(self, t: Term) -> int:
        assert isinstance(t.sort, Int)
        if t.sort.lo < -_HUGE or t.sort.hi > _HUGE:
            raise ModelError(f"`{t}` may be beyond ±2^62: use smaller numbers")
        match t.op:
            case Op.CONST:
                assert isinstance(t.data, int)
                return self._node(self._i(t.data))
            case Op.VAR:
                f = self.layout.field[t.name]
                code = self._node("{}.view(np.int64)", self._shifted(self._masked(f), -f.shift))
                return code if t.sort.lo == 0 else self._node(f"({{}} + {self._i(t.sort.lo)})", code)
            case Op.ADD | Op.SUB:
                return self._node(f"({{}} {t.op.value} {{}})", *map(self._number, t.args))
            case Op.ITE:
                c, a, b = t.args
                return self._node("np.where({}, {}, {})", self._truth(c), self._number(a), self._number(b))
            case _:
                raise ModelError(f"`{t}` is not ground, so it has no value in a state")

    def _code(self, t: Term) -> int:
        """A ``uint64`` array (or constant): the domain code of a value of an enumeration."""
        if id(t) not in self._codes:
            self._codes[id(t)] = self._make_code(t)
        return self._codes[id(t)]

    def _make_code(self, t: Term) -> int:
        assert isinstance(t.sort, Enum)
        match t.op:
            case Op.CONST:
                return self._node(self._u(code_of(t.value, t.sort)))
            case Op.VAR:
                f = self.layout.field[t.name]
                return self._shifted(self._masked(f), -f.shift)
            case Op.ITE:
                c, a, b = t.args
                return self._node("np.where({}, {}, {})", self._truth(c), self._code(a), self._code(b))
            case _:
                raise ModelError(f"`{t}` is not ground, so it has no value in a state")

    # -- successors ----------------------------------------------------------------------------------------

    def _successor(self, action: Action) -> list[int]:
        """One node per word: the words after the action."""
        kept = [_ALL] * self.layout.words
        fixed = [0] * self.layout.words
        added: list[list[int]] = [[] for _ in range(self.layout.words)]
        for target, value in action.updates:
            f = self.layout.field[target.name]
            value = substitute(value, self._constant, self._memo)
            if value is target:
                continue
            kept[f.word] &= ~f.mask
            code = _constant_code(value, f)
            if code is None:
                added[f.word].append(self._update(action, target, value, f))
            else:
                fixed[f.word] |= code << f.shift
        words = []
        for i in range(self.layout.words):
            node = self._word(i)
            if kept[i] | fixed[i] != _ALL:
                node = self._node(f"({{}} & {self._u(kept[i])})", node)
            if fixed[i]:
                node = self._node(f"({{}} | {self._u(fixed[i])})", node)
            for more in added[i]:
                node = self._node("({} | {})", node, more)
            words.append(node)
        return words

    def _update(self, action: Action, target: Term, value: Term, f: Field) -> int:
        """The new code of a field, in its place within the word."""
        if isinstance(f.sort, Int) and isinstance(value.sort, Int):
            if in_domain(value, f.sort):
                return self._placed(value, f)
            self._guarded.append((action, target))
            checked = self._node(f"inside({{}}, {len(self._guarded) - 1})", self._number(value))
            return self._number_placed(checked, f)
        if value.sort != f.sort:
            raise ModelError(f"action {action.label}: {target} := {value} is of sort {value.sort}, not {f.sort}")
        return self._placed(value, f)

    def _inside(self, values: NDArray[np.int64], update: int) -> NDArray[np.int64]:
        """The new values of a whole number, all of which must lie in its domain."""
        action, target = self._guarded[update]
        sort = target.sort
        assert isinstance(sort, Int)
        outside = (values < sort.lo) | (values > sort.hi)
        if outside.any():
            raise ModelError(f"action {action.label}: {target} := {values[outside].flat[0]} leaves the domain {sort}")
        return values

    def _placed(self, t: Term, f: Field) -> int:
        """The code of a value in the domain of a field's sort, shifted into the field's place within the word."""
        code = _constant_code(t, f)
        if code is not None:
            return self._node(self._u(code << f.shift))
        if isinstance(t.sort, Bool):
            return self._shifted(self._node("{}.astype(np.uint64)", self._truth(t)), f.shift)
        if t.op is Op.VAR and t.sort == f.sort:
            source = self.layout.field[t.name]
            return self._shifted(self._masked(source), f.shift - source.shift)
        if t.op is Op.ITE:
            c, a, b = t.args
            return self._node("np.where({}, {}, {})", self._truth(c), self._placed(a, f), self._placed(b, f))
        if isinstance(t.sort, Int):
            return self._number_placed(self._number(t), f)
        return self._shifted(self._code(t), f.shift)

    def _number_placed(self, number: int, f: Field) -> int:
        assert isinstance(f.sort, Int)
        code = number if f.sort.lo == 0 else self._node(f"({{}} - {self._i(f.sort.lo)})", number)
        return self._shifted(self._node("{}.view(np.uint64)", code), f.shift)

    # -- from expression nodes to source -------------------------------------------------------------------

    def _function(self, name: str, roots: Sequence[int]) -> None:
        uses: dict[int, int] = {}
        order: list[int] = []

        def visit(node: int) -> None:
            stack = [(node, False)]
            while stack:
                n, finished = stack.pop()
                if finished:
                    order.append(n)
                    continue
                uses[n] = uses.get(n, 0) + 1
                if uses[n] == 1:
                    stack.append((n, True))
                    stack.extend((operand, False) for operand in reversed(self._nodes[n][1]))

        for root in roots:
            visit(root)
        text: dict[int, str] = {}
        height: dict[int, int] = {}
        lines = [f"def {name}({', '.join(f'w{i}' for i in range(self.layout.words))}):"]
        for n in order:
            template, operands = self._nodes[n]
            text[n] = template.format(*(text[o] for o in operands))
            height[n] = 1 + max((height[o] for o in operands), default=-1)
            if operands and (uses[n] > 1 or height[n] > _DEEPEST):
                lines.append(f"    t{n} = {text[n]}")
                text[n], height[n] = f"t{n}", 0
        lines.append(f"    return ({''.join(text[r] + ', ' for r in roots)})")
        self._source += lines


def _constant_code(value: Term, f: Field) -> int | None:
    """The code of a constant that lies in the domain of a field's sort."""
    if value.op is not Op.CONST or isinstance(value.sort, Int) != isinstance(f.sort, Int):
        return None
    if isinstance(f.sort, Int):
        return code_of(value.value, f.sort) if in_domain(value, f.sort) else None
    return code_of(value.value, f.sort) if value.sort == f.sort else None


def initial_words(layout: Layout) -> Iterator[Words]:
    """All initial states of the layout's system, packed, in lexicographic order of the variables' domains.

    They come in blocks, so that there may be many. A conjunct of the initial-state predicate is applied as
    soon as its last variable has a value, so that what it rules out is never multiplied.
    """
    system = layout.system
    if system.init is FALSE:
        return
    pinned: dict[str, int] = {}
    for c in conjuncts(system.init):
        pin = _pin(c, layout)
        if pin is not None:
            pinned.setdefault(*pin)
    free = [(v.name, layout.field[v.name]) for v in system.variables if v.name not in pinned]
    position = {name: i for i, (name, _) in enumerate(free, 1)}
    conditions: dict[int, list[Term]] = {}
    for c in conjuncts(system.init):
        pin = _pin(c, layout)
        if pin is None or pinned[pin[0]] != pin[1]:
            conditions.setdefault(max((position.get(v.name, 0) for v in support(c)), default=0), []).append(c)
    program = Program(layout)
    for i, terms in conditions.items():
        program.predicates(f"condition{i}", [conj(*terms)])
    functions = program.compile()

    def satisfying(rows: Words, position: int) -> Words:
        return rows[:, functions[f"condition{position}"](*rows)[0]] if position in conditions else rows

    def extended(rows: Words, position: int) -> Iterator[Words]:
        if position == len(free):
            if rows.size:
                yield rows
            return
        f = free[position][1]
        codes = np.arange(size(f.sort), dtype=np.uint64) << np.uint64(f.shift)
        at_once = max(1, _BLOCK // codes.size)
        for start in range(0, rows.shape[1], at_once):
            wider = np.repeat(rows[:, start : start + at_once], codes.size, axis=1)
            wider[f.word] |= np.tile(codes, wider.shape[1] // codes.size)
            yield from extended(satisfying(wider, position + 1), position + 1)

    first = np.zeros((layout.words, 1), np.uint64)
    for name, code in pinned.items():
        f = layout.field[name]
        first[f.word] |= np.uint64(code << f.shift)
    yield from extended(satisfying(first, 0), 0)


def _pin(c: Term, layout: Layout) -> tuple[str, int] | None:
    """The variable and the code that a conjunct demands, if that is all it does."""
    if c.op is Op.VAR:
        return c.name, 1
    if c.op is Op.NOT and c.args[0].op is Op.VAR:
        return c.args[0].name, 0
    if c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST:
        return c.args[0].name, code_of(c.args[1].value, layout.field[c.args[0].name].sort)
    return None
