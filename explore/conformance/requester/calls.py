"""What a guest calls, and what comes back: values, and their words on a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """What the guest asks for, and of whom is for its name to say."""

    name: str
    args: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return _line(self.name, self.args)


@dataclass(frozen=True)
class Answer:
    """What a call comes back with: ``ok``, a status of the TSM's, ``error`` of the host's, or ``silence``; and values by name."""

    status: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return _line(self.status, self.values)


def _line(first: str, values: Mapping[str, str]) -> str:
    return " ".join((first, *(f"{k}={v}" for k, v in values.items())))


def parse_call(words: Iterable[str]) -> Call | None:
    """``NAME [KEY=VALUE …]``; None when it is not that."""
    name, *rest = words or ("",)
    if not name or "=" in name or any("=" not in w for w in rest):
        return None
    return Call(name, dict(_pair(w) for w in rest))


def _pair(word: str) -> tuple[str, str]:
    key, _, value = word.partition("=")
    return key, value
