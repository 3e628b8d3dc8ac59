"""Knobs: the rigid variables that tell one flow from another.

A knob is a choice of a vendor, an open point of a specification, or a matter of trust. A flow gives values to
knobs; what it leaves alone has the default that is declared here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...language import Ground, Machine, Party, Term, Value, enum

trust = Machine("trust", doc="Who keeps the rules that bind them.")
choices = Machine("choices", doc="What vendors decided differently, and what the specifications leave open.")


@dataclass(frozen=True)
class Knob:
    """A rigid variable of the world: its default, what it decides, and where the alternatives come from."""

    name: str
    sort: Ground
    default: Value
    summary: str
    cite: str


_declared: list[Knob] = []


def knob(name: str, sort: Ground, default: Value, summary: str, cite: str, machine: Machine = choices) -> Term:
    """Declare a knob. Names are unique in the whole world; the summary says what each value means."""
    term = machine.var(name, sort, rigid=True, doc=summary)
    _declared.append(Knob(name, sort, default, summary, cite))
    return term


def declared() -> tuple[Knob, ...]:
    """The knobs that the imported modules have declared, in order."""
    return tuple(_declared)


_HONESTY = enum("Honesty", "honest", "hostile")
_THREAT_MODEL = "threat model: the host is not trusted, the TSM and the root complex are"


def party(name: str, default: str, summary: str) -> Party:
    """A party, and the knob that says whether it keeps the rules that bind it."""
    return Party(name, knob(name, _HONESTY, default, summary, _THREAT_MODEL, trust) == "honest")
