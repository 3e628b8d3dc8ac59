"""The settings in which properties hold, as text and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from ..explore.policies.answer import Answer, Policy, Repair
from ..explore.policies.settings import Block, Setting, SettingSet, every
from ..model.language import word
from ..properties.property import Property
from .prose import WIDTH, Prose

Line: TypeAlias = "str | tuple[str, str, str, str]"
"""A line as it is, or a paragraph: its text, the indents of its first and other lines, its role."""

_MOST_LINES = 16
"""Of conditions; and of settings with who forbids them."""

_MOST_TOGETHER = 4
"""Properties that hold in every setting, and are named one by one."""

_MOST_LISTED = 4096
"""Settings that the JSON document lists one by one."""


def policy_text(flow: str, found: Policy, left_out: Sequence[Property] = (), *, width: int = WIDTH) -> Prose:
    """The answer in lines: the settings of the whole set, the flow's own and its repairs, then property by property."""
    several = len(found.each) > 1
    lines: list[Line] = _wrapped(f"{flow}: {_what(found)} over {_over(found)}: {_how_many(found)}", "", "  ")
    if left_out:
        lines += _wrapped(f"left out, as promises of progress: {', '.join(p.id for p in left_out)}")
    if found.rest is not None:
        lines += _wrapped(f"in no setting of these knobs hold, unless vacuously: {', '.join(p.id for p in found.hopeless)}")
        lines += _wrapped(f"the others, {_what(found.rest)}: {_how_many(found.rest)}")
    found = found.rest or found
    if found.open:
        lines.append(f"  UNKNOWN in {len(found.open)} settings: {found.stopped}")
    if found.holds:
        sure = "" if len(found.holds) == found.size else " at least where" if found.open else " iff"
        lines += [f"  {'all hold' if several else 'holds'}{sure}:", *_conditions(found)]
        lines += _hollow(found, several=several)
    elif not found.open:
        lines.append("  they hold together in none of them" if several else "  holds in none of them")
    lines += _own(found, several=several)
    if found.of_checks:
        lines += _weakest(found)
    if several:
        lines += _one_by_one(found)
    return laid_out(lines, width)


def laid_out(lines: Iterable[Line], width: int) -> Prose:
    """Paragraphs, and lines as they are, at a width."""
    text = Prose(width)
    for line in lines:
        if isinstance(line, str):
            text.line((line, "unknown") if line.startswith("  UNKNOWN") else line)
        else:
            text.wrapped(line[0], line[1], line[2], role=line[3], hyphens=False)
    return text


def _what(found: Policy) -> str:
    return found.each[0].prop.id if len(found.each) == 1 else f"{len(found.each)} properties"


def _over(found: Policy) -> str:
    return f"{len(found.knobs)} checks of the guest" if found.of_checks and len(found.knobs) > 4 else ", ".join(found.knobs)


def _how_many(found: Policy) -> str:
    return f"{'holds' if len(found.each) == 1 else 'all hold'} in {len(found.holds)} of {found.size} settings"


def _wrapped(text: str, first: str = "  ", rest: str = "    ", role: str = "") -> list[Line]:
    return [(text, first, rest, role)]


def _conditions(found: Policy) -> Iterator[Line]:
    for i, b in enumerate(found.blocks[:_MOST_LINES]):
        yield from _wrapped(("or " if i else "") + found.words(b), "    ", "      ", "holds")
    if len(found.blocks) > _MOST_LINES:
        yield f"    or in one of {len(found.blocks) - _MOST_LINES} cases more (--format json has them all)"


def _hollow(found: Policy, *, several: bool) -> Iterator[Line]:
    """Where it holds only because nothing can happen."""
    if not found.hollow:
        return
    what = "what some property speaks of" if several else "what it speaks of"
    number = "all of these settings" if len(found.hollow) == len(found.holds) else f"{len(found.hollow)} of these settings"
    yield f"  but in {number} {what} cannot happen{', namely where:' if found.sound else ''}"
    if found.sound:
        blocks = found.hollow.blocks()
        for i, b in enumerate(blocks[:_MOST_TOGETHER]):
            yield from _wrapped(("or " if i else "") + found.words(b), "    ", "      ")
        if len(blocks) > _MOST_TOGETHER:
            yield f"    or in one of {len(blocks) - _MOST_TOGETHER} cases more"


def _setting(found: Policy, setting: Setting) -> str:
    if found.of_checks:
        made = [k for k, v in zip(found.knobs, setting, strict=True) if v]
        missing = [k for k, v in zip(found.knobs, setting, strict=True) if not v]
        return f"all but {', '.join(missing)}" if 0 < len(missing) < len(made) else ", ".join(made) or "no check at all"
    return ", ".join(f"{k} = {word(v)}" for k, v in zip(found.knobs, setting, strict=True))


def _own(found: Policy, *, several: bool) -> Iterator[Line]:
    """The flow's own setting, and its repairs."""
    how = "holds" if found.current in found.holds else "unknown" if found.current in found.open else "violated"
    by = found.breaks(found.current) if several else ()
    if several and how == "holds":
        how = "all hold"
    yield from _wrapped(
        f"the flow's own setting ({_setting(found, found.current)}): {how}"
        + (f": {', '.join(p.id for p in by)}" if by else "")
    )
    for r in found.repairs:
        what = " and ".join(f"{k} = {word(v)}" for k, v in r.changes.items())
        yield from _wrapped(f"repaired by {what} (a run of its own: {_verdict(r, several=several)})", "    ", "      ")


def _verdict(r: Repair, *, several: bool) -> str:
    if r.verdict.value == "holds":
        hollow = (
            f", but vacuously: {', '.join(r.vacuous)}" if several and r.vacuous else ", but vacuously" if r.vacuous else ""
        )
        return ("all hold" if several else "holds") + hollow
    bad = [f"{name} is {v.value}" for name, v in r.verdicts.items() if v is not r.verdict or v.value != "holds"]
    return "; ".join(bad) if several else r.verdict.value


def _weakest(found: Policy) -> Iterator[Line]:
    if found.open or not found.sound:
        return
    least = found.weakest
    yield f"  the weakest checks that suffice ({len(least)} {'set' if len(least) == 1 else 'sets'}, minimal by inclusion):"
    for checks in least[:_MOST_LINES]:
        yield from _wrapped(", ".join(checks) or "none at all", "    ", "      ")
    if len(least) > _MOST_LINES:
        yield f"    and {len(least) - _MOST_LINES} sets more (--format json has them all)"
    if not found.more_is_better:
        yield from _wrapped("not every larger set suffices: with some further check a property fails, or is vacuous")


def _one_by_one(found: Policy) -> Iterator[Line]:
    yield "  each by itself:"
    always = [a.prop.id for a in found.each if len(a.holds) == found.size]
    for a in found.each:
        if a.prop.id not in always or len(always) <= _MOST_TOGETHER:
            yield from _wrapped(f"{a.prop.id}: {_answer(found, a)}", "    ", "      ")
    if len(always) > _MOST_TOGETHER:
        yield f"    {len(always)} properties: in every setting"
    if found.size <= _MOST_LINES:
        yield "  who forbids which setting:"
        for s in every(found.domains):
            by = ", ".join(p.id for p in found.breaks(s)) or ("unknown" if s in found.open else "–")
            yield from _wrapped(f"{_setting(found, s)}: {by}", "    ", "      ")
        return
    for (knob, value), forbidding in found.forbidden().items():
        who = ", ".join(p.id for p in forbidding) or "no property alone, but some together"
        yield from _wrapped(f"{knob} = {word(value)} is forbidden by {who}")


def _answer(found: Policy, a: Answer) -> str:
    if a.open:
        return f"unknown in {len(a.open)} settings, holds in {len(a.holds)} ({a.stopped})"
    if len(a.holds) == found.size:
        return "in every setting"
    if not a.holds:
        return "in none of them"
    blocks = a.holds.blocks()
    shown = "; or ".join(found.words(b) for b in blocks[:3])
    more = f"; or {len(blocks) - 3} cases more" if len(blocks) > 3 else ""
    hollow = f", vacuously in {len(a.hollow)} of them" if a.hollow else ""
    return f"in {len(a.holds)}{hollow}: {shown}{more}"


def policy_document(flow: str, found: Policy, left_out: Sequence[Property] = ()) -> dict[str, Any]:
    """The same as data. Settings are listed one by one only where there are not too many."""
    named = [a.prop.id for a in found.each]

    def settings(wanted: SettingSet) -> list[dict[str, Any]]:
        return [dict(zip(found.knobs, s, strict=True)) for s in sorted(wanted, key=str)]

    def answer(holds: SettingSet, unknown: SettingSet, hollow: SettingSet, blocks: Sequence[Block]) -> dict[str, Any]:
        listed = found.size <= _MOST_LISTED
        return {
            "holds": len(holds),
            "vacuous": len(hollow),
            "unknown": len(unknown),
            **(
                {"holds_in": settings(holds), "vacuous_in": settings(hollow), "unknown_in": settings(unknown)}
                if listed
                else {}
            ),
            "holds_where": [found.words(b) for b in blocks],
        }

    document: dict[str, Any] = {"flow": flow, **({"property": named[0]} if len(named) == 1 else {}), "properties": named}
    document["knobs"] = {k: list(d) for k, d in zip(found.knobs, found.domains, strict=True)}
    document["settings"] = found.size
    document |= answer(found.holds, found.open, found.hollow, found.blocks)
    document["stopped"] = found.stopped
    document["current"] = dict(zip(found.knobs, found.current, strict=True))
    document["violated_now"] = [p.id for p in found.breaks(found.current)]
    document["repairs"] = _repairs(found)
    if found.of_checks and not found.open:
        document["weakest_checks"] = [list(c) for c in found.weakest]
        document["larger_sets_suffice"] = found.more_is_better
    if len(named) > 1:
        document["each"] = {
            a.prop.id: answer(a.holds, a.open, a.hollow, a.holds.blocks()) | {"stopped": a.stopped} for a in found.each
        }
        document["forbidden"] = [
            {"knob": k, "value": v, "by": [p.id for p in by]} for (k, v), by in found.forbidden().items()
        ]
        document["hold_in_none"] = [p.id for p in found.hopeless]
        if found.rest is not None:
            rest = found.rest
            document["others"] = answer(rest.holds, rest.open, rest.hollow, rest.blocks) | {"repairs": _repairs(rest)}
        document["left_out"] = [p.id for p in left_out]
    return document


def _repairs(found: Policy) -> list[dict[str, Any]]:
    return [
        {
            "changes": dict(r.changes),
            "verdict": r.verdict.value,
            "verdicts": {n: v.value for n, v in r.verdicts.items()},
            "vacuous": list(r.vacuous),
        }
        for r in found.repairs
    ]
