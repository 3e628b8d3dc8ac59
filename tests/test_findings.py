"""Findings: the page is what the tool computes today, and what is called a finding is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tdisprove.cli import main
from tdisprove.explore import Result
from tdisprove.explore.coverage import coverage
from tdisprove.explore.explicit import reachable
from tdisprove.explore.findings import Decided, findings
from tdisprove.model.flows import FLOWS
from tdisprove.model.world import ASPECTS
from tdisprove.properties.catalogue import aspect_of, expectation, find
from tdisprove.properties.findings import SECTIONS, Refines, Section
from tdisprove.properties.questions import Alike, Probe
from tdisprove.properties.refinements import refinement_named
from tdisprove.reports.findings import document, markdown, text


@pytest.fixture(scope="module")
def page() -> list[tuple[Section, list[Decided]]]:
    return findings(SECTIONS)


@pytest.fixture(scope="module")
def every(page: list[tuple[Section, list[Decided]]]) -> list[Decided]:
    return [d for _, decided in page for d in decided]


def test_the_page_of_the_documentation_is_what_the_tool_computes(page: list[tuple[Section, list[Decided]]]) -> None:
    kept = (Path(__file__).parent.parent / "docs" / "findings.md").read_text(encoding="utf-8")
    assert kept == markdown(page), "write it anew: tdisprove ask --findings --format markdown > docs/findings.md"


def test_what_contradicts_no_expectation_names_none(every: list[Decided]) -> None:
    for d in every:
        expected = [c for c in d.computed if c.case.expected]
        assert bool(d.finding.expects) == bool(d.finding.by) == bool(expected), d.finding.title
        assert not expected or any(c.surprises() for c in expected), d.finding.title


def test_what_is_expected_is_a_verdict_and_what_is_named_exists() -> None:
    for s in SECTIONS:
        for f in s.findings:
            for c in f.cases:
                assert c.expected in ("", "holds", "violated"), f.title
                match c.claim:
                    case Probe() as probe:
                        aspect = aspect_of(find(probe.property))
                    case Alike() as alike:
                        aspect = alike.aspect
                        assert alike.flow in FLOWS
                    case Refines(name):
                        aspect = refinement_named(name).aspect
                assert set(c.flows) <= {x.name for x in FLOWS.values() if aspect in x.aspects}, f.title
                for knob, value in c.changed.items():
                    assert knob in ASPECTS[aspect].knobs, (f.title, knob)
                    assert all(FLOWS[name].knobs()[knob] != value for name in c.flows), (f.title, "changes nothing")


def test_where_nothing_is_set_otherwise_it_is_what_was_recorded(every: list[Decided]) -> None:
    for d in every:
        for c in d.computed:
            for flow, r in c.results.items():
                recorded = expectation(flow, c.case.name)
                if isinstance(r, Result) and not c.case.changed and recorded is not None:
                    assert (r.verdict.value, r.depth if r.trace else None) == (recorded.verdict, recorded.depth), (
                        flow,
                        r.prop.id,
                    )


def test_the_gate_of_cove_io_never_decides_anything_as_the_page_says() -> None:
    found = coverage(reachable(FLOWS["cove-io"].system()), ASPECTS["lifecycle"].model)
    elsewhere = coverage(reachable(FLOWS["sev-tio-guest-run"].system()), ASPECTS["lifecycle"].model)
    gates = {c for c in found.checks if c.startswith("gate.dma: ")}
    assert gates > {c for c in elsewhere.checks if c.startswith("gate.dma: ")}


def test_findings_come_as_text_and_as_data(page: list[tuple[Section, list[Decided]]]) -> None:
    said = str(text(page))
    assert "VIOLATED at 5 (expected: holds)" in said
    found = json.loads(json.dumps(document(page, "0")))["findings"]
    assert len(found) == sum(len(s.findings) for s in SECTIONS)
    (first, *_) = found[0]["cases"]
    assert (first["flow"], first["expected"], first["verdict"], first["depth"]) == (
        "sev-tio-host-run",
        "holds",
        "violated",
        5,
    )
    assert len(first["trace"]) == 5


def test_findings_take_no_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--findings", "Q1"]) == 2
    assert capsys.readouterr().err.startswith("tdisprove: --findings decides all findings")
