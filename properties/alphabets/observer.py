"""An alphabet in one system: which steps are seen as what, and which values are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...model.language import System, Term, Value, word
from ..compile import compile_steps, compile_values
from .alphabet import Alphabet


@dataclass(frozen=True, eq=False)
class Observer:
    """``seen``: action -> the looks of its steps, each with when (a term over the state before the step). ``shown``: names with values."""

    seen: Mapping[int, tuple[tuple[str, Term], ...]]
    shown: tuple[tuple[str, Term], ...]

    @classmethod
    def of(cls, alphabet: Alphabet, system: System) -> Observer:
        """Raises `ModelError` where the alphabet speaks of variables that the system does not have."""
        where = f"alphabet {alphabet.name}"
        seen: dict[int, list[tuple[str, Term]]] = {}
        conditions = compile_steps(system, [s.steps for s in alphabet.seen], where)
        for s, mine in zip(alphabet.seen, conditions, strict=True):
            for i, when in mine.items():
                action = system.actions[i]
                seen.setdefault(i, []).append((_filled(s.label, dict(action.args)) if s.label else action.label, when))
        values = compile_values(system, [(s.value, s.over) for s in alphabet.shown], where)
        shown = [
            (_filled(s.label, {k: x.value for k, x in env.items()}), term)
            for s, mine_too in zip(alphabet.shown, values, strict=True)
            for env, term in mine_too
        ]
        return cls({i: tuple(looks) for i, looks in sorted(seen.items())}, tuple(shown))


def label(seen: list[str], changed: list[tuple[str, Value]]) -> str:
    """What a step looks like: what is seen of it, and the values that it changes; empty when it is silent."""
    return ", ".join([*sorted(set(seen)), *(f"{name}: {word(value)}" for name, value in changed)])


def _filled(text: str, values: Mapping[str, Value]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", word(value))
    return text
