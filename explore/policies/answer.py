"""What policies say: the settings in which properties hold, each by itself and all together, and what repairs a flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from ...model.language import Value
from ...model.world.choices.evidence import GUEST_CHECKS
from ...properties.property import Property
from ..verdict import Verdict
from .settings import Block, Domains, Setting, SettingSet, words


@dataclass(frozen=True)
class Repair:
    """Knobs to set otherwise for the properties to hold, none of them in vain, and what a normal run says of each property."""

    changes: Mapping[str, Value]
    verdicts: Mapping[str, Verdict]
    vacuous: tuple[str, ...] = ()
    """The properties that then hold only because what they speak of cannot happen."""

    @property
    def verdict(self) -> Verdict:
        """That of all properties together."""
        return next((v for v in (Verdict.VIOLATED, Verdict.UNKNOWN) if v in self.verdicts.values()), Verdict.HOLDS)


@dataclass(frozen=True)
class Answer:
    """The settings in which one property holds; ``open``: those of which it is not known, for the reason ``stopped``.

    ``hollow``: of those in which it holds, the ones in which it is vacuous, as what it speaks of cannot happen there.
    """

    prop: Property
    holds: SettingSet
    open: SettingSet
    hollow: SettingSet
    stopped: str = ""


@dataclass(frozen=True)
class Policy:
    """The settings of the knobs in which properties hold, each by itself (``each``) and all of them together."""

    knobs: tuple[str, ...]
    domains: Domains
    each: tuple[Answer, ...]
    current: Setting
    repairs: tuple[Repair, ...]
    """Where the flow's own setting violates some property: what repairs them all, the fewest changes first."""
    rest: Policy | None = None
    """Where some of several properties are `hopeless`: what is to be said of the others."""

    @cached_property
    def holds(self) -> SettingSet:
        """The settings in which all of the properties hold."""
        return SettingSet(self.domains, np.logical_and.reduce([a.holds.table for a in self.each]))

    @cached_property
    def open(self) -> SettingSet:
        """Settings in which none is known to fail, and some is not known to hold."""
        not_broken = np.logical_and.reduce([a.holds.table | a.open.table for a in self.each])
        return SettingSet(self.domains, not_broken & ~self.holds.table)

    @cached_property
    def hollow(self) -> SettingSet:
        """Of the settings in which all hold, those in which some property holds only because nothing of the kind can happen.

        Of several properties, one that is vacuous wherever it holds is no matter of the setting, and does not count.
        """
        mine = [a.hollow for a in self.each if len(self.each) == 1 or len(a.hollow) < len(a.holds)]
        return SettingSet(self.domains, self.holds.table & np.logical_or.reduce([h.table for h in mine], initial=False))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Together they are the settings in which all hold; none can be widened, and none is superfluous."""
        return self.holds.blocks()

    @property
    def stopped(self) -> str:
        """Why some setting is open."""
        return next((a.stopped for a in self.each if a.stopped), "")

    @property
    def hopeless(self) -> tuple[Property, ...]:
        """The properties that hold in no setting, or only where they are vacuous, which is not everywhere.

        They ask for what no setting brings about, and of the others often for nothing to happen.
        """
        return tuple(a.prop for a in self.each if not (a.open or len(a.holds) == self.size or a.holds - a.hollow))

    @property
    def size(self) -> int:
        """The number of settings."""
        return prod(map(len, self.domains))

    def words(self, block: Block) -> str:
        """A block as a condition on the knobs."""
        return words(self.knobs, self.domains, block)

    def breaks(self, setting: Setting) -> tuple[Property, ...]:
        """The properties that forbid a setting."""
        return tuple(a.prop for a in self.each if setting not in a.holds and setting not in a.open)

    def forbidden(self) -> dict[tuple[str, Value], tuple[Property, ...]]:
        """The values of knobs that no setting has in which all hold, and the properties that forbid them by themselves."""
        found = {}
        for i, (knob, domain) in enumerate(zip(self.knobs, self.domains, strict=True)):
            for code, value in enumerate(domain):
                if not np.take(self.holds.table | self.open.table, code, axis=i).any():
                    by = (a.prop for a in self.each if not np.take(a.holds.table | a.open.table, code, axis=i).any())
                    found[knob, value] = tuple(by)
        return found

    @property
    def of_checks(self) -> bool:
        """Whether what varies are checks of the guest, so that it makes sense to ask for the fewest."""
        return set(self.knobs) <= set(GUEST_CHECKS)

    @cached_property
    def weakest(self) -> tuple[tuple[str, ...], ...]:
        """The least sets of checks that suffice for all of the properties: all that are minimal by inclusion, the small ones first.

        A set with which some property is vacuous does not count: whoever accepts nothing accepts nothing bad.
        """
        nothing = (False,) * len(self.knobs)
        least = (tuple(k for k, v in zip(self.knobs, s, strict=True) if v) for s in self.sound.fewest_changes(nothing))
        return tuple(sorted(least, key=lambda c: (len(c), c)))

    @property
    def sound(self) -> SettingSet:
        """The settings in which all hold, and none is vacuous."""
        return self.holds - self.hollow

    @property
    def more_is_better(self) -> bool:
        """Whether every set of checks that has one of `weakest` in it suffices too."""
        return self.sound.upwards((False,) * len(self.knobs))
