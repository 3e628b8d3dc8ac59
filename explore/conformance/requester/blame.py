"""What is to blame for a fault of a guest: which check of the catalogue of checks is missing, and which properties the run breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....model.language import Action, Value
from ....model.world import ASPECTS, KNOBS
from ....model.world.choices.evidence import GUEST_CHECKS
from ....properties.catalogue.registry import of_aspect
from ....properties.formulas import AlwaysPossible
from ....properties.property import Property
from ...walk import Walk
from ..alphabet import Blame, Trail
from ..oracle import Belief, Key, Oracle, Reading
from .oracle import TDI, GuestOracle, guests_checks_refuse

_EVENTS_OF: Mapping[str, tuple[str, ...]] = {
    "op lock": ("tdi_bind",),
    "op attest": ("tdi_info", "verify"),
    "op attest badly": ("verify",),
    "op attest unread": ("tdi_info", "verify"),
    "op accept blindly": ("tdi_accept",),
    "op probe blindly": ("driver_private",),
    "op run": ("tdi_run",),
    "op run unheard": (),
    "op enable_dma unheard": (),
    "op map_mmio unheard": (),
    "op probe_shared": ("driver_shared",),
    "op release_secret": ("release_secret",),
    "op unlock": ("tdi_revoke", "tdi_unbind"),
    "op unlock unheard": ("tdi_revoke",),
    "op let go": ("tdi_revoke",),
    "op unbind": ("tdi_unbind",),
}
"""What a guest that keeps no rule does when it grants a request: events of the model, each as far as it is possible."""


class Accuser:
    """Follows runs in two other models: one whose guest may leave checks out, and one whose guest has none."""

    def __init__(self, kept: Iterable[str], watched: Iterable[str], knobs: Mapping[str, Value]) -> None:
        model = ASPECTS["evidence"].model
        self._cites = {k.name: f"{k.summary} ({k.cite})" for k in KNOBS}
        self._checks = tuple(c for c in GUEST_CHECKS if knobs[c])
        system = guests_checks_refuse(model).instantiate(
            {"tdi": 1}, {k: v for k, v in knobs.items() if k not in self._checks}, check=False
        )
        self._lax: Oracle = GuestOracle(system, kept, watched)
        self._unchecked = model.instantiate({"tdi": 1}, {**knobs, "guest": "hostile"}, check=False)
        self._properties = tuple(p for p in of_aspect("evidence") if _of_guest(p))

    def blame(self, trail: Trail) -> Blame:
        return Blame(self._lacks(trail), self._breaks(trail))

    # --- The check that is missing ------------------------------------------------------------------------------------------

    def _lacks(self, trail: Trail) -> tuple[str, ...]:
        belief: Belief = self._lax.start([self._lax.open_reading])
        for key, reply, facts in trail:
            after = [a.after for p in belief for a in self._lax.allowed(key, p) if a.reply == reply]
            if not after and reply != "ok":
                continue  # more careful than it has to be
            for fact in facts:
                after = self._lax.refine(after, fact)
            belief = self._lax.closed(after)
            if not belief:
                return ()
        found = sorted(
            (self._missing(r) for r in self._lax.readings(belief)),
            key=lambda f: (len(f), [self._checks.index(c) for c in f]),
        )
        if not found or not found[0]:
            return ()
        fewest = [f for f in found if len(f) == len(found[0])]
        return tuple(dict.fromkeys(" and ".join(f"{c}: {self._cites[c]}" for c in f) for f in fewest))

    def _missing(self, reading: Reading) -> tuple[str, ...]:
        return tuple(v.name for v, x in zip(self._lax.knobs, reading, strict=True) if v.name in self._checks and x is False)

    # --- The properties that break ----------------------------------------------------------------------------------------

    def _breaks(self, trail: Trail) -> tuple[str, ...]:
        walk = Walk(self._unchecked, self._properties)
        for key, reply, _ in trail:
            for event, args in _events(key, reply):
                action = _enabled(walk, event, args)
                if action is not None:
                    walk.take(action)
        return tuple(f"{b.prop.id}: {b.prop.says}" for b in walk.broken())


def _of_guest(p: Property) -> bool:
    return p.protects == "guest" and not isinstance(p.formula, AlwaysPossible) and {str(x) for x in p.over} <= {"t"}


def _events(key: Key, reply: str) -> Iterable[tuple[str, tuple[Value, ...]]]:
    """The events of the model that a request and its outcome were."""
    name, args = key
    if reply != "ok":
        if name == "op attest":
            yield from (("tdi_info", (TDI, *args)), ("reject", (TDI,)))
        return
    if not name.startswith("op "):
        yield name, args
        return
    for event in _EVENTS_OF[name]:
        match event:
            case "tdi_info" if name == "op attest unread":
                yield event, (TDI, "none")
            case "tdi_bind" | "tdi_info":
                yield event, (TDI, *args)
            case "verify":
                yield event, (TDI, False, False)
            case _:
                yield event, (TDI,)


def _enabled(walk: Walk, event: str, args: tuple[Value, ...]) -> Action | None:
    for a in walk.choices():
        if a.event == event and a.reply == "ok" and tuple(v for _, v in a.args) == args:
            return a
    return None
