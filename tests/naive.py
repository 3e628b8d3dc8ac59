"""A deliberately naive explorer: the third opinion.

It shares no code with `tdisprove.explore`, not even the meaning of a term. Slow, and short enough to be seen to
be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tdisprove.model.language import System, Term
from tdisprove.properties import Obligation

OPERATORS: dict[str, Any] = {
    "NOT": lambda a: not a,
    "AND": lambda *a: all(a),
    "OR": lambda *a: any(a),
    "IMPLIES": lambda a, b: b if a else True,
    "EQ": lambda a, b: a == b,
    "LT": lambda a, b: a < b,
    "LE": lambda a, b: a <= b,
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "ITE": lambda c, a, b: a if c else b,
}


def value(t: Term, state: Mapping[str, Any]) -> Any:
    """What a term is in a state. Every argument is evaluated, whether it matters or not."""
    name = t.op.name
    if name == "CONST":
        return t.data
    if name == "VAR":
        return state[str(t.data)]
    return OPERATORS[name](*(value(a, state) for a in t.args))


@dataclass
class Counted:
    states: int
    transitions: int
    depth: int
    deadlocks: int
    fails_at: list[int | None]
    """Per obligation: the length of a shortest run that breaks it, or None."""


def explore(system: System, obligations: Sequence[Obligation] = ()) -> Counted:
    """All reachable states, one by one."""
    names = [v.name for v in system.variables]
    domains = [list(v.sort.domain) for v in system.variables]
    pinned: dict[str, Any] = {}
    for c in system.init.args if system.init.op.name == "AND" else (system.init,):
        if c.op.name == "EQ" and c.args[0].op.name == "VAR" and c.args[1].op.name == "CONST":
            pinned[str(c.args[0].data)] = c.args[1].data
        elif c.op.name == "NOT" and c.args[0].op.name == "VAR":
            pinned[str(c.args[0].data)] = False
    choices = [[pinned[n]] if n in pinned else d for n, d in zip(names, domains, strict=True)]
    level = [s for s in product(*choices) if value(system.init, dict(zip(names, s, strict=True)))]
    distance = dict.fromkeys(level, 0)
    transitions = deadlocks = 0
    fails_at: list[int | None] = [None] * len(obligations)

    def fail(number: int, at: int) -> None:
        best = fails_at[number]
        fails_at[number] = at if best is None else min(best, at)

    while level:
        following = []
        for s in level:
            state = dict(zip(names, s, strict=True))
            for number, o in enumerate(obligations):
                if not value(o.state, state):
                    fail(number, distance[s])
            stuck = True
            for i, a in enumerate(system.actions):
                if not value(a.guard, state):
                    continue
                stuck = False
                transitions += 1
                for number, o in enumerate(obligations):
                    if i in o.steps and not value(o.steps[i], state):
                        fail(number, distance[s] + 1)
                changed = {str(target.data): value(u, state) for target, u in a.updates}
                successor = tuple(changed.get(n, state[n]) for n in names)
                if successor not in distance:
                    distance[successor] = distance[s] + 1
                    following.append(successor)
            deadlocks += stuck
        level = following
    return Counted(len(distance), transitions, max(distance.values(), default=0), deadlocks, fails_at)
