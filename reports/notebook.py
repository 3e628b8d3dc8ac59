"""How results, runs, systems and models look in a notebook.

What is shown stands below what shows it, so the classes do not know of this; `install` gives them the methods for which
notebooks ask (`_repr_html_`, `_repr_svg_`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from ..explore.check import Result
from ..explore.verdict import Trace, Verdict
from ..model.language import Machine, Model, System, show, word
from .style import BROKEN, FAINT, MUTED
from .svg import printable
from .verdicts import cell

_GOOD, _OPEN = "#1a7f37", "#8f5a00"
_MANY = 200
"""Rows beyond which a table is cut."""


def install() -> None:
    """Give the classes their methods."""
    methods: dict[type, dict[str, Callable[..., str]]] = {
        Result: {"_repr_html_": result_html},
        Trace: {"_repr_html_": trace_html, "_repr_svg_": trace_svg},
        System: {"_repr_html_": system_html},
        Model: {"_repr_html_": model_html, "_repr_svg_": model_svg},
        Machine: {"_repr_html_": machine_html},
    }
    for kind, named in methods.items():
        for name, method in named.items():
            setattr(kind, name, method)


def result_html(r: Result) -> str:
    """The verdict, what it means, and the run behind it."""
    colour = {Verdict.HOLDS: FAINT if r.vacuous else _GOOD, Verdict.VIOLATED: BROKEN, Verdict.UNKNOWN: _OPEN}[r.verdict]
    meaning = r.prop.if_violated if r.verdict is Verdict.VIOLATED else r.prop.if_holds if r.verdict is Verdict.HOLDS else ""
    states = f", {r.statistics.states:,} states" if r.statistics is not None else ""
    lines = [
        f'<p><b style="color:{colour}">{_text(cell(r))}</b> <code>{_text(r.prop.id)}</code> in {_text(r.system.name)} '
        f'<span style="color:{MUTED}">({_text(r.evidence.value)}, {_text(r.engine)}{states})</span><br>{_text(r.prop.says)}</p>'
    ]
    lines += [f"<p>{_text(text)}</p>" for text in (meaning, *r.notes) if text]
    if r.trace is not None:
        lines.append(_chart(r.trace, r.verdict is Verdict.HOLDS))
    return "\n".join(lines)


def trace_svg(trace: Trace) -> str:
    """The sequence chart."""
    from .sequence import sequence_svg

    return sequence_svg(trace)


def trace_html(trace: Trace) -> str:
    """The sequence chart, in a frame that scrolls when it is wide."""
    return _chart(trace, False)


def _chart(trace: Trace, witness: bool) -> str:
    from .sequence import sequence_svg

    return f'<div style="overflow-x:auto">{sequence_svg(trace, witness=witness)}</div>'


def system_html(system: System) -> str:
    """Size and setting, and the variables."""
    setting = ", ".join(f"{k}={word(v)}" for k, v in (*system.topology.items(), *system.knobs.items()))
    rows = [(v.name, str(v.sort), "rigid" if v.rigid else "", v.doc) for v in system.variables]
    return (
        f"<p><b>{_text(system.name)}</b>: {len(system.variables)} variables, {len(system.actions)} actions<br><small>{_text(setting)}</small></p>"
        + _table(("variable", "sort", "", ""), rows)
    )


def model_svg(model: Model) -> str:
    """Who takes part in which events with whom. Raises `RenderError` without a Graphviz."""
    from .machines import composition_svg

    return composition_svg(model)


def model_html(model: Model) -> str:
    """The machines, and the picture of who takes part in which events with whom."""
    from .render import RenderError

    rows = [
        (m, str(sum(r.machine == m for r in model.rules)), str(sum(f.machine == m for f in model.families)))
        for m in model.machines
    ]
    table = f"<p><b>{_text(model.name)}</b></p>" + _table(("machine", "rules", "variables"), rows)
    try:
        picture = model_svg(model)
    except RenderError:
        return table
    return f'{table}<div style="overflow-x:auto">{picture[picture.index("<svg") :]}</div>'


def machine_html(machine: Machine) -> str:
    """The rules, as the table that the documentation has."""
    rows = [
        (
            r.name,
            f"{r.event.name}, by {r.event.actor}" + ("" if r.reply == "ok" else f" → {r.reply}"),
            show(r.when),
            "; ".join(f"{c.name}: {show(c.term)}" + (f" else {c.reply}" if c.reply else "") for c in r.checks),
            "; ".join(f"{show(u.target)} := {show(u.value)}" for u in r.updates),
            r.binds.name if r.binds is not None else "",
            r.cite,
        )
        for r in machine.rules
    ]
    head = f"<p><b>{_text(machine.name)}</b>{_text(f': {machine.doc}' if machine.doc else '')}</p>"
    return head + _table(("rule", "event", "when", "checks", "sets", "binds", "source"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = list(rows)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{_text(c)}</td>' for c in r) + "</tr>" for r in every[:_MANY]
    )
    more = f"<p>… and {len(every) - _MANY} more</p>" if len(every) > _MANY else ""
    heads = "".join(f'<th style="text-align:left">{_text(h)}</th>' for h in head)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
