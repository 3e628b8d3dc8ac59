"""A comparison as text and as data: the relations, and side by side the runs in which two systems part."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, TypeAlias

from ..explore.equivalence import RELATIONS, Comparison, Inclusion, Parted, Settings
from ..explore.explain.parting import differing
from ..explore.verdict import Verdict
from ..model.language import word
from .json_report import trace_steps
from .prose import Part, Prose

_WIDTH = 116
_COLUMN = 56


Lines: TypeAlias = "list[str | tuple[Part, ...]]"
"""Lines, some of them of parts with roles."""


def comparison_text(names: tuple[str, str], c: Comparison, *, brief: bool = False, width: int = _WIDTH) -> Prose:
    """The verdict of every relation and, unless ``brief``, where the two part."""
    one, two = names
    aspects = dict.fromkeys(a.aspect for a in c.alphabets if a.aspect)
    lines: Lines = [
        (
            (f"{one} against {two}", "title"),
            f", observed: {c.alphabets[0].name}{' of ' if aspects else ''}{' and '.join(aspects)}",
        )
    ]
    says = dict.fromkeys(a.says for a in c.alphabets)
    lines += [x for text in says for x in _wrapped(text, "  ")]
    differ = differing(*c.systems)
    if differ:
        said = "; ".join(f"{k}: {word(a)} | {word(b)}" for k, (a, b) in differ.items())
        lines += _wrapped(f"set otherwise: {said}", "  ", "    ")
    lines.append("")
    left = max(len(relation_name(r, names)) for r in RELATIONS)
    for relation, verdict in c.verdicts.items():
        inclusion = next((i for i in c.inclusions if i.parted is not None and relation == _OF[i.of]), None)
        at = ""
        if inclusion is not None and inclusion.parted is not None:
            p = inclusion.parted
            seen = len(p.trace) - bool(p.begins)
            at = f"  at observation {seen} of a run of {len(p.run)} steps" if seen else "  initially"
        lines.append((f"  {relation_name(relation, names):<{left}}  ", _painted(verdict), at))
    if c.stopped:
        lines += _wrapped(c.stopped, "  ")
    if brief:
        return _prose(lines, width)
    lines += _wrapped(
        f"{c.states[0]:,} and {c.states[1]:,} states of what the observations depend on, {c.classes:,} "
        f"class{'' if c.classes == 1 else 'es'} of branching bisimilarity, {c.looks[0]:,} and {c.looks[1]:,} different observations; {_silence(c)}",
        "  ",
    )
    for i in c.inclusions:
        if i.parted is not None:
            lines += ["", *_parted(names, i.of, i.parted)]
    if c.turns:
        lines += ["", *_play(names, c)]
    return _prose(lines, width)


_OF = ("included", "includes")


def relation_name(relation: str, names: tuple[str, str]) -> str:
    """A relation of these two, in words."""
    one, two = names
    return {
        "included": f"weak trace inclusion of {one} in {two}",
        "includes": f"weak trace inclusion of {two} in {one}",
        "traces": "weak trace equality",
        "bisimilar": "branching bisimulation",
    }[relation]


def _silence(c: Comparison) -> str:
    if not any(c.silent_for_ever):
        return "no silence goes on for ever"
    mind = "which counts as an observation here" if c.divergence else "which no relation here minds (--divergence: does)"
    return f"silence can go on for ever after {c.silent_for_ever[0]:,} and {c.silent_for_ever[1]:,} of them, {mind}"


def _painted(verdict: Verdict) -> Part:
    text = {Verdict.HOLDS: "holds", Verdict.VIOLATED: "FAILS", Verdict.UNKNOWN: "UNKNOWN"}[verdict]
    return text, verdict.value


def _parted(names: tuple[str, str], of: int, p: Parted) -> Lines:
    """The run on the left, on the right what the other system does that looks the same, observation by observation."""
    mine, other = names[of], names[1 - of]
    lines: Lines = _wrapped(
        f"seen of {mine}, never of {other} (a shortest trace, and a shortest run that is seen so):", "  "
    )
    if p.begins:
        lines += _wrapped(f"initially {p.begins}", "    ", "      ")
    lines += ["", ((f"  {_column(mine)}{other}", "title"),)]
    left = _segments([a.label for a in p.run.actions], p.seen)
    right = _segments([a.label for a in p.other.actions], p.other_seen) if p.other is not None else []
    number = 0
    for k, (steps, look) in enumerate(left):
        others = right[k][0] if k < len(right) else []
        last = k == len(left) - 1
        for a, b in zip_longest(steps, others, fillvalue=""):
            if not b and p.followed is not None and p.followed.step == number:
                b = " or ".join(f"→ {x}" for x in p.followed.instead) or "not possible"
            number += bool(a)
            lines.append(f"  {_column(f'{number:>3}  {a}' if a else '')}{b}".rstrip())
        if look:
            mark: Part = ("NOT SEEN", "violated") if last else "seen as well"
            lines.append(((f"  {_column(f'     seen: {look}')}", "faint"), mark))
    where = f"{other} may be in {p.stuck:,} state{'s' if p.stuck != 1 else ''} then; whatever it does silently, that is seen in none of them"
    instead = f"; seen is only: {'; '.join(p.instead)}" if p.instead else "; nothing is seen any more"
    lines += _wrapped(f"{where}{instead}", "  ")
    if p.why:
        lines += _wrapped(f"missing there: {'; '.join(p.why)}", "  ", "    ")
    return lines


def parted_in_words(names: tuple[str, str], c: Comparison) -> str:
    """In one line what is seen of the one and never of the other, and the run; of two such lines, the one about the first."""
    for i in c.inclusions:
        if i.parted is not None:
            p = i.parted
            trace = " · ".join(p.trace[bool(p.begins) and len(p.trace) > 1 :])
            run = " → ".join(a.label.replace(" → ", ": ") for a in p.run.actions)
            return f"seen of {names[i.of]}, never of {names[1 - i.of]}: {trace}. {run}"
    return "the same is seen of both, but not at every point"


def _segments(events: Sequence[str], seen: Sequence[str]) -> list[tuple[list[str], str]]:
    """The events up to each that is seen, with what is seen of it."""
    found: list[tuple[list[str], str]] = [([], "")]
    for event, look in zip(events, seen, strict=True):
        found[-1][0].append(event)
        if look:
            found[-1] = (found[-1][0], look)
            found.append(([], ""))
    return found if found[-1][0] else found[:-1]


def _play(names: tuple[str, str], c: Comparison) -> Lines:
    lines: Lines = _wrapped(
        "the same can be seen of both, but not at every point; they part in this play (each must do what looks the same as what the "
        "other did; the answer is one that lasts longest):",
        "  ",
    )
    number = 0
    for turn in c.turns:
        if not turn.events and not turn.answer and turn.answer is not None:
            continue
        number += 1
        mine, other = names[turn.side], names[1 - turn.side]
        look = f", seen: {turn.seen}" if turn.seen else ", silently"
        lines += _wrapped(f"{number:>3}  {mine}: {' → '.join(turn.events) or 'begins'}{look}", "  ", "       ")
        answer = " → ".join(turn.answer or ())
        if turn.answer is None:
            lines += _wrapped(f"{other} cannot do what looks so", "       ")
        elif turn.detour:
            lines += _wrapped(f"{other} could only after {answer}; but then", "       ", "         ")
        else:
            lines += _wrapped(f"{other}: {answer or 'stays as it is'}", "       ", "         ")
    return lines


def _prose(lines: Lines, width: int) -> Prose:
    text = Prose(width)
    for line in lines:
        text.line(*((line,) if isinstance(line, str) else line))
    return text


def _column(text: str) -> str:
    """The text in the left column."""
    return f"{text:<{_COLUMN}}" if len(text) < _COLUMN - 1 else f"{text}   "


def _wrapped(text: str, first: str, rest: str | None = None) -> Lines:
    indent = first if rest is None else rest
    return list(textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False))


def settings_text(names: tuple[str, str], observed: str, s: Settings, *, width: int = _WIDTH) -> Prose:
    """For each relation, the settings in which it holds."""
    lines: Lines = [
        ((f"{names[0]} against {names[1]}", "title"), f", observed: {observed}, over {', '.join(map(str, s.knobs))}")
    ]
    for relation in RELATIONS:
        holds, unknown = s.having(relation, Verdict.HOLDS), s.having(relation, Verdict.UNKNOWN)
        lines += _wrapped(f"{relation_name(relation, names)}: in {len(holds)} of {len(s.verdicts)} settings", "  ", "    ")
        if unknown:
            lines += _wrapped(f"UNKNOWN in {len(unknown)} settings: {s.stopped}", "    ", "      ")
        if holds and len(holds) < len(s.verdicts):
            lines.append(f"    {'at least where' if unknown else 'iff'}")
            for i, block in enumerate(s.blocks(relation)):
                lines += _wrapped(f"{'or ' if i else ''}{s.words(block)}", "      ", "        ")
    return _prose(lines, width)


def comparison_document(names: tuple[str, str], c: Comparison) -> dict[str, Any]:
    """The comparison as data."""
    return {
        "systems": list(names),
        "observed": [a.name for a in c.alphabets],
        "aspects": [a.aspect for a in c.alphabets],
        "says": [a.says for a in c.alphabets],
        "knobs": [dict(s.knobs) for s in c.systems],
        "topology": [dict(s.topology) for s in c.systems],
        "relations": {r: {"verdict": v.value, "means": RELATIONS[r]} for r, v in c.verdicts.items()},
        "states": list(c.states),
        "classes": c.classes,
        "observations": list(c.looks),
        "divergence": c.divergence,
        "silence_for_ever_after": list(c.silent_for_ever),
        "stopped": c.stopped,
        "parted": [_parted_document(names, i) for i in c.inclusions if i.parted is not None],
        "play": [
            {
                "system": names[t.side],
                "events": list(t.events),
                "seen": t.seen,
                "answer": None if t.answer is None else list(t.answer),
                "detour": t.detour,
            }
            for t in c.turns
        ],
    }


def _parted_document(names: tuple[str, str], i: Inclusion) -> dict[str, Any]:
    p = i.parted
    assert p is not None
    return {
        "seen_of": names[i.of],
        "never_of": names[1 - i.of],
        "observations": list(p.trace),
        "initially": p.begins,
        "run": [{**step, "seen": seen} for step, seen in zip(trace_steps(p.run), p.seen, strict=True)],
        "other_run": None
        if p.other is None
        else [{**step, "seen": seen} for step, seen in zip(trace_steps(p.other), p.other_seen, strict=True)],
        "other_states": p.stuck,
        "seen_instead": list(p.instead),
        "missing": list(p.why),
    }


def settings_document(names: tuple[str, str], observed: str, s: Settings) -> dict[str, Any]:
    """The verdicts in all settings as data."""
    knobs = [str(k) for k in s.knobs]
    return {
        "systems": list(names),
        "observed": observed,
        "knobs": {k: list(d) for k, d in zip(knobs, s.domains, strict=True)},
        "relations": {
            r: {
                "means": RELATIONS[r],
                "holds_where": [s.words(b) for b in s.blocks(r)],
                "holds_in": [dict(zip(knobs, x, strict=True)) for x in sorted(s.having(r, Verdict.HOLDS), key=str)],
                "unknown_in": [dict(zip(knobs, x, strict=True)) for x in sorted(s.having(r, Verdict.UNKNOWN), key=str)],
            }
            for r in RELATIONS
        },
        "stopped": s.stopped,
    }
