"""The page: results as data, the matrix as a table, and the script that shows them."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from ...explore.check import Result
from ...explore.explain.blame import Blame
from ...explore.explain.parting import nearest_holding
from ...model.language import Value, word
from ...properties.catalogue import Group
from ...properties.property import Property
from ..matrix import LEGEND, mark
from ..svg import printable
from ..verdicts import cell, role
from ..why import cut_names, cuts_open
from .run import run_payload


def explorer(
    version: str,
    groups: Sequence[Group],
    summaries: Mapping[str, str],
    columns: Mapping[str, Sequence[Result]],
    *,
    why: Mapping[tuple[str, str], Blame] | None = None,
    notes: Sequence[str] = (),
    title: str = "tdisprove",
    done: Callable[[str], None] = lambda _: None,
) -> str:
    """The whole page. ``groups`` order the properties; ``why``: what is to blame, by flow and property; ``notes`` say what is missing; ``done`` hears of each flow that is drawn.

    Results and runs are packed (deflate, base64), each run once however many flows have it, and unpacked when it is looked at.
    """
    found = {flow: {r.prop.id: r for r in results} for flow, results in columns.items()}
    kept = [(g, [p for p in g.properties if any(p.id in row for row in found.values())]) for g in groups]
    kept = [(g, ps) for g, ps in kept if ps]
    packed: dict[str, int] = {}
    results: dict[str, dict[str, Any]] = {}
    for flow, row in found.items():
        results[flow] = {name: _result(flow, r, found, packed, (why or {}).get((flow, name))) for name, r in row.items()}
        done(flow)
    data = {
        "flows": [{"id": f, "summary": summaries.get(f, "")} for f in found],
        "settings": {f: _setting(row.values()) for f, row in found.items()},
        "properties": {p.id: _property(p, g) for g, ps in kept for p in ps},
        "results": results,
        "notes": list(notes),
    }
    script, sheet = _asset("explorer.js"), _asset("explorer.css")
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    )
    blocks = [f'<script type="text/plain" id="run-{i}">{text}</script>' for text, i in packed.items()]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{_text(title)}</title>\n<style>\n{sheet}</style>\n</head>\n<body>",
            _BODY.format(
                title=_text(title), counts=_counts(found), legend="".join(f"<span>{_text(part)}</span>" for part in LEGEND.split("   ")), version=_text(version),
                notes="".join(f'<p class="note">{_text(n)}</p>' for n in notes), matrix=_matrix(kept, summaries, found),
                flows="".join(f'<label><input type="checkbox" data-flow="{_text(f)}" checked> {_text(f)}</label>' for f in found),
            ),
            f'<script type="text/plain" id="data">{_pack(data)}</script>',
            *blocks,
            f"<script>{script}</script>\n</body>\n</html>\n",
        ]
    )  # fmt: skip


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _text(text: str) -> str:
    return escape(printable(text), quote=True)


def _clean(content: Any) -> Any:
    """Names as the table writes them, so that one finds the other."""
    if isinstance(content, dict):
        return {printable(k): _clean(v) for k, v in content.items()}
    if isinstance(content, list):
        return [_clean(x) for x in content]
    return printable(content) if isinstance(content, str) else content


def _pack(content: object) -> str:
    raw = json.dumps(_clean(content), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def _property(p: Property, g: Group) -> dict[str, Any]:
    return {
        "says": p.says, "group": g.title, "aspect": g.aspect, "protects": p.protects, "binds": p.binds, "cite": p.cite,
        "formula": str(p.formula), "violated": p.if_violated, "holds": p.if_holds,
    }  # fmt: skip


def _result(
    flow: str, r: Result, found: Mapping[str, Mapping[str, Result]], packed: dict[str, int], why: Blame | None
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "kind": role(r),
        "cell": cell(r),
        "mark": mark(r),
        "evidence": _evidence(r),
        "notes": list(r.notes),
        "lemmas": list(r.lemmas),
        "fairness": list(r.fairness),
    }
    if r.trace is not None:
        content["run"] = packed.setdefault(_pack(run_payload(r)), len(packed))
    if why is not None:
        content["why"] = _why(why)
    nearest = nearest_holding(flow, r, found)
    if nearest is not None:
        content["nearest"] = {
            "flow": nearest.flow,
            "differs": [[k, word(a), word(b)] for k, (a, b) in nearest.differs.items()],
            "step": nearest.parting.step,
            "instead": list(nearest.parting.instead),
            "why": list(nearest.parting.why),
        }
    return content


def _why(b: Blame) -> dict[str, list[str]]:
    """What would mend a violation, alone or together; what does so only by making it impossible comes apart."""
    steps: dict[bool, list[str]] = {False: [], True: []}
    settings: dict[bool, list[str]] = {False: [], True: []}
    for step in b.steps:
        steps[step.vacuous].append(step.event if step.reply == "ok" else f"{step.event} → {step.reply}")
    for s in b.settings:
        settings[s.vacuous].append(f"{s.knob}={word(s.there)} (here {word(s.here)})")
    hollow = [*settings[True], *(f"without {text}" for text in steps[True])]
    together, impossible = ([], 0) if b.cuts is None else cut_names(b.cuts)
    if impossible:
        hollow.append(f"{impossible} sets of several")
    unknown = [*b.open, *([cuts_open(b.cuts)] if b.cuts is not None and b.cuts.stopped else [])]
    return {"settings": settings[False], "steps": steps[False], "together": together, "hollow": hollow, "open": unknown}


def _evidence(r: Result) -> str:
    """What the verdict rests on, in a sentence."""
    states = f" {r.statistics.states:,} states were visited{r.statistics.reduced}." if r.statistics is not None else ""
    if r.trace is not None:
        how = f"A run of {len(r.trace)} steps, replayed on the reference evaluator."
        if r.trace.loop is None and r.statistics is not None:
            how = f"A shortest run, {len(r.trace)} steps, replayed on the reference evaluator."
        return f"{how}{states} Engine: {r.engine}."
    kind = {
        "exhaustive": "All reachable states were visited.",
        "inductive": "An inductive invariant was proved.",
        "bounded": f"All runs of up to {r.depth} steps were covered, and no more.",
    }.get(r.evidence.value, r.evidence.value)
    return f"{kind}{states} Engine: {r.engine}."


def _setting(results: Any) -> dict[str, dict[str, str]]:
    """Sizes and knobs of a flow in all its aspects; one that differs between them is written with each value."""
    merged: dict[str, dict[str, str]] = {"topology": {}, "knobs": {}}
    for r in results:
        given: dict[str, Mapping[str, Value]] = {"topology": r.system.topology, "knobs": r.system.knobs}
        for kind, values in given.items():
            for name, value in values.items():
                known = merged[kind].setdefault(name, word(value))
                if word(value) not in known.split(" / "):
                    merged[kind][name] = f"{known} / {word(value)}"
    return {kind: dict(sorted(values.items())) for kind, values in merged.items()}


def _counts(found: Mapping[str, Mapping[str, Result]]) -> str:
    every = [role(r) for row in found.values() for r in row.values()]
    names = {"holds": "hold", "vacuous": "hold vacuously", "violated": "violated", "unknown": "UNKNOWN"}
    return ", ".join(f'<b class="{k}">{every.count(k):,}</b> {says}' for k, says in names.items() if every.count(k))


def _matrix(
    kept: Sequence[tuple[Group, list[Property]]],
    summaries: Mapping[str, str],
    found: Mapping[str, Mapping[str, Result]],
) -> str:
    """The table, readable without a script. A cell links to its verdict."""
    head = "".join(
        f'<th scope="col" data-flow="{_text(f)}" title="{_text(summaries.get(f, ""))}"><span>{_text(f)}</span></th>'
        for f in found
    )
    lines = [f'<table id="matrix"><thead><tr><th scope="col">property</th>{head}</tr></thead>']
    for g, properties in kept:
        lines.append(
            f'<tbody><tr class="group"><th scope="rowgroup" colspan="{len(found) + 1}">{_text(g.title)}'
            f"<small> {_text(g.aspect)}</small></th></tr>"
        )
        for p in properties:
            cells = "".join(_cell(f, row.get(p.id)) for f, row in found.items())
            lines.append(
                f'<tr data-property="{_text(p.id)}"><th scope="row"><code>{_text(p.id)}</code><p>{_text(p.says)}</p></th>{cells}</tr>'
            )
        lines.append("</tbody>")
    return "\n".join([*lines, "</table>"])


def _cell(flow: str, r: Result | None) -> str:
    if r is None:
        return f'<td data-flow="{_text(flow)}" class="none" title="does not apply">–</td>'
    link = _text(f"#v/{quote(printable(flow), safe='')}/{quote(printable(r.prop.id), safe='')}")
    return f'<td data-flow="{_text(flow)}" class="{role(r)}"><a href="{link}" title="{_text(f"{flow}: {cell(r)}")}">{mark(r)}</a></td>'


_BODY = """<header>
<h1><a href="#">{title}</a></h1>
<p class="counts">{counts}</p>
<div class="tools">
<label class="search">Search <input id="search" type="search" placeholder="property, sentence or source (press /)"></label>
<fieldset id="kinds"><legend>Show</legend>
<label><input type="checkbox" data-kind="holds" checked> holds</label>
<label><input type="checkbox" data-kind="vacuous" checked> vacuous</label>
<label><input type="checkbox" data-kind="violated" checked> violated</label>
<label><input type="checkbox" data-kind="unknown" checked> unknown</label>
</fieldset>
<details id="flows"><summary>Flows</summary>{flows}</details>
<button id="theme" type="button" title="dark or light (d)">dark / light</button>
</div>
</header>
{notes}
<main id="overview">
<p class="legend">{legend}</p>
<p id="empty" hidden>Nothing matches.</p>
{matrix}
</main>
<main id="verdict" hidden></main>
<footer>tdisprove {version} · Keys: <kbd>/</kbd> search, <kbd>←</kbd> <kbd>→</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last
state, <kbd>Esc</kbd> back to the table, <kbd>d</kbd> dark or light</footer>
<noscript><p class="note">The table needs no script; the runs do.</p></noscript>"""
