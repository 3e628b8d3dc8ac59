"""Symmetry: instances that are interchangeable, found in the system and its obligations, never assumed.

A candidate exchanges two instances of an index, such as ``tdi0`` and ``tdi1`` (where that alone is none, with instances of
other indices that belong to them, such as the TDIs of two devices). It is an *automorphism* when it maps the initial-state
predicate to itself, every action to an action, and every obligation to an obligation. That is decided on the terms: they must
be equal but for the order of the arguments of commutative operators. So what is found is one, though not all may be found.

If an automorphism maps a state to another, what can happen from one can happen, mapped, from the other. So it is enough to
visit one of them, which the searches do by going on from a representative. Obligations that are mapped to each
other fail at the same depth. A property that names an instance that others could replace is mapped to no obligation; then
there is no automorphism, and nothing is reduced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from ...model.language import Enum, Op, State, System, Term, Value
from ...model.language.terms import conjuncts
from ...properties.compile import Obligation


@dataclass(frozen=True, eq=False)
class Automorphism:
    """An exchange that changes nothing: done twice, all is as before.

    A state is mapped to the one in which ``variables[v]`` has the exchanged value of ``v``.
    """

    exchanged: Mapping[str, str]
    """Instances, such as ``tdi0`` -> ``tdi1`` and ``tdi1`` -> ``tdi0``."""
    system: System
    variables: Mapping[str, str]
    actions: tuple[int, ...]
    obligations: tuple[int, ...]

    @cached_property
    def _sources(self) -> tuple[int, ...]:
        """For each position of a state, the one whose value comes there."""
        return tuple(self.system.index[self.variables[v.name]] for v in self.system.variables)

    def state(self, state: State) -> State:
        """The state that a state is mapped to."""
        return tuple(self.value(state[i]) for i in self._sources)

    def value(self, value: Value) -> Value:
        """The exchanged value."""
        return self.exchanged.get(value, value) if isinstance(value, str) else value

    def __str__(self) -> str:
        return ", ".join(f"{a} and {b}" for a, b in self.exchanged.items() if a < b)


def symmetries(system: System, obligations: Sequence[Obligation]) -> tuple[Automorphism, ...]:
    """Automorphisms of the system with its obligations: exchanges of neighbouring instances of each index."""
    found: list[Automorphism] = []
    plain = _Keys(system, {}, {v.name: v.name for v in system.variables})
    for exchanged in _candidates(system.topology):
        if any(set(exchanged.items()) >= set(a.exchanged.items()) for a in found):
            continue  # more is exchanged than needs to be
        a = _automorphism(system, obligations, exchanged, plain)
        if a is not None:
            found.append(a)
    return tuple(found)


def _candidates(topology: Mapping[str, int]) -> Iterator[dict[str, str]]:
    """Exchanges of two neighbouring instances: of one index, then of several indices at once."""
    many = [k for k, n in topology.items() if n > 1]
    for size in range(1, len(many) + 1):
        for chosen in combinations(many, size):
            yield from _exchanges(topology, chosen)


def _exchanges(topology: Mapping[str, int], chosen: Sequence[str]) -> Iterator[dict[str, str]]:
    """Of several indices, blocks of instances are exchanged: as many of each as belong to one of the first."""
    fewest = min(topology[k] for k in chosen)
    if any(topology[k] % fewest for k in chosen):
        return
    for i in range(fewest - 1):
        exchanged: dict[str, str] = {}
        for k in chosen:
            each = topology[k] // fewest
            # Instances are dealt out in turn (tdi0 to device0, tdi1 to device1, tdi2 to device0, …).
            for j in range(each):
                a, b = f"{k}{i + j * fewest}", f"{k}{i + 1 + j * fewest}"
                exchanged |= {a: b, b: a}
        yield exchanged


class _Keys:
    """Terms after an exchange, as keys that are equal for terms that are equal but for the order of commutative arguments."""

    numbers: dict[Hashable, int]

    def __init__(
        self, system: System, exchanged: Mapping[str, str], variables: Mapping[str, str], shared: _Keys | None = None
    ) -> None:
        self.exchanged = exchanged
        self.variables = variables
        self.memo: dict[Term, int] = {}
        # Keys are numbered, in common for all that are compared.
        self.numbers = shared.numbers if shared is not None else {}
        self.actions: dict[Hashable, list[int]] = {}
        self.system = system

    def key(self, t: Term) -> int:
        found = self.memo.get(t)
        if found is None:
            found = self.memo[t] = self.numbers.setdefault(self._shape(t), len(self.numbers))
        return found

    def _shape(self, t: Term) -> Hashable:
        match t.op:
            case Op.VAR:
                return Op.VAR, self.variables[t.name]
            case Op.CONST:
                value = self.exchanged.get(t.value, t.value) if isinstance(t.value, str) else t.value
                return Op.CONST, type(value), value
            case Op.AND | Op.OR | Op.EQ:
                return t.op, frozenset(Counter(map(self.key, t.args)).items())
            case Op.ADD:
                return Op.ADD, frozenset(Counter(map(self.key, _summands(t))).items())
            case _:
                return t.op, tuple(map(self.key, t.args))


def _summands(t: Term) -> list[Term]:
    return [x for a in t.args for x in _summands(a)] if t.op is Op.ADD else [t]


def _automorphism(
    system: System, obligations: Sequence[Obligation], exchanged: Mapping[str, str], plain: _Keys
) -> Automorphism | None:
    """The exchange as an automorphism, if it is one."""
    if not all(_closed(v.sort, exchanged) for v in system.variables):
        return None
    variables: dict[str, str] = {}
    observers = []
    for v in system.variables:
        to = ".".join(exchanged.get(part, part) for part in v.name.split("."))
        if v.name.startswith("monitor."):
            observers.append(v.name)
        elif to in system.index and system.variables[system.index[to]].sort == v.sort:
            variables[v.name] = to
        else:
            return None
    if not _observers(system, exchanged, variables, observers, plain):
        return None
    if any(variables[to] != name for name, to in variables.items()):
        return None
    mapped = _Keys(system, exchanged, variables, plain)
    if {plain.key(c) for c in conjuncts(system.init)} != {mapped.key(c) for c in conjuncts(system.init)}:
        return None
    there: dict[Hashable, list[int]] = {}
    for i, a in enumerate(system.actions):
        there.setdefault(_action(plain, i, a.args), []).append(i)
    actions = []
    for i, a in enumerate(system.actions):
        same = there.get(_action(mapped, i, tuple((k, exchanged.get(str(v), v)) for k, v in a.args)))
        if not same:
            return None
        actions.append(same.pop(0))
    if any(actions[actions[i]] != i for i in range(len(actions))):
        return None
    known = {_judged(plain, o, range(len(actions))): k for k, o in enumerate(obligations)}
    image = [known.get(_judged(mapped, o, actions)) for o in obligations]
    if None in image:
        return None
    return Automorphism(dict(exchanged), system, variables, tuple(actions), tuple(k for k in image if k is not None))


def _closed(sort: object, exchanged: Mapping[str, str]) -> bool:
    """Whether the exchange maps the values of a sort to values of it."""
    return not isinstance(sort, Enum) or all(exchanged.get(v, v) in sort.values for v in sort.values)


def _action(keys: _Keys, number: int, args: tuple[tuple[str, Value], ...]) -> Hashable:
    """What an action does after the exchange."""
    a = keys.system.actions[number]
    updates = frozenset((keys.variables[t.name], keys.key(u)) for t, u in a.updates)
    return a.event, args, a.reply, a.actor, keys.key(a.guard), updates


def _judged(keys: _Keys, o: Obligation, actions: Sequence[int]) -> Hashable:
    """What an obligation says after the exchange."""
    return o.reach, keys.key(o.state), frozenset((actions[i], keys.key(t)) for i, t in o.steps.items())


def _observers(
    system: System, exchanged: Mapping[str, str], variables: dict[str, str], observers: Sequence[str], plain: _Keys
) -> bool:
    """Add to ``variables`` where the monitors go, which no name tells: to those that observe the same after the exchange.

    It is enough to find candidates: that they are right, the whole is checked for afterwards.
    """
    events: dict[Hashable, int] = {}

    def step(i: int, exchange: Mapping[str, str]) -> int:
        """An event with its parameters and reply: what a monitor observes of an action."""
        a = system.actions[i]
        key = (a.event, tuple((k, exchange.get(str(v), v)) for k, v in a.args), a.reply)
        return events.setdefault(key, len(events))

    def observed(name: str, keys: _Keys, exchange: Mapping[str, str]) -> Hashable:
        return frozenset(
            Counter(
                (step(i, exchange), keys.key(value))
                for i, a in enumerate(system.actions)
                for target, value in a.updates
                if target.name == name
            ).items()
        )

    waiting = list(observers)
    while waiting:
        free = {n for n in observers if n not in variables.values()}
        found: dict[str, str] = {}
        for name in waiting:
            keys = _Keys(system, exchanged, {**variables, name: "itself"}, plain)
            try:
                wanted = observed(name, keys, exchanged)
            except KeyError:  # it observes a monitor that waits as well
                continue
            for other in sorted(free - set(found.values())):
                base = _Keys(system, {}, {**plain.variables, other: "itself"}, plain)
                if observed(other, base, {}) == wanted:
                    found[name] = other
                    break
        if not found:
            return False
        variables |= found
        waiting = [n for n in waiting if n not in variables]
    return True
