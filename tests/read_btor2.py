"""An independent reader of BTOR2: evaluates the lines as the format says, and explores breadth first.

It shares no code with what writes the format. Of the format it knows the operators that are written, and refuses others.
"""

from __future__ import annotations

from itertools import product

from tdisprove.bench.peers.peer import Answer


class Btor2:
    def __init__(self, text: str) -> None:
        self.widths: dict[int, int] = {}
        self.nodes: list[tuple[int, str, int, list[int]]] = []
        self.states: dict[int, int] = {}
        self.inputs: dict[int, int] = {}
        self.init: dict[int, int] = {}
        self.next: dict[int, int] = {}
        self.bad: list[int] = []
        self.constraints: list[int] = []
        self.names: dict[int, str] = {}
        for line in text.splitlines():
            words = line.partition(";")[0].split()
            if words:
                self._line(int(words[0]), words[1], words[2:])
        self.order = {n: i for i, (n, *_) in enumerate(self.nodes)}

    def _line(self, n: int, op: str, rest: list[str]) -> None:
        if op == "sort":
            assert rest[0] == "bitvec"
            self.widths[n] = int(rest[1])
        elif op in ("state", "input"):
            (self.states if op == "state" else self.inputs)[n] = self.widths[int(rest[0])]
            self.names[n] = rest[1]
        elif op in ("init", "next"):
            (self.init if op == "init" else self.next)[int(rest[1])] = int(rest[2])
        elif op in ("bad", "constraint"):
            (self.bad if op == "bad" else self.constraints).append(int(rest[0]))
        else:
            self.nodes.append((n, op, self.widths[int(rest[0])], [int(x) for x in rest[1:]]))

    def evaluate(self, given: dict[int, int]) -> dict[int, int]:
        """The values of all nodes, where states and inputs have the given ones."""
        values = dict(given)
        width = {**self.states, **self.inputs}

        def signed(n: int) -> int:
            return values[n] - (1 << width[n]) if values[n] >> (width[n] - 1) else values[n]

        for n, op, bits, args in self.nodes:
            width[n] = bits
            match op:
                case "constd":
                    value = args[0]
                case "not":
                    value = ~values[args[0]]
                case "and":
                    value = values[args[0]] & values[args[1]]
                case "or":
                    value = values[args[0]] | values[args[1]]
                case "implies":
                    value = (1 - values[args[0]]) | values[args[1]]
                case "eq":
                    assert width[args[0]] == width[args[1]]
                    value = int(values[args[0]] == values[args[1]])
                case "slt":
                    value = int(signed(args[0]) < signed(args[1]))
                case "slte":
                    value = int(signed(args[0]) <= signed(args[1]))
                case "add":
                    value = values[args[0]] + values[args[1]]
                case "sub":
                    value = values[args[0]] - values[args[1]]
                case "ite":
                    assert width[args[0]] == 1
                    assert width[args[1]] == width[args[2]] == bits
                    value = values[args[1]] if values[args[0]] else values[args[2]]
                case "sext":
                    assert width[args[0]] + args[1] == bits
                    value = signed(args[0])
                case "slice":
                    assert args[1] - args[2] + 1 == bits <= width[args[0]]
                    value = values[args[0]] >> args[2]
                case _:
                    raise AssertionError(f"line {n}: {op} is not known")
            values[n] = value % (1 << bits)
        return values


def read_btor2(text: str, of_steps: list[bool]) -> Answer:
    """What is reached, and at which depth each bad is; states are those of the variables, without ``first``."""
    b = Btor2(text)
    variables = [n for n in b.states if b.names[n] != "first"]
    names = list(b.states)
    choices = [dict(zip(b.inputs, c, strict=True)) for c in product(*(range(1 << w) for w in b.inputs.values()))]
    constants = b.evaluate(dict.fromkeys([*b.states, *b.inputs], 0))
    level = {
        s
        for s in product(*([constants[b.init[n]]] if n in b.init else range(1 << b.states[n]) for n in names))
        if all(b.evaluate({**dict(zip(names, s, strict=True)), **choices[0]})[c] for c in b.constraints)
    }
    seen = {_visible(s, names, variables) for s in level}
    visited = set(level)
    depth, deepest = 0, 0
    violated: dict[int, int | None] = {}
    while level:
        following: set[tuple[int, ...]] = set()
        for s in level:
            for choice in choices:
                values = b.evaluate({**dict(zip(names, s, strict=True)), **choice})
                if not all(values[c] for c in b.constraints):
                    continue
                for k, bad in enumerate(b.bad):
                    if values[bad]:
                        violated.setdefault(k, depth + of_steps[k])
                new = tuple(values[b.next[n]] for n in names)
                if new not in visited:
                    visited.add(new)
                    following.add(new)
        depth += 1
        fresh = {_visible(s, names, variables) for s in following} - seen
        if fresh:
            seen |= fresh
            deepest = depth
        level = following
    return Answer(len(seen), None, deepest, violated)


def _visible(state: tuple[int, ...], names: list[int], variables: list[int]) -> tuple[int, ...]:
    return tuple(x for n, x in zip(names, state, strict=True) if n in variables)
