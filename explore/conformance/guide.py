"""Ways through the model: where an implementation has not been yet, and the shortest way there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field

from ...model.language import State, Value
from .alphabet import Alphabet, Stimulus
from .oracle import Allowed, Belief, Oracle, Possible
from .partial import known

_TRIES = 3
PAIRS = "transition pairs"


@dataclass
class Coverage:
    """What was covered of what there is, in four layers. ``share`` of an empty layer is 1."""

    states: tuple[int, int] = (0, 0)
    transitions: tuple[int, int] = (0, 0)
    pairs: tuple[int, int] = (0, 0)
    illegal: tuple[int, int] = (0, 0)

    def layers(self) -> dict[str, tuple[int, int]]:
        return {
            "states": self.states,
            "transitions": self.transitions,
            PAIRS: self.pairs,
            "illegal requests": self.illegal,
        }

    @staticmethod
    def share(layer: tuple[int, int]) -> float:
        return layer[0] / layer[1] if layer[1] else 1.0


@dataclass
class Node:
    """A state of the model under one reading, and what can be done there."""

    state: State
    options: dict[Stimulus, tuple[Allowed, ...]] = field(default_factory=dict)
    moves: dict[State, list[Stimulus]] = field(default_factory=dict)
    """Where one can get in one step that moves, and by what."""


class Chart:
    """All states of the model under one reading. A *transition* is a stimulus in a state; a *pair* is two moves in a row."""

    def __init__(self, alphabet: Alphabet, reading: Mapping[str, Value]) -> None:
        self.alphabet = alphabet
        self.reading = dict(reading)
        self.oracle: Oracle = alphabet.chart(reading)
        self._from = [alphabet.oracle.variables.index(v) for v in self.oracle.variables]
        self.first = self.place(alphabet.first)
        self.nodes: dict[State, Node] = {}
        todo = deque([self.first])
        self.nodes[self.first] = self._node(self.first)
        while todo:
            for state in self.nodes[todo.popleft()].moves:
                if state not in self.nodes:
                    self.nodes[state] = self._node(state)
                    todo.append(state)
        self.transitions = {(n.state, s) for n in self.nodes.values() for s in n.options}
        self.illegal = {
            (n.state, s)
            for n in self.nodes.values()
            for s, o in n.options.items()
            if s.fixed or (o and all(a.reply != "ok" for a in o))
        }
        # In an order that is the same in every process, which that of a set is not: the guide goes through them.
        self.pairs = dict.fromkeys(
            (n.state, y, z) for n in self.nodes.values() for y in n.moves for z in self.nodes[y].moves
        )

    def place(self, state: State) -> State:
        """Where a state of the alphabet's oracle lies on the chart."""
        return tuple(state[i] for i in self._from)

    def _node(self, state: State) -> Node:
        node = Node(state)
        p = Possible(state, self.oracle.open_reading)
        names = self.oracle.names(p)
        for s in self.alphabet.stimuli:
            if not known(s.only, names):
                continue
            found = tuple(a for k in s.keys for a in self.oracle.allowed(k, p))
            if not found and not s.stays and not s.fixed:
                continue
            node.options[s] = found
            # Of the choices that a device has with one answer, the first is supposed.
            supposed: dict[str, State] = {}
            for a in found:
                supposed.setdefault(a.reply, self.after(s, a))
            for to in dict.fromkeys(supposed.values()):
                if to != state:
                    node.moves.setdefault(to, []).append(s)
        return node

    def after(self, s: Stimulus, a: Allowed) -> State:
        """Where an answer leads, with what follows it by itself."""
        after = a.after
        if s.then and (not s.then_if_ok or a.reply == "ok"):
            for key in s.then:
                after = next((x.after for x in self.oracle.allowed(key, after)), after)
        return after.state

    def way_to(self, state: State | None) -> list[tuple[State, Stimulus, State]] | None:
        """A shortest way to a state from a reset."""
        return self.way(self.first, lambda x: x == state)

    def way(
        self, start: State, wanted: Callable[[State], bool], avoid: Iterable[tuple[State, Stimulus]] = ()
    ) -> list[tuple[State, Stimulus, State]] | None:
        """A shortest way to a wanted state; None when there is none."""
        if wanted(start):
            return []
        avoided = avoid if isinstance(avoid, set | frozenset) else set(avoid)
        came: dict[State, tuple[State, Stimulus]] = {}
        todo = deque([start])
        seen = {start}
        while todo:
            at = todo.popleft()
            for to, by in self.nodes[at].moves.items():
                if to in seen:
                    continue
                s = next((x for x in by if (at, x) not in avoided), None)
                if s is None:
                    continue
                seen.add(to)
                came[to] = at, s
                if wanted(to):
                    steps = []
                    while to != start:
                        at, s = came[to]
                        steps.append((at, s, to))
                        to = at
                    return steps[::-1]
                todo.append(to)
        return None


def charted(alphabet: Alphabet, reading: Mapping[str, Value]) -> Chart:
    """The chart under a reading; one that was made before is used again."""
    charts: dict[tuple[tuple[str, Value], ...], Chart] = alphabet.__dict__.setdefault("_charts", {})
    key = tuple(sorted(reading.items()))
    if key not in charts:
        charts[key] = Chart(alphabet, reading)
    return charts[key]


class Guide:
    """Leads a run to what it has not done yet: every stimulus in every state, then every pair of moves."""

    def __init__(self, chart: Chart, *, pairs: bool = True) -> None:
        self.chart = chart
        self.open: dict[State, dict[Stimulus, None]] = {n.state: dict.fromkeys(n.options) for n in chart.nodes.values()}
        self.visited: set[State] = set()
        self.done: set[tuple[State, Stimulus]] = set()
        self.pairs_done: set[tuple[State, State, State]] = set()
        self.avoid: set[tuple[State, Stimulus]] = set()
        """What is known to fail, so that it would only fail again."""
        self.declined: set[tuple[State, Stimulus]] = set()
        """What the implementation refuses for reasons of its own, as it may: what lies behind it alone is not there to be covered."""
        self._pairs = chart.pairs if pairs else {}
        self._pairs_from: dict[State, dict[State, dict[State, None]]] = {}
        """Those that are left: from which state, over which, to which."""
        for x, y, z in self._pairs:
            self._pairs_from.setdefault(x, {}).setdefault(y, {})[z] = None
        self._layers = self._by_hostility()
        """Where one can get without a hostile stimulus, with one, …: the first is gone through first. Empty: all are left."""
        self.layers_done = 0
        self._last: tuple[State, State] | None = None
        self._at: dict[Belief, frozenset[State]] = {}
        self._tried: dict[tuple[State, State, State], int] = {}
        self._supposed: State | None = None
        self._planned: deque[tuple[State, Stimulus]] = deque()
        self._arrivals: set[tuple[str, frozenset[int], State]] = set()

    def _by_hostility(self) -> list[set[State]]:
        if not any(s.hostile for s in self.chart.alphabet.stimuli):
            return []
        moves = {
            n: {to: all(s.hostile for s in by) for to, by in node.moves.items()} for n, node in self.chart.nodes.items()
        }
        peaceful = {n: {to for to, hostile in found.items() if not hostile} for n, found in moves.items()}
        layers: list[set[State]] = []
        start = {self.chart.first}
        while True:
            reached = _reached(start, peaceful)
            if layers and reached == layers[-1]:
                break
            layers.append(reached)
            start = reached | {to for n in reached for to in moves[n]}
        return layers[:-1]

    def suppose(self, at: State | None, s: Stimulus) -> None:
        """The stimulus is about to be applied: where that leads to, by the first choice that a device has."""
        options = self.chart.nodes[at].options.get(s, ()) if at is not None else ()
        self._supposed = self.chart.after(s, options[0]) if options else at

    def refused_like(self, at: State, s: Stimulus) -> list[Stimulus]:
        """The stimuli of the same event that are refused in the state for what they ask, not for a flaw."""
        return [
            x
            for x, options in self.chart.nodes[at].options.items()
            if x.event == s.event
            and x.args.get("flaw", "none") == "none"
            and options
            and (at, x) not in self.avoid
            and not self.moves(at, x)
            and all(a.reply != "ok" for a in options)
        ]

    def sentinels(self, at: State) -> list[Stimulus]:
        """Those that lead nowhere from the state."""
        return [
            s for s in self.chart.nodes[at].options if s.sentinel and (at, s) not in self.avoid and not self.moves(at, s)
        ]

    def arrives(self, s: Stimulus, at: State, to: State) -> bool:
        """Whether the state was not come to before by the same event with the same changes (where nothing had to change, nothing can be
        forgotten); not asked any more where it takes many hostile acts to get there."""
        way = s.name, frozenset(i for i, (was, x) in enumerate(zip(at, to, strict=True)) if was != x), to
        if self.layers_done > 1 or way in self._arrivals:
            return False
        self._arrivals.add(way)
        return True

    def moves(self, at: State, s: Stimulus) -> bool:
        """Whether the stimulus leads to another state."""
        return any(s in by for by in self.chart.nodes[at].moves.values())

    def begin(self) -> None:
        """The implementation is a new one."""
        self._supposed = None
        self._last = None
        self._planned.clear()
        self.visited.add(self.chart.first)

    def at(self, belief: Belief) -> State | None:
        """Where the implementation is on the chart; None when it is not on it, or may be in several places that nothing tells apart.

        Where a device has a choice that nobody sees, the first of the choices is supposed, if that is possible.
        """
        if belief not in self._at:
            self._at[belief] = (
                frozenset(self.chart.place(p.state) for p in belief if self._fits(p)) & self.chart.nodes.keys()
            )
        places = self._at[belief]
        if len(places) == 1:
            return next(iter(places))
        return self._supposed if self._supposed in places else None

    def _fits(self, p: Possible) -> bool:
        knobs = self.chart.alphabet.oracle.knobs
        return all(r is None or self.chart.reading.get(v.name, r) == r for v, r in zip(knobs, p.reading, strict=True))

    def next(self, at: State) -> Stimulus | None:
        """What to do next; None when nothing is left to do from here without a reset."""
        stays, moves = None, None
        node = self.chart.nodes[at]
        moving = {s for by in node.moves.values() for s in by}
        layer = self._layers[0] if self._layers else None
        for s in self.open[at] if layer is None or at in layer else ():
            if s in moving:
                moves = moves or s
            else:
                stays = s
                break
        if stays or moves:
            self._planned.clear()
            return stays or moves
        if self._planned and self._planned[0][0] == at:
            return self._planned.popleft()[1]
        self._planned.clear()
        if self._last is not None:
            # One more move makes a pair with the last.
            for z in self._pairs_from.get(self._last[0], {}).get(at, ()):
                by = self._by(at, z)
                if by is not None and self._last[1] == at and self._tries(self._last[0], at, z):
                    return by
        steps, left = None, any(self.open.values())
        if layer is not None:
            steps = self.chart.way(at, lambda x: x in layer and bool(self.open[x]), self.avoid)
            if not steps and at == self.chart.first:
                self._layers.pop(0)
                self.layers_done += 1
                return self.next(at)
        elif left:
            steps = self.chart.way(at, lambda x: bool(self.open[x]), self.avoid)
        if steps is None and not left:
            steps = self._way_to_pair(at)
        if not steps:
            return None
        self._planned.extend((x, s) for x, s, _ in steps)
        return self._planned.popleft()[1]

    def _by(self, at: State, to: State) -> Stimulus | None:
        return next((s for s in self.chart.nodes[at].moves.get(to, ()) if (at, s) not in self.avoid), None)

    def _tries(self, x: State, y: State, z: State) -> bool:
        """Whether the pair is worth trying (once more): an implementation may have other choices than those supposed."""
        self._tried[x, y, z] = self._tried.get((x, y, z), 0) + 1
        return self._tried[x, y, z] <= _TRIES

    def _way_to_pair(self, at: State) -> list[tuple[State, Stimulus, State]] | None:
        steps = self.chart.way(at, lambda x: self._pair_at(x) is not None, self.avoid)
        if steps is None:
            return None
        x = steps[-1][2] if steps else at
        pair = self._pair_at(x)
        assert pair is not None
        y, z = pair
        self._tries(x, y, z)
        first, second = self._by(x, y), self._by(y, z)
        assert first is not None and second is not None
        return [*steps, (x, first, y), (y, second, z)]

    def _pair_at(self, x: State) -> tuple[State, State] | None:
        """A pair that begins in the state and is left and can be done."""
        for y, rest in self._pairs_from.get(x, {}).items():
            for z in rest:
                if self._tried.get((x, y, z), 0) < _TRIES and self._by(x, y) is not None and self._by(y, z) is not None:
                    return y, z
        return None

    def did(self, at: State, s: Stimulus, to: State | None) -> None:
        """The implementation did it, and was judged."""
        self.done.add((at, s))
        self.open[at].pop(s, None)
        if to is None:
            self._last = None
            return
        self.visited.add(to)
        if to != at:
            if self._last is not None and self._last[1] == at:
                self._pair(self._last[0], at, to)
            self._last = at, to

    def _pair(self, x: State, y: State, z: State) -> None:
        if (x, y, z) in self._pairs:
            self.pairs_done.add((x, y, z))
            over = self._pairs_from.get(x, {})
            rest = over.get(y, {})
            rest.pop(z, None)
            if not rest:
                over.pop(y, None)

    def give_up(self, at: State, s: Stimulus) -> None:
        """It cannot be done (any more): not covered, and not tried again."""
        self.open[at].pop(s, None)
        self.avoid.add((at, s))

    def coverage(self) -> Coverage:
        c = self.chart
        nodes: Collection[State] = c.nodes.keys()
        transitions, illegal = c.transitions, c.illegal
        pairs: Set[tuple[State, State, State]] = c.pairs.keys()
        if self.declined:
            moves = {
                n: {to for to, by in c.nodes[n].moves.items() if any((n, s) not in self.declined for s in by)} for n in nodes
            }
            nodes = _reached({c.first}, moves)
            transitions = {x for x in transitions if x[0] in nodes}
            illegal = {x for x in illegal if x[0] in nodes}
            pairs = {(x, y, z) for x, y, z in pairs if x in nodes and y in moves[x] and z in moves[y]}
        return Coverage(
            (len(self.visited & set(nodes)), len(nodes)),
            (len((self.done | self.declined) & transitions), len(transitions)),
            (len(self.pairs_done & pairs), len(pairs)),
            (len(self.done & illegal), len(illegal)),
        )


def _reached(first: set[State], moves: Mapping[State, set[State]]) -> set[State]:
    found, todo = set(first), list(first)
    while todo:
        for to in moves[todo.pop()] - found:
            found.add(to)
            todo.append(to)
    return found
