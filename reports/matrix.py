"""The matrix of flows and properties: as text, Markdown, HTML and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ..explore.check import Result
from ..explore.verdict import Verdict
from ..properties.catalogue import Group
from .verdicts import cell, role

LEGEND = "✓ holds   ✓· holds vacuously   ✗5 violated, shortest run 5 steps   ✗ cannot be reached   ?7 unknown beyond 7 steps   – does not apply"


@dataclass(frozen=True)
class Matrix:
    """The results by flow and property. ``summaries``: flow -> what it is."""

    groups: Sequence[Group]
    summaries: Mapping[str, str]
    results: Mapping[str, Mapping[str, Result]]

    @classmethod
    def of(cls, groups: Sequence[Group], summaries: Mapping[str, str], columns: Mapping[str, Sequence[Result]]) -> Matrix:
        """From results in a list per flow. Groups without results are left out."""
        found = {flow: {r.prop.id: r for r in results} for flow, results in columns.items()}
        decided = {name for row in found.values() for name in row}
        kept = [
            Group(g.title, g.aspect, tuple(p for p in g.properties if p.id in decided))
            for g in groups
            if any(p.id in decided for p in g.properties)
        ]
        return cls(kept, summaries, found)

    def text(self) -> str:
        """Properties down, flows across under numbers that a legend explains."""
        flows = list(self.results)
        left = max(len(p.id) for g in self.groups for p in g.properties) + 4
        lines = [f"{i:>3}  {f}: {self.summaries.get(f, '')}" for i, f in enumerate(flows, 1)]
        lines += ["", " " * left + "".join(f"{i:<5}" for i in range(1, len(flows) + 1)).rstrip()]
        for g in self.groups:
            lines.append(f"{g.title} ({g.aspect})")
            for p in g.properties:
                cells = "".join(f"{mark(self.results[f].get(p.id)):<5}" for f in flows)
                lines.append(f"  {p.id:<{left - 2}}{cells}".rstrip())
        return "\n".join([*lines, "", LEGEND])

    def markdown(self) -> str:
        """A table per group."""
        flows = list(self.results)
        lines: list[str] = []
        for g in self.groups:
            lines += [
                f"### {g.title[:1].upper()}{g.title[1:]}",
                "",
                f"| property | {' | '.join(flows)} |",
                "|---" * (len(flows) + 1) + "|",
            ]
            for p in g.properties:
                cells = [mark(self.results[f].get(p.id)) for f in flows]
                lines.append(f"| **{p.id}**: {p.says.replace('|', chr(92) + '|')} | {' | '.join(cells)} |")
            lines.append("")
        return "\n".join([*lines, LEGEND, ""])

    def html(self, version: str) -> str:
        """One page that needs nothing else: the table, with what each verdict means on hovering."""
        flows = list(self.results)
        head = "".join(f'<th title="{escape(self.summaries.get(f, ""))}"><span>{escape(f)}</span></th>' for f in flows)
        body = []
        for g in self.groups:
            body.append(
                f'<tr class="group"><th colspan="{len(flows) + 1}">{escape(g.title)}<small> {escape(g.aspect)}</small></th></tr>'
            )
            for p in g.properties:
                cells = "".join(_html_cell(self.results[f].get(p.id)) for f in flows)
                body.append(
                    f'<tr><th title="{escape(p.cite)}"><code>{escape(p.id)}</code><p>{escape(p.says)}</p></th>{cells}</tr>'
                )
        return _PAGE.format(version=escape(version), head=head, body="\n".join(body), legend=escape(LEGEND))

    def document(self, version: str) -> dict[str, Any]:
        """As JSON: the properties in order, each with its verdicts by flow."""
        return {
            "tool": "tdisprove",
            "version": version,
            "flows": [{"id": f, "summary": self.summaries.get(f, "")} for f in self.results],
            "properties": [
                {
                    "id": p.id, "summary": p.says, "group": g.title, "aspect": g.aspect, "protects": p.protects, "binds": p.binds,
                    "verdicts": {
                        f: {"verdict": r.verdict.value, "depth": r.depth, "vacuous": r.vacuous}
                        for f, row in self.results.items()
                        if (r := row.get(p.id)) is not None
                    },
                }
                for g in self.groups
                for p in g.properties
            ],
        }  # fmt: skip


def mark(r: Result | None) -> str:
    if r is None:
        return "–"
    if r.verdict is Verdict.VIOLATED:
        return f"✗{r.depth}" if r.trace is not None else "✗"
    if r.verdict is Verdict.UNKNOWN:
        return f"?{r.depth}"
    return "✓·" if r.vacuous else "✓"


def _html_cell(r: Result | None) -> str:
    if r is None:
        return '<td class="none" title="does not apply">–</td>'
    meaning = r.prop.if_violated if r.verdict is Verdict.VIOLATED else r.prop.if_holds
    return f'<td class="{role(r)}" title="{escape(cell(r))}{escape(": " + meaning) if meaning else ""}">{mark(r)}</td>'


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tdisprove: flows and properties</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; }}
@media (prefers-color-scheme: dark) {{ :root {{ --good: #3fb950; --bad: #ff7b72; --open: #d29922; }} }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
thead th {{ position: sticky; top: 0; background: Canvas; vertical-align: bottom; z-index: 1; font-size: 12px; padding: .3rem; }}
thead th span {{ writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }}
tbody th {{ text-align: left; font-weight: normal; padding: .3rem .6rem; }}
tbody th p {{ margin: 0; font-size: 13px; opacity: .75; }}
td {{ text-align: center; padding: .3rem .4rem; font-variant-numeric: tabular-nums; white-space: nowrap; }}
tbody tr {{ border-top: 1px solid var(--line); }}
tr.group th {{ font-weight: 600; padding-top: 1.2rem; }} tr.group small {{ opacity: .6; font-weight: normal; }}
td.holds {{ color: var(--good); }} td.violated {{ color: var(--bad); font-weight: 600; }} td.unknown {{ color: var(--open); }}
td.vacuous, td.none {{ opacity: .5; }}
@media print {{ thead th {{ position: static; }} body {{ margin: 0; }} }}
</style></head><body>
<h1>Flows and properties</h1>
<p>{legend}</p>
<table><thead><tr><th></th>{head}</tr></thead><tbody>
{body}
</tbody></table>
<p><small>tdisprove {version}</small></p>
</body></html>
"""
