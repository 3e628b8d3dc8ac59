"""Tables of policies over all flows, in Markdown: the safe settings of the flows' choices, and the weakest checks of a guest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..explore.policies.answer import Answer, Policy
from ..explore.policies.policy import policy
from ..explore.policies.settings import SettingSet
from ..model.flows import FLOWS, Flow, choices
from ..model.language import Value, word
from ..model.world.choices.evidence import GUEST_CHECKS
from ..properties.catalogue import aspect_of, groups_of
from ..properties.property import Property
from .table import code

_MOST = 6
"""Conditions in a cell."""

_NOTHING = "none needed"
_IN_VAIN = "no checks suffice"
_HOLLOW = "holds only vacuously"


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *body))


# --- The safe settings of the flows' choices --------------------------------------------------------------------------


def safe_settings(properties: Sequence[Property], changed: Mapping[str, Value] | None = None) -> Policy:
    """The settings of all that vendors chose differently in which the properties, of one aspect, hold against a hostile host.

    ``changed``: what else is set, for all flows alike.
    """
    (aspect,) = {aspect_of(p) for p in properties}
    base = next(f for f in FLOWS.values() if aspect in f.aspects)
    # Of what is not varied, all flows have the same; but for the guest's checks, which are all made where not said otherwise.
    fixed = {**dict.fromkeys(GUEST_CHECKS, True), "host": "hostile", **(changed or {})}
    return policy(base, properties, choices((aspect,)), changed=fixed)


def points(found: Policy) -> dict[str, tuple[Value, ...]]:
    """The flows of the properties' aspect as settings."""
    aspect = aspect_of(found.each[0].prop)
    return {f.name: tuple(f.knobs()[k] for k in found.knobs) for f in FLOWS.values() if aspect in f.aspects}


def safe_conditions(found: Policy) -> str:
    """Per property: in how many settings it holds, where, and which flows are among them."""
    body = []
    for a in found.each:
        sound = a.holds - a.hollow
        body.append(
            [
                code(a.prop.id),
                f"{len(sound):,}",
                f"{len(a.hollow):,}",
                _where(found, sound),
                ", ".join(code(n) for n, s in points(found).items() if s in sound) or "–",
                ", ".join(code(n) for n, s in points(found).items() if s in a.hollow) or "–",
            ]
        )
    return rows(["property", f"holds (of {found.size:,})", "vacuous", "holds iff", "flows", "vacuous in"], body)


def safe_points(found: Policy) -> str:
    """The flows as points: what they choose of that on which some property depends, and which properties hold there."""
    matter = [i for i in range(len(found.knobs)) if any(_matters(a, i) for a in found.each)]
    body = [
        [code(name), *(word(s[i]) for i in matter), *(_how(a, s) for a in found.each)] for name, s in points(found).items()
    ]
    return rows(["flow", *(code(found.knobs[i]) for i in matter), *(code(a.prop.id) for a in found.each)], body)


def _matters(a: Answer, axis: int) -> bool:
    table = a.holds.table
    return bool((table != table.take([0], axis=axis)).any())


def _how(a: Answer, setting: tuple[Value, ...]) -> str:
    return "vacuous" if setting in a.hollow else "holds" if setting in a.holds else "**violated**"


def _where(found: Policy, settings: SettingSet) -> str:
    if len(settings) == found.size:
        return "in every setting"
    blocks = settings.blocks()
    more = f"<br>or in {len(blocks) - _MOST} more" if len(blocks) > _MOST else ""
    return "<br>or ".join(found.words(b) for b in blocks[:_MOST]) + more or "in none"


# --- The weakest checks of a guest ------------------------------------------------------------------------------------


def evidence_properties() -> list[Property]:
    """Of the aspect evidence: what is said of bytes, epochs and the guest's checks, and of gates, drivers and secrets."""
    return [p for g in groups_of("evidence") if not g.of_laws for p in g.properties]


def weakest_checks(flow: Flow, properties: Sequence[Property]) -> Policy:
    """The settings of the guest's checks, all else as it is in the flow."""
    return policy(flow, properties, GUEST_CHECKS)


def weakest_table(found: Mapping[str, Policy]) -> str:
    """Per property the least sets of checks with which it holds and is not vacuous, for flows together that have the same.

    Properties for which no check is needed or suffices in any flow are left out.
    """
    body = []
    (first, *_) = found.values()
    for i, a in enumerate(first.each):
        same: dict[str, list[str]] = {}
        for name, p in found.items():
            same.setdefault(_weakest_of(p, i), []).append(name)
        if same.keys() <= {_NOTHING, _IN_VAIN, _HOLLOW}:
            continue
        for sets, names in same.items():
            body.append([code(a.prop.id), ", ".join(map(code, names)) if len(names) < len(found) else "all", sets])
    return rows(["property", "flows", "the weakest checks that suffice"], body)


def _weakest_of(found: Policy, i: int) -> str:
    one = Policy(found.knobs, found.domains, (found.each[i],), found.current, ())
    if not one.sound:
        return _HOLLOW if one.holds else _IN_VAIN
    return "<br>or ".join(_checks(c) for c in one.weakest)


def weakest_together(found: Mapping[str, Policy]) -> str:
    """Per flow: for all of the properties that checks of the guest can bring about, the least sets that do for all of them.

    The last column says what the guest of the flow lacks of the nearest set.
    """
    return rows(
        ["flow", "properties", "the weakest checks that suffice for all of them", "not made by the flow's guest"],
        [together(name, p) for name, p in found.items()],
    )


def together(name: str, found: Policy) -> list[str]:
    """The row of one flow."""
    wanted = found.rest or found
    made = {k for k, v in zip(found.knobs, found.current, strict=True) if v}
    lacking = min((sorted(set(c) - made) for c in wanted.weakest), key=len, default=None)
    sets = "<br>or ".join(map(_checks, wanted.weakest)) or "none: they exclude one another"
    missing = "" if lacking is None else ", ".join(n.removeprefix("check_") for n in lacking) or "–"
    return [code(name), f"{len(wanted.each)} of {len(found.each)}", sets, missing]


def _checks(names: Sequence[str]) -> str:
    return ", ".join(n.removeprefix("check_") for n in names) or _NOTHING
