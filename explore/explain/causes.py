"""What a violation can rest on: that a step is possible, and how a knob is set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ...model.language import FALSE, OK, Rule, System, Value


@dataclass(frozen=True)
class Step:
    """An event without which the property holds; ``rules`` are those by which it takes effect in the run."""

    event: str
    reply: str
    rules: tuple[Rule, ...]
    vacuous: bool
    """Whether it then holds only because what it speaks of cannot happen any more."""


@dataclass(frozen=True)
class Setting:
    """Another value of a knob with which the property holds."""

    knob: str
    here: Value
    there: Value
    vacuous: bool


def without(system: System, steps: Collection[tuple[str, str]]) -> System:
    """The system in which some events never get some replies, as (event, reply). Its actions stay, so that properties can name them."""
    return replace(
        system, actions=tuple(replace(a, guard=FALSE) if (a.event, a.reply) in steps else a for a in system.actions)
    )


def step_name(event: str, reply: str) -> str:
    """An event, with its reply where it is refused."""
    return event if reply == OK else f"{event} → {reply}"
