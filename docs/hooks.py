"""The pages of the site that are generated from the code: the reference. Run by ``mkdocs build``."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from mkdocs.structure.files import File
from tdisprove.cli import VERBS, main
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import show, word
from tdisprove.model.world import ASPECTS, KNOBS
from tdisprove.properties.catalogue import expectation, groups
from tdisprove.reports.formats.blame import place
from tdisprove.reports.json_report import schema
from tdisprove.reports.table import code, prose


def on_files(files: Any, config: Any) -> Any:
    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files


def commands() -> str:
    os.environ["COLUMNS"] = "100"
    blocks = ["# Command line", f"```text\n{_help()}```"]
    for name in VERBS:
        blocks += [f"## tdisprove {name}", f"```text\n{_help(name)}```"]
    return "\n\n".join(blocks) + "\n"


def _help(*args: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main([*args, "--help"])
    return out.getvalue()


def flows() -> str:
    blocks = ["# Flows", "A flow is a setting of [knobs](knobs.md); what it does not set is as the knob's default says."]
    for f in FLOWS.values():
        chosen = [(code(k), code(word(v))) for k, v in f.choices.items()]
        blocks += [f"## {f.name}", prose(f.summary) + ".", f"Source: {prose(f.cite)}. Aspects: {', '.join(f.aspects)}."]
        blocks += [f"- {prose(note)}" for note in f.notes]
        blocks.append(_table(("knob", "set to"), chosen))
    return "\n\n".join(blocks) + "\n"


def properties() -> str:
    blocks = [
        "# Properties",
        "By aspect and group, with the verdict in each flow at its default setting (`@5`: a run of five steps).",
    ]
    for g in groups():
        blocks.append(f"## {g.title[:1].upper()}{g.title[1:]} ({g.aspect})")
        for p in g.properties:
            verdicts = [
                (f.name, str(e)) for f in FLOWS.values() if (e := expectation(f.name, p.id)) and g.aspect in f.aspects
            ]
            facts = [f"{k}: {prose(v)}" for k, v in (("protects", p.protects), ("binds", p.binds), ("source", p.cite)) if v]
            blocks += [f"### {p.id}", prose(p.says), "; ".join(facts), code(str(p.formula))]
            blocks.append(", ".join(f"{name} {code(verdict)}" for name, verdict in verdicts))
    return "\n\n".join(blocks) + "\n"


def knobs() -> str:
    rows = [
        (
            code(k.name),
            ", ".join(code(word(v)) for v in k.sort.domain),
            code(word(k.default)),
            prose(k.summary),
            prose(k.cite),
        )
        for k in KNOBS
    ]
    return f"# Knobs\n\n{_table(('knob', 'values', 'default', 'what it decides', 'source'), rows)}\n"


def rules() -> str:
    blocks = [
        "# Rules",
        "Every rule of the world: the event, whom it binds, what it checks, its source, and where it is written.",
    ]
    for name, aspect in ASPECTS.items():
        blocks.append(f"## {name}")
        for machine in aspect.model.machines:
            mine = [r for r in aspect.model.rules if r.machine == machine]
            if not mine:
                continue
            rows = [
                (
                    code(r.name), f"{code(r.event.name)} by {r.event.actor}", r.binds.name if r.binds else "", code(show(r.when)),
                    "; ".join(f"{prose(c.name)}: {code(show(c.term))}" + (f" else {code(c.reply)}" if c.reply else "") for c in r.checks),
                    prose(r.cite), prose(str(place(r.origin) or "")),
                )
                for r in mine
            ]  # fmt: skip
            blocks += [f"### {name}: {machine}", _table(("rule", "event", "binds", "when", "checks", "source", "at"), rows)]
    return "\n\n".join(blocks) + "\n"


def json_page() -> str:
    text, other = (json.dumps(schema(x), indent=2, ensure_ascii=False) for x in ("check", "anynumber"))
    return (
        "# JSON\n\n`tdisprove check --format json` prints one document that this JSON Schema (2020-12) describes. Its version stands in the "
        "document (`schema`): the second number grows when keys are added, the first when a reader of the old one could be misled. The "
        f"package carries the schema: `tdisprove.reports.json_report.schema()`.\n\n```json\n{text}\n```\n\n"
        '## Any number\n\nThe document of `tdisprove prove --any INDEX --format json` (`schema("anynumber")`); the steps of traces are those of '
        f"the document above.\n\n```json\n{other}\n```\n"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


PAGES: dict[str, Callable[[], str]] = {
    "commands": commands, "flows": flows, "properties": properties, "knobs": knobs, "rules": rules, "json": json_page,
}  # fmt: skip
