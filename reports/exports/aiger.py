"""AIGER 1.9: latches for the variables, inputs that say which action is taken, a ``bad`` output per check.

The text is in the ASCII format, with our names in the symbol table and the rest as comments; `binary` is the same circuit in the
binary format. An action whose guard does not hold changes nothing. Latches begin with the initial state, where there is one;
otherwise a latch ``started`` is added, the inputs propose an initial state while it is off, and it goes on when they propose one
that is, which takes one step more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...model.language import Enum, Int, ModelError, Op, Term, conj
from .btor2 import domain, in_domain
from .job import Export, Job, describe, described, free_variables, pinned, unpinned
from .names import ascii_only
from .words import code, widest, width

FALSE, TRUE = 0, 1
"""The literals of the constants. A literal is twice a variable's number, plus one where it is negated."""


@dataclass
class Circuit:
    """An and-inverter graph. Inputs come first, latches next, gates last, each gate after what it reads."""

    inputs: list[str]
    latches: list[str]
    gates: list[tuple[int, int]] = field(default_factory=list)
    next: list[int] = field(default_factory=list)
    reset: list[int] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    _known: dict[tuple[int, int], int] = field(default_factory=dict)

    def input(self, number: int) -> int:
        return 2 * (1 + number)

    def latch(self, number: int) -> int:
        return 2 * (1 + len(self.inputs) + number)

    def both(self, a: int, b: int) -> int:
        a, b = max(a, b), min(a, b)
        if b == FALSE or a == b ^ 1:
            return FALSE
        if b in (TRUE, a):
            return a
        if (a, b) not in self._known:
            self.gates.append((a, b))
            self._known[a, b] = 2 * (len(self.inputs) + len(self.latches) + len(self.gates))
        return self._known[a, b]

    def either(self, a: int, b: int) -> int:
        return self.both(a ^ 1, b ^ 1) ^ 1

    def choose(self, c: int, a: int, b: int) -> int:
        """``a`` where ``c``, else ``b``."""
        return a if a == b else self.either(self.both(c, a), self.both(c ^ 1, b))

    def same(self, a: int, b: int) -> int:
        return self.choose(a, b, b ^ 1)

    def all(self, literals: Sequence[int]) -> int:
        result = TRUE
        for x in literals:
            result = self.both(result, x)
        return result

    def some(self, literals: Sequence[int]) -> int:
        return self.all([x ^ 1 for x in literals]) ^ 1

    @property
    def header(self) -> str:
        sizes = (len(self.inputs), len(self.latches), 0, len(self.gates), len(self.bad))
        return f"{sum(sizes[:2]) + sizes[3]} {' '.join(map(str, sizes))}"

    def symbols(self) -> list[str]:
        lines = [f"i{i} {name}" for i, name in enumerate(self.inputs)]
        lines += [f"l{i} {name}" for i, name in enumerate(self.latches)]
        return lines + [f"b{i} {name}" for i, (_, name) in enumerate(self.bad)]

    def ascii(self, comments: Sequence[str]) -> str:
        lines = [f"aag {self.header}"]
        lines += [str(self.input(i)) for i in range(len(self.inputs))]
        lines += [f"{self.latch(i)} {n} {r}" for i, (n, r) in enumerate(zip(self.next, self.reset, strict=True))]
        lines += [str(x) for x, _ in self.bad]
        first = len(self.inputs) + len(self.latches) + 1
        lines += [f"{2 * (first + i)} {a} {b}" for i, (a, b) in enumerate(self.gates)]
        return "\n".join([*lines, *self.symbols(), "c", *comments, ""])

    def binary(self, comments: Sequence[str]) -> bytes:
        lines = [f"aig {self.header}"]
        lines += [f"{n} {r}" for n, r in zip(self.next, self.reset, strict=True)]
        lines += [str(x) for x, _ in self.bad]
        first = len(self.inputs) + len(self.latches) + 1
        packed = b"".join(_delta(2 * (first + i) - a) + _delta(a - b) for i, (a, b) in enumerate(self.gates))
        tail = "\n".join([*self.symbols(), "c", *comments, ""])
        return "\n".join([*lines, ""]).encode() + packed + tail.encode()


def _delta(x: int) -> bytes:
    """A number in groups of seven bits, the low ones first."""
    out = bytearray()
    while x >= 0x80:
        out.append(x & 0x7F | 0x80)
        x >>= 7
    out.append(x)
    return bytes(out)


def aiger(job: Job) -> Export:
    """The job as a circuit, in both formats."""
    return _Aiger(job).export()


class _Aiger:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.system = job.system
        self.free = bool(free_variables(self.system) or unpinned(self.system))
        self.choice = (max(len(self.system.actions), 1) - 1).bit_length()
        latches = [f"{ascii_only(v.name)}[{b}]" for v in self.system.variables for b in range(width(v.sort))]
        inputs = [f"action[{b}]" for b in range(self.choice)]
        if self.free:
            inputs += [f"initially {x}" for x in latches]
            latches.append("started")
        self.circuit = Circuit(inputs, latches)
        self.first: dict[str, int] = {}
        at = 0
        for v in self.system.variables:
            self.first[v.name] = at
            at += width(v.sort)
        self.written: dict[tuple[Term, int], tuple[int, ...]] = {}
        self.proposed = False
        """Whether variables are read from the inputs that propose an initial state."""

    def term(self, t: Term, bits: int) -> tuple[int, ...]:
        """The literals of a term, the lowest bit first; a number comes in so many bits."""
        key = (t, bits)
        if key not in self.written:
            self.written[key] = tuple(self._term(t, bits))
        return self.written[key]

    def truth(self, t: Term) -> int:
        return self.term(t, 1)[0]

    def variable(self, name: str, mine: int) -> list[int]:
        c, at = self.circuit, self.first[name]
        if self.proposed:
            return [c.input(self.choice + at + b) for b in range(mine)]
        return [c.latch(at + b) for b in range(mine)]

    def _term(self, t: Term, bits: int) -> Sequence[int]:
        c = self.circuit
        match t.op:
            case Op.CONST:
                value = code(t.value, t.sort) if isinstance(t.sort, Enum) else int(t.value)
                return [value >> b & 1 for b in range(bits)]
            case Op.VAR:
                mine = width(t.sort)
                literals = self.variable(t.name, mine)
                return literals + literals[-1:] * (bits - mine)
            case Op.NOT:
                return [self.truth(t.args[0]) ^ 1]
            case Op.AND:
                return [c.all([self.truth(a) for a in t.args])]
            case Op.OR:
                return [c.some([self.truth(a) for a in t.args])]
            case Op.IMPLIES:
                return [c.either(self.truth(t.args[0]) ^ 1, self.truth(t.args[1]))]
            case Op.EQ:
                return [c.all([c.same(x, y) for x, y in zip(*self._operands(t), strict=True)])]
            case Op.LT:
                return [self._less(*self._operands(t))]
            case Op.LE:
                a, b = self._operands(t)
                return [self._less(b, a) ^ 1]
            case Op.ADD:
                return self._add(self.term(t.args[0], bits), self.term(t.args[1], bits), FALSE)
            case Op.SUB:
                return self._add(self.term(t.args[0], bits), [x ^ 1 for x in self.term(t.args[1], bits)], TRUE)
            case Op.ITE:
                if_, then, otherwise = t.args
                chosen = self.truth(if_)
                pairs = zip(self.term(then, bits), self.term(otherwise, bits), strict=True)
                return [c.choose(chosen, x, y) for x, y in pairs]
            case _:
                raise ModelError(f"`{t}` is not ground and cannot be exported")

    def _operands(self, t: Term) -> tuple[tuple[int, ...], tuple[int, ...]]:
        a, b = t.args
        wide = widest(a, b) if isinstance(a.sort, Int) else width(a.sort)
        return self.term(a, wide), self.term(b, wide)

    def _add(self, a: Sequence[int], b: Sequence[int], carry: int) -> list[int]:
        c = self.circuit
        out = []
        for x, y in zip(a, b, strict=True):
            half = c.same(x, y) ^ 1
            out.append(c.same(half, carry) ^ 1)
            carry = c.either(c.both(x, y), c.both(half, carry))
        return out

    def _less(self, a: Sequence[int], b: Sequence[int]) -> int:
        """Whether a < b in two's complement."""
        c = self.circuit
        # With the top bits turned round the numbers are in the order of unsigned ones; the highest difference decides.
        xs, ys = [*a[:-1], a[-1] ^ 1], [*b[:-1], b[-1] ^ 1]
        less = FALSE
        for x, y in zip(xs, ys, strict=True):
            less = c.choose(c.same(x, y), less, y)
        return less

    def export(self) -> Export:
        job, system, c = self.job, self.system, self.circuit
        allowed = TRUE
        if self.free:
            self.proposed = True
            allowed = self.truth(conj(system.init, *(in_domain(v.term) for v in system.variables)))
            self.proposed = False
            self.written.clear()
        started = c.latch(self._started) if self.free else TRUE
        fires = []
        for i, a in enumerate(system.actions):
            chosen = [c.input(b) ^ 1 ^ (i >> b & 1) for b in range(self.choice)]
            fires.append(c.all([started, *chosen, self.truth(a.guard)]))
        values = pinned(system)
        for v in system.variables:
            bits = width(v.sort)
            after: Sequence[int] = self.variable(v.name, bits)
            for a, fire in zip(system.actions, fires, strict=True):
                if v.term in a.update_of:
                    update = a.update_of[v.term]
                    new = self.term(update, max(widest(update), bits) if isinstance(v.sort, Int) else bits)
                    after = [c.choose(fire, x, y) for x, y in zip(new[:bits], after, strict=True)]
            if self.free:
                begin = [c.input(self.choice + self.first[v.name] + b) for b in range(bits)]
                now = self.variable(v.name, bits)
                after = [c.choose(started, x, c.choose(allowed, y, z)) for x, y, z in zip(after, begin, now, strict=True)]
            c.next += after
            initially = 0 if self.free else code(values[v.name], v.sort)
            c.reset += [initially >> b & 1 for b in range(bits)]
        if self.free:
            c.next.append(c.either(started, allowed))
            c.reset.append(0)
        for check in job.checks:
            wrong = [started, self.truth(check.state) ^ 1]
            if check.of_steps:
                wrong = [c.some([c.both(fires[i], self.truth(law) ^ 1) for i, law in check.steps.items()])]
            c.bad.append((c.all(wrong), check.name))
        comments = self._comments()
        more = 1 if self.free else 0
        return Export(
            "aiger", {f"{job.name}.aag": c.ascii(comments)}, tuple(name for _, name in c.bad), more, more, c.binary(comments)
        )  # fmt: skip

    @property
    def _started(self) -> int:
        return len(self.circuit.latches) - 1

    def _comments(self) -> list[str]:
        job = self.job
        lines = job.about()
        lines += [
            "Run: berkeley-abc -c 'read FILE.aig; pdr' (or bmc3), with FILE.aig written by -o FILE.aig.",
            "A bad output at frame n of a check of states is a run of n steps; of a check of steps ('(step)'), of n + 1.",
        ]
        if self.free:
            lines.append("The first step chooses an initial state: n is one more.")
        for v in self.system.variables:
            lines.append(f"variable {described(v)} ({domain(v.sort)})")
        for i, a in enumerate(self.system.actions):
            lines += [f"action {i}: {line}" if k == 0 else f"  {line}" for k, line in enumerate(describe(a))]
        for check in job.checks:
            lines += [f"bad {line}" if k == 0 else f"  {line}" for k, line in enumerate(job.says(check))]
        return lines + [f"{x}: nothing in this system can break it" for x in job.trivial()]
