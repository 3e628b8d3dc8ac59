"""BTOR2: a state per variable, an input that says which action is taken, and a ``bad`` per check.

An action whose guard does not hold changes nothing, and so does a number that is no action's. Where the initial state leaves a choice, a
state ``first`` is added, and a constraint that the variables begin in one of the initial states. Names are kept as they are.
"""

from __future__ import annotations

from ...model.language import Enum, Int, ModelError, Op, Sort, Term, conj, one_of
from .job import Export, Job, describe, described, free_variables, ground, pinned, unpinned
from .names import ascii_only
from .words import code, widest, width


def btor2(job: Job) -> Export:
    """The job in BTOR2."""
    return _Btor2(job).export()


class _Btor2:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.system = job.system
        self.lines: list[str] = []
        self.count = 0
        self.known: dict[tuple[object, ...], int] = {}
        self.written: dict[tuple[Term, int], int] = {}
        self.states: dict[str, int] = {}

    # --- lines of BTOR2; equal ones are written once ----------------------------------------------------------------

    def node(self, *what: object, symbol: str = "", once: bool = True) -> int:
        if once and what in self.known:
            return self.known[what]
        self.count += 1
        self.lines.append(" ".join(map(str, (self.count, *what, *([symbol] if symbol else [])))))
        self.known.setdefault(what, self.count)
        return self.count

    def sort(self, bits: int) -> int:
        return self.node("sort", "bitvec", bits)

    def const(self, value: int, bits: int) -> int:
        return self.node("constd", self.sort(bits), value % (1 << bits))

    def bit(self, op: str, *args: int) -> int:
        return self.node(op, self.sort(1), *args)

    def all(self, nodes: list[int]) -> int:
        """The conjunction of bits."""
        result = nodes[0] if nodes else self.const(1, 1)
        for n in nodes[1:]:
            result = self.bit("and", result, n)
        return result

    def some(self, nodes: list[int]) -> int:
        """The disjunction of bits."""
        result = nodes[0] if nodes else self.const(0, 1)
        for n in nodes[1:]:
            result = self.bit("or", result, n)
        return result

    def term(self, t: Term, bits: int) -> int:
        """The node of a term; a number comes in so many bits."""
        key = (t, bits)
        if key not in self.written:
            self.written[key] = self._term(t, bits)
        return self.written[key]

    def _term(self, t: Term, bits: int) -> int:
        match t.op:
            case Op.CONST:
                value = int(t.value) if not isinstance(t.sort, Enum) else code(t.value, t.sort)
                return self.const(value, bits)
            case Op.VAR:
                mine = width(t.sort)
                state = self.states[t.name]
                return state if mine == bits else self.node("sext", self.sort(bits), state, bits - mine)
            case Op.NOT:
                return self.bit("not", self.term(t.args[0], 1))
            case Op.AND:
                return self.all([self.term(a, 1) for a in t.args])
            case Op.OR:
                return self.some([self.term(a, 1) for a in t.args])
            case Op.IMPLIES:
                return self.bit("implies", *(self.term(a, 1) for a in t.args))
            case Op.EQ | Op.LT | Op.LE:
                a, b = t.args
                wide = widest(a, b) if isinstance(a.sort, Int) else width(a.sort)
                op = {Op.EQ: "eq", Op.LT: "slt", Op.LE: "slte"}[t.op]
                return self.bit(op, self.term(a, wide), self.term(b, wide))
            case Op.ADD | Op.SUB:
                op = "add" if t.op is Op.ADD else "sub"
                return self.node(op, self.sort(bits), *(self.term(a, bits) for a in t.args))
            case Op.ITE:
                c, a, b = t.args
                return self.node("ite", self.sort(bits), self.term(c, 1), self.term(a, bits), self.term(b, bits))
            case _:
                raise ModelError(f"`{t}` is not ground and cannot be exported")

    def value(self, t: Term, bits: int) -> int:
        """The node of a term cut to so many bits, which hold its value."""
        wide = max(widest(t), bits) if isinstance(t.sort, Int) else bits
        node = self.term(t, wide)
        return node if wide == bits else self.node("slice", self.sort(bits), node, bits - 1, 0)

    # --- the model ----------------------------------------------------------------------------------------------

    def export(self) -> Export:
        job, system = self.job, self.system
        self.lines += [f"; {x}" for x in job.about()]
        self.lines += [
            "; Run: btormc or pono on FILE. A bad at frame n of a check of states is a run of n steps; of a check of steps",
            '; ("(step)"), a run of n + 1 steps, whose last one is given by the input at frame n.',
        ]
        choice = max((len(system.actions) - 1).bit_length(), 1)
        action = self.node("input", self.sort(choice), symbol="action")
        for v in system.variables:
            self.lines.append(f"; {described(v)} ({domain(v.sort)})")
            self.states[v.name] = self.node("state", self.sort(width(v.sort)), symbol=_symbol(v.name), once=False)
        self._initially()
        fires = []
        for i, a in enumerate(system.actions):
            self.lines += [f"; {x}" for x in describe(a)]
            self.lines.append(f"; is taken where the input is {i}")
            fires.append(self.all([self.bit("eq", action, self.const(i, choice)), self.term(a.guard, 1)]))
        for v in system.variables:
            bits = width(v.sort)
            self.lines.append(f"; the next value of {ascii_only(v.name)}")
            value = self.states[v.name]
            for a, fire in zip(system.actions, fires, strict=True):
                if v.term in a.update_of:
                    value = self.node("ite", self.sort(bits), fire, self.value(a.update_of[v.term], bits), value)
            self.node("next", self.sort(bits), self.states[v.name], value)
        names = []
        for check in job.checks:
            self.lines += [f"; {x}" for x in job.says(check)]
            wrong = self.bit("not", self.term(check.state, 1))
            if check.of_steps:
                wrong = self.some(
                    [self.all([fires[i], self.bit("not", self.term(law, 1))]) for i, law in check.steps.items()]
                )
            names.append(_symbol(check.name))
            self.node("bad", wrong, symbol=names[-1], once=False)
        self.lines += [f"; {x}: nothing in this system can break it" for x in job.trivial()]
        return Export("btor2", {f"{job.name}.btor2": "\n".join([*self.lines, ""])}, tuple(names))

    def _initially(self) -> None:
        values = pinned(self.system)
        for v in self.system.variables:
            if v.name in values:
                bits = width(v.sort)
                self.node("init", self.sort(bits), self.states[v.name], self.const(code(values[v.name], v.sort), bits))
        free = free_variables(self.system)
        rest = conj(*unpinned(self.system), *(in_domain(v.term) for v in self.system.variables if v.name in free))
        if free or unpinned(self.system):
            self.lines.append("; the initial states, where they are not given outright")
            first = self.node("state", self.sort(1), symbol="first", once=False)
            self.node("init", self.sort(1), first, self.const(1, 1))
            self.node("next", self.sort(1), first, self.const(0, 1))
            self.node("constraint", self.bit("implies", first, self.term(rest, 1)))


def in_domain(v: Term) -> Term:
    """That the bits of a variable are one of its values."""
    return one_of(v, *ground(v).domain)


def _symbol(text: str) -> str:
    return ascii_only(text).replace(" ", "_").replace(";", ",")


def domain(sort: Sort) -> str:
    """A domain in words, with the codes of its values."""
    if isinstance(sort, Enum):
        return ", ".join(f"{i} = {ascii_only(v)}" for i, v in enumerate(sort.values))
    return f"{sort}, two's complement" if isinstance(sort, Int) else "a truth value"
