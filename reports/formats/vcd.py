"""A trace as a value change dump, for the waveform viewers of hardware people (GTKWave, Surfer)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...explore.verdict import Trace
from ...model.language import Bool, Int, Value
from ..story import MONITOR, Story

_STEP = 10
"""Ticks per step, so that a cursor can stand between two."""
_PRINTABLE = range(33, 127)


@dataclass
class _Signal:
    name: str
    kind: str
    width: int
    values: list[str]
    """At each state, as it stands in the file before the code."""
    code: str = ""


@dataclass
class _Scope:
    signals: list[_Signal] = field(default_factory=list)
    inner: dict[str, _Scope] = field(default_factory=dict)


def vcd(trace: Trace, *, title: str = "", witness: bool = False, everything: bool = False) -> str:
    """The variables that change or that the explanation mentions (``everything``: all), the events above them.

    A step takes ten nanoseconds, and its event stands where it takes effect. Enumerations are of type ``string``, as GTKWave
    and Surfer read them. Of a run that goes on for ever the loop is shown once; in it the signal ``loop`` is 1.
    """
    story = Story(trace, witness=witness)
    index = trace.system.index
    sorts = {v.name: v.sort for v in trace.system.variables}
    names = [n for n in index if not n.startswith(MONITOR)] if everything else list(story.relevant)
    count = len(trace.states)
    run = _Scope()
    run.signals = [
        _Signal("event", "string", 1, ["s-", *(f"s{_word(a.label)}" for a in trace.actions)]),
        _Signal("actor", "string", 1, ["s-", *(f"s{_word(a.actor)}" for a in trace.actions)]),
        _Signal("step", "integer", 32, [f"b{i:b}" for i in range(count)]),
    ]
    if trace.loop is not None:
        run.signals.append(_Signal("loop", "wire", 1, [str(int(i > trace.loop)) for i in range(count)]))
    if story.ending is not None:
        begin = count - 1 if trace.at_step else story.ending.position
        broken = [str(int(i >= begin)) for i in range(count)]
        run.signals.append(_Signal("reached" if witness else "broken", "wire", 1, broken))
    top = _Scope(inner={"run": run})
    for name in names:
        *path, last = name.split(".")
        scope = top
        for part in path:
            scope = scope.inner.setdefault(_word(part), _Scope())
        values = [s[index[name]] for s in trace.states]
        kind, width = _kind(sorts[name])
        scope.signals.append(_Signal(_word(last), kind, width, [_value(v) for v in values]))
    signals = list(_numbered(top))
    lines = [
        "$comment", *(_comment(x) for x in (title or trace.system.name, "one step = 10 ns")), "$end", "$timescale 1 ns $end",
        *_declared(top, "tdisprove"), "$enddefinitions $end", "#0", "$dumpvars",
        *(_change(s, 0) for s in signals), "$end",
    ]  # fmt: skip
    for i in range(1, count):
        lines.append(f"#{i * _STEP}")
        lines += [_change(s, i) for s in signals if s.values[i] != s.values[i - 1]]
    return "\n".join([*lines, f"#{count * _STEP}", ""])


def _kind(sort: object) -> tuple[str, int]:
    if isinstance(sort, Bool):
        return "wire", 1
    return ("integer", 32) if isinstance(sort, Int) else ("string", 1)


def _value(v: Value) -> str:
    if isinstance(v, bool):
        return str(int(v))
    if isinstance(v, int):
        return f"b{v & 0xFFFFFFFF:b}"
    return f"s{_word(v)}"


def _change(s: _Signal, i: int) -> str:
    return f"{s.values[i]}{'' if s.width == 1 and s.kind == 'wire' else ' '}{s.code}"


def _numbered(scope: _Scope) -> Iterator[_Signal]:
    """All signals, each with a code of its own."""

    def walk(s: _Scope) -> Iterator[_Signal]:
        yield from s.signals
        for inner in s.inner.values():
            yield from walk(inner)

    for i, signal in enumerate(walk(scope)):
        signal.code = _code(i)
        yield signal


def _code(i: int) -> str:
    text = ""
    while True:
        i, digit = divmod(i, len(_PRINTABLE))
        text += chr(_PRINTABLE[digit])
        if not i:
            return text
        i -= 1


def _declared(scope: _Scope, name: str) -> Iterator[str]:
    yield f"$scope module {name} $end"
    for s in scope.signals:
        yield f"$var {s.kind} {s.width} {s.code} {s.name} $end"
    for inner, content in scope.inner.items():
        yield from _declared(content, inner)
    yield "$upscope $end"


def _word(text: str) -> str:
    """Text as one word of the file: it has neither blanks nor the sign of a command."""
    return re.sub(r"[^\x21-\x23\x25-\x7e]+", "_", text.replace(" → ", "->").replace(", ", ",")) or "_"


def _comment(text: str) -> str:
    return "  " + " ".join(text.replace("$", "_").split())
