"""Logs of events: lines of JSON, each an event of a flow, held against the flow's rules.

A line has ``event`` and, as far as they were seen, ``args`` (by name), ``reply`` and ``state`` (variables by name, as they are
afterwards). What a line leaves out may be anything. A line without ``event`` is skipped, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...model.language import Action, ModelError, System, Term, Value, conj, nearest, show
from ...model.language.terms import conjuncts
from .messages import Refusal, Validation
from .oracle import Allowed, Belief, Key, Oracle, Possible, _Compiled
from .partial import known

_CANDIDATES = 12


class EventLog:
    """Validates event by event. What is held is the set of possible states, so that time is linear in the log's length."""

    def __init__(self, system: System, *, hidden: int = 0, unseen: Sequence[str] = ()) -> None:
        self.system = system
        events = {a.event for a in system.actions}
        for name in unseen:
            if name not in events:
                raise ModelError(f"there is no event {name!r} in {system.name}{nearest(name, events)}")
        self.oracle = Oracle(system, events, [v.name for v in system.variables])
        self.hidden = hidden
        self.unseen = [k for k in self.oracle.known_keys() if not unseen or k[0] in unseen]
        self._by_event: dict[str, list[tuple[Key, Mapping[str, Value]]]] = {}
        for a in system.actions:
            key = a.event, tuple(v for _, v in a.args)
            known_keys = self._by_event.setdefault(a.event, [])
            if all(k != key for k, _ in known_keys):
                known_keys.append((key, dict(a.args)))
        self.belief: Belief = self.oracle.start([self.oracle.open_reading])
        self.result = Validation()
        self._matched: dict[tuple[Belief, tuple[Key, ...], str | None], Belief] = {}

    def run(self, lines: Iterable[Mapping[str, Any]]) -> Validation:
        r, supposed = self.result, dict[str, None]()
        for number, line in enumerate(lines, 1):
            r.lines = number
            if "event" not in line:
                kind = f"line with {', '.join(sorted(map(str, line))[:3]) or 'nothing'}, without event"
                r.skipped[kind] = r.skipped.get(kind, 0) + 1
                continue
            keys, facts, text = self._keys(number, line), self._facts(number, line), _text(line)
            reply = str(line["reply"]) if "reply" in line else None
            r.judged += 1
            after: Belief = frozenset()
            belief: Iterable[Possible] = self.belief
            for depth in range(self.hidden + 1):
                if depth:
                    belief = self._after_unseen(belief)
                after = self._step(frozenset(belief), tuple(keys), reply, facts)
                if after:
                    if depth:
                        supposed[f"up to {depth} unseen event(s) before line {number}, {text}"] = None
                    break
            if not after:
                r.refusal = self._refusal(number, line, text, keys, reply)
                break
            self.belief = after
            r.last = f"line {number}: {text}"
        r.accepted = r.refusal is None
        r.hidden = tuple(supposed)
        return r

    def _step(self, belief: Belief, keys: tuple[Key, ...], reply: str | None, facts: Term) -> Belief:
        # What a line says of the state is not kept with it: there may be as many such facts as lines.
        memo = (belief, keys, reply)
        if memo not in self._matched:
            options: list[Allowed] = [a for p in belief for k in keys for a in self.oracle.allowed(k, p)]
            self._matched[memo] = frozenset(a.after for a in options if reply is None or a.action.reply == reply)
        return frozenset(self.oracle.refine(self._matched[memo], facts))

    def _after_unseen(self, belief: Iterable[Possible]) -> set[Possible]:
        found = set(belief)
        for p in list(found):
            for key in self.unseen:
                found |= {a.after for a in self.oracle.allowed(key, p)}
        return found

    # --- Lines --------------------------------------------------------------------------------------------------------------

    def _keys(self, number: int, line: Mapping[str, Any]) -> list[Key]:
        event, args = str(line["event"]), line.get("args", {})
        if event not in self._by_event:
            raise ModelError(
                f"line {number}: there is no event {event!r} in {self.system.name}{nearest(event, self._by_event)}"
            )
        if not isinstance(args, Mapping):
            raise ModelError(f"line {number}: args is no object: give arguments by name")
        names = self._by_event[event][0][1]
        for name in args:
            if name not in names:
                raise ModelError(f"line {number}: event {event} has no argument {name!r}{nearest(str(name), names)}")
        return [k for k, mine in self._by_event[event] if all(mine[n] == x for n, x in args.items())]

    def _facts(self, number: int, line: Mapping[str, Any]) -> Term:
        state = line.get("state", {})
        if not isinstance(state, Mapping):
            raise ModelError(f"line {number}: state is no object: give values of variables by name")
        found = []
        for name, value in state.items():
            variable = self.system[str(name)]
            domain = self.system.variables[self.system.index[str(name)]].sort.domain
            if value not in domain:
                raise ModelError(f"line {number}: {name} cannot be {value!r}: it is one of {', '.join(map(str, domain))}")
            found.append(variable == value)
        return conj(*found)

    def _refusal(self, number: int, line: Mapping[str, Any], text: str, keys: Sequence[Key], reply: str | None) -> Refusal:
        candidates: dict[str, None] = {}
        some = list(self.belief)[:3]
        for key in keys:
            for c in self.oracle.compiled_of(key):
                if reply is not None and c.action.reply != reply:
                    continue
                for p in some:
                    candidates[self._why(c, p, line)] = None
        if not candidates:
            # No rule gives this answer with these arguments at all: what would have been allowed tells most.
            for key in keys:
                for p in some:
                    for a in self.oracle.allowed(key, p):
                        candidates[f"{a.action.label}: is what would be allowed{_cite(a.action)}"] = None
        states = [p.state for p in self.belief][:10]
        frontier = [
            ", ".join(f"{v.name}={str(x).lower()}" for v, x in zip(self.oracle.variables, s, strict=True)) for s in states
        ]
        return Refusal(number, text, reply or "any reply", tuple(list(candidates)[:_CANDIDATES]), tuple(frontier))

    def _why(self, c: _Compiled, p: Possible, line: Mapping[str, Any]) -> str:
        """Which parts of the guard refuse the action, or which fact its outcome contradicts."""
        names = self.oracle.names(p)
        failing = [show(t) for t in conjuncts(c.action.guard) if known(t, names) is False]
        if failing:
            return f"{c.action.label}: needs {' and '.join(failing)}{_cite(c.action)}"
        after = {t.name: known(x, names) for t, x in c.action.updates}
        wrong = [
            f"{n}={str(after.get(n, names[n])).lower()}, not {x}"
            for n, x in line.get("state", {}).items()
            if after.get(n, names[n]) != x
        ]
        return f"{c.action.label}: possible, but then {' and '.join(wrong) or 'nothing is wrong'}{_cite(c.action)}"


def _cite(a: Action) -> str:
    return f" [{'; '.join(a.citations[:2])}]" if a.citations else ""


def _text(line: Mapping[str, Any]) -> str:
    args = ", ".join(f"{k}={str(v).lower()}" for k, v in dict(line.get("args", {})).items())
    return f"{line['event']}({args})" + (f" -> {line['reply']}" if "reply" in line else "")
