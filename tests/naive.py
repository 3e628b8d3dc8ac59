"""A deliberately naive explorer: the third opinion.

It shares no code with `tdisprove.explore`, not even the meaning of a term. Slow, and short enough to be seen to
be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import networkx as nx
from tdisprove.model.language import System, Term
from tdisprove.properties import Obligation, Promise

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


def initially(system: System) -> list[tuple[Any, ...]]:
    """All initial states."""
    names = [v.name for v in system.variables]
    domains = [list(v.sort.domain) for v in system.variables]
    pinned: dict[str, Any] = {}
    for c in system.init.args if system.init.op.name == "AND" else (system.init,):
        if c.op.name == "EQ" and c.args[0].op.name == "VAR" and c.args[1].op.name == "CONST":
            pinned[str(c.args[0].data)] = c.args[1].data
        elif c.op.name == "NOT" and c.args[0].op.name == "VAR":
            pinned[str(c.args[0].data)] = False
    choices = [[pinned[n]] if n in pinned else d for n, d in zip(names, domains, strict=True)]
    return [s for s in product(*choices) if value(system.init, dict(zip(names, s, strict=True)))]


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
    level = initially(system)
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


def count(system: System) -> tuple[int, int]:
    """States and depth, for larger systems: as naive as `explore`, with the terms written out as Python."""
    position = {v.name: i for i, v in enumerate(system.variables)}
    words = {"AND": " and ", "OR": " or ", "EQ": " == ", "LT": " < ", "LE": " <= ", "ADD": " + ", "SUB": " - "}

    def source(t: Term) -> str:
        name, args = t.op.name, [source(a) for a in t.args]
        if name == "CONST":
            return repr(t.data)
        if name == "VAR":
            return f"s[{position[str(t.data)]}]"
        if name == "NOT":
            return f"(not {args[0]})"
        if name == "IMPLIES":
            return f"(not {args[0]} or {args[1]})"
        if name == "ITE":
            return f"({args[1]} if {args[0]} else {args[2]})"
        return f"({words[name].join(args)})"

    lines = ["def successors(s):"]
    for a in system.actions:
        values = {str(t.data): source(u) for t, u in a.updates}
        if values:
            fields = [values.get(v.name, f"s[{i}]") for i, v in enumerate(system.variables)]
            lines.append(f"    if {source(a.guard)}: yield ({', '.join(fields)},)")
    scope: dict[str, Any] = {}
    exec("\n".join(lines), scope)
    # The flows have one initial state: every conjunct of the predicate pins one variable.
    pinned: dict[str, Any] = {}
    for c in system.init.args:
        if c.op.name == "EQ":
            pinned[str(c.args[0].data)] = c.args[1].data
        else:
            pinned[str((c.args or (c,))[0].data)] = c.op.name == "VAR"
    level = [tuple(pinned[v.name] for v in system.variables)]
    seen = set(level)
    depth = -1
    while level:
        depth += 1
        following = []
        for state in level:
            for successor in scope["successors"](state):
                if successor not in seen:
                    seen.add(successor)
                    following.append(successor)
        level = following
    return len(seen), depth


Graph = dict[Any, list[tuple[int, Any]]]
"""For each state, the actions and where they lead."""


def breaks(system: System, promises: Sequence[Promise]) -> list[int | None]:
    """Per promise: the fewest steps before the loop (or the end) of a fair run that breaks it; None when there is none."""
    names = [v.name for v in system.variables]
    initial = initially(system)
    todo = list(initial)
    graph: Graph = {s: [] for s in initial}
    while todo:
        s = todo.pop()
        state = dict(zip(names, s, strict=True))
        for i, a in enumerate(system.actions):
            if value(a.guard, state):
                changed = {str(t.data): value(u, state) for t, u in a.updates}
                successor = tuple(changed.get(n, state[n]) for n in names)
                if successor not in graph:
                    graph[successor] = []
                    todo.append(successor)
                graph[s].append((i, successor))
    return [_breaks(graph, names, initial, p) for p in promises]


def _breaks(graph: Graph, names: list[str], initial: list[Any], promise: Promise) -> int | None:
    """Strong assumptions are not refined away but guessed: of each, whether its steps are taken or never possible."""

    def holds(t: Term, s: Any) -> bool:
        return bool(value(t, dict(zip(names, s, strict=True))))

    barren = {s for s in graph if not holds(promise.then, s)}
    ends = {s for s in barren if not graph[s]}
    meant = {
        (s, i): {k for k, f in enumerate(promise.fairness) if i in f.steps and holds(f.steps[i], s)}
        for s in barren
        for i, _ in graph[s]
    }
    possible: dict[Any, set[int]] = {s: set() for s in barren}
    for (s, _), numbers in meant.items():
        possible[s] |= numbers
    strong = [k for k, f in enumerate(promise.fairness) if f.strong]
    for avoided in product((False, True), repeat=len(strong)):
        never = {k for k, no in zip(strong, avoided, strict=True) if no}
        rest = {s for s in barren if not possible[s] & never}
        for component in nx.strongly_connected_components(
            nx.DiGraph({s: [b for _, b in graph[s] if b in rest] for s in rest})
        ):
            steps = [meant[s, i] for s in component for i, b in graph[s] if b in component]
            if steps and all(
                any(k in taken for taken in steps)
                or k in never
                or (not f.strong and any(k not in possible[s] for s in component))
                for k, f in enumerate(promise.fairness)
            ):
                ends |= component
    # Level by level, in two copies of the graph: before the promise is pending, and while it is.
    level = {(False, s) for s in initial}
    seen: set[tuple[bool, Any]] = set()
    depth = 0
    while level:
        level |= {(True, s) for _, s in level if s in barren and holds(promise.when, s)}
        if any(pending and s in ends for pending, s in level):
            return depth
        seen |= level
        level = {(p, b) for p, s in level for _, b in graph[s] if not p or b in barren} - seen
        depth += 1
    return None
