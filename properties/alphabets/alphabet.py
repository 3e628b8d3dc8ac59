"""Alphabets: what an observer sees of a run. Everything else is silent."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.language import Term
from ..steps import Steps


@dataclass(frozen=True, eq=False)
class Seen:
    """Steps that the observer sees.

    ``label`` is what they look like, with the event's parameters in braces (``private DMA of {t}``); steps with one label look the
    same. Without a label a step is seen as it is: the event, its arguments, its reply.
    """

    steps: Steps
    label: str = ""


@dataclass(frozen=True, eq=False)
class Shown:
    """A value that the observer sees initially, and whenever a step changes it. ``label`` names it, with the parameters ``over`` in braces."""

    label: str
    value: Term
    over: tuple[Term, ...] = ()


@dataclass(frozen=True, eq=False)
class Alphabet:
    """What an observer sees of an aspect. Alphabets of one name show in different aspects what can be compared."""

    name: str
    aspect: str
    says: str
    """One sentence: who sees what."""
    seen: tuple[Seen, ...] = ()
    shown: tuple[Shown, ...] = ()
