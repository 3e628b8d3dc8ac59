"""Formats for other programs: accepted by their validators, true to the run, escaped, and the same bytes every time."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import itf_py
import junitparser
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from ports import NASTY, TRACES, every_trace, walks
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog
from tdisprove.cli import main
from tdisprove.explore import Limits, Result, Verdict, check
from tdisprove.explore.verdict import Evidence, Trace
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import OK
from tdisprove.model.world import ASPECTS
from tdisprove.properties import Invariant, Property
from tdisprove.properties.catalogue import find
from tdisprove.reports.formats.blame import PACKAGE, culprits, letting, place
from tdisprove.reports.formats.choice import DOCUMENTS, RUNS, document, run
from tdisprove.reports.formats.github import github
from tdisprove.reports.formats.itf import itf
from tdisprove.reports.formats.junit import junit
from tdisprove.reports.formats.plantuml import state_plantuml, trace_plantuml
from tdisprove.reports.formats.sarif import sarif
from tdisprove.reports.formats.vcd import vcd
from tdisprove.reports.graph import TooLarge, trace_graph
from tdisprove.reports.json_report import check_document, schema
from vcd.reader import TokenKind, tokenize

ROOT = Path(__file__).parent.parent

HELD = "gates-closed-before-reuse"
BROKEN = "no-tbit-dma-emitted-before-accept"
LASSO = "error-is-left-in-the-end"


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """A verdict of each kind: holds, violated, violated for ever, unknown, vacuous."""
    system = FLOWS["sev-tio-host-run"].system()
    decided = check(system, [find(HELD), find(BROKEN), find(LASSO)])
    return [*decided, *check(system, [find("accepted-evidence-is-of-this-epoch")], limits=Limits(depth=2))]


def hostile_result() -> Result:
    """A violation in which every name is what some format takes for markup."""
    trace = TRACES["nasty"]()
    prop = Property(NASTY, NASTY, Invariant(trace.broken), if_violated=NASTY)  # type: ignore[arg-type]
    return Result(trace.system, prop, "", Verdict.VIOLATED, Evidence.TRACE, NASTY, 1, None, 0.0, trace, notes=(NASTY,))


# Where rules are written.


def test_every_rule_of_the_world_knows_the_line_on_which_it_is_written() -> None:
    for aspect in ASPECTS.values():
        for rule in aspect.model.rules:
            assert rule.origin is not None
            at = place(rule.origin)
            assert at is not None
            assert at.packaged
            text = (PACKAGE / at.path).read_text(encoding="utf-8").split("\n")[at.line - 1]
            assert ".rule(" in text or "rule(" in text, f"{rule.machine}.{rule.name}: {at}: {text}"


def test_the_rule_to_look_at_is_the_one_that_let_the_device_run(results: list[Result]) -> None:
    trace = results[1].trace
    assert trace is not None
    rule = letting(trace)
    assert rule is not None
    assert (rule.machine, rule.name) == ("tdi", "tdi_bind_run")


def test_a_culprit_is_a_rule_of_the_step_that_made_the_last_change() -> None:
    found = culprits(TRACES["two-phase"]())
    assert {step: rule.name for step, rule in found.items()} == {2: "abort", 4: "commit"}


# JSON.


def test_the_published_schema_describes_every_document(results: list[Result]) -> None:
    Draft202012Validator.check_schema(schema())
    validator = Draft202012Validator(schema())
    documents = [
        check_document("1", {"flow": results}, ["a note"]),
        check_document("1", {}, times=False),
        check_document("1", {NASTY: [hostile_result()]}),
    ]
    for d in documents:
        validator.validate(json.loads(json.dumps(d)))


@pytest.mark.parametrize(
    ("key", "value"),
    [("verdict", "maybe"), ("seconds", "soon"), ("trace", {}), ("depth", -1), ("surprise", 1), ("vacuous", None)],
)
def test_the_schema_refuses_what_is_no_such_document(results: list[Result], key: str, value: object) -> None:
    wrong = check_document("1", {"flow": results})
    wrong["results"][1][key] = value
    assert not Draft202012Validator(schema()).is_valid(wrong)
    del wrong["results"][1]
    right = check_document("1", {"flow": results})
    assert Draft202012Validator(schema()).is_valid(right)
    del right["results"][0]["flow"]
    assert not Draft202012Validator(schema()).is_valid(right)


# ITF.


@settings(max_examples=30, deadline=None)
@given(walks())
def test_itf_comes_back_as_the_run_that_went_out(trace: Trace) -> None:
    written = json.loads(json.dumps(itf(trace)))
    read = itf_py.trace_from_json(written)
    assert read.vars == [v.name for v in trace.system.variables if not v.name.startswith("monitor.")]
    assert [tuple(s.values[n] for n in trace.system.index if n in read.vars) for s in read.states] == list(trace.states)
    again = itf_py.trace_to_json(read)
    assert again["states"] == written["states"]
    assert [s.meta["event"] for s in read.states[1:]] == [a.event for a in trace.actions]


def test_itf_of_a_run_without_end_leads_back_from_its_last_state(results: list[Result]) -> None:
    trace = results[2].trace
    assert trace is not None
    assert trace.loop is not None
    read = itf_py.trace_from_json(json.loads(json.dumps(itf(trace))))
    assert read.loop == trace.loop
    assert len(read.states) == len(trace.states) - 1
    index = trace.system.index
    assert all(read.states[read.loop].values[n] == trace.states[-1][index[n]] for n in read.vars)


# VCD.


@settings(max_examples=30, deadline=None)
@given(walks())
def test_a_vcd_reader_finds_every_value_at_its_step(trace: Trace) -> None:
    names: dict[str, str] = {}
    scopes: list[str] = []
    now: dict[str, object] = {}
    seen: list[dict[str, object]] = []
    for token in tokenize(io.BytesIO(vcd(trace, everything=True).encode())):
        match token.kind:
            case TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            case TokenKind.UPSCOPE:
                scopes.pop()
            case TokenKind.VAR:
                assert token.var.id_code not in names
                names[token.var.id_code] = ".".join((*scopes[1:], token.var.reference))
            case TokenKind.CHANGE_TIME if token.data:
                seen.append(dict(now))
            case TokenKind.CHANGE_SCALAR:
                now[names[token.scalar_change.id_code]] = token.scalar_change.value
            case TokenKind.CHANGE_VECTOR:
                now[names[token.vector_change.id_code]] = token.vector_change.value
            case TokenKind.CHANGE_STRING:
                now[names[token.string_change.id_code]] = token.string_change.value
    assert len(seen) == len(trace.states)
    for i, state in enumerate(trace.states):
        for v, value in zip(trace.system.variables, state, strict=True):
            assert seen[i][v.name] == (str(int(value)) if isinstance(value, bool) else value)
        assert seen[i]["run.step"] == i


# JUnit.


def test_junit_has_a_case_per_property_and_unknown_is_an_error(results: list[Result]) -> None:
    root = ElementTree.fromstring(junit({"flow": results}).encode())
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "2", "1")
    cases = {c.get("name"): c for c in root.iter("testcase")}
    assert list(cases) == [r.prop.id for r in results]
    assert [len(c.findall("failure")) for c in cases.values()] == [0, 1, 1, 0]
    assert [len(c.findall("error")) for c in cases.values()] == [0, 0, 0, 1]
    assert root.findall(".//skipped") == []
    assert "tdi_bind_run(tdi0)" in (cases[BROKEN].findtext("failure") or "")


def test_junit_is_read_by_a_reader_that_is_not_ours(results: list[Result]) -> None:
    text = junit({"flow": results, NASTY: [hostile_result()]}, notes=["interrupted"])
    read = junitparser.JUnitXml.fromstring(text.encode())
    counted = {suite.name: (suite.tests, suite.failures, suite.errors, suite.skipped) for suite in read}
    assert counted["flow"] == (4, 2, 1, 0) and counted["tdisprove"] == (1, 0, 1, 0)
    outcomes = [type(r).__name__ for suite in read for case in suite for r in case.result]
    assert (outcomes.count("Failure"), outcomes.count("Error"), outcomes.count("Skipped")) == (3, 2, 0)
    # What suites say of themselves is what the reader counts.
    for suite in read:
        said = (suite.tests, suite.failures, suite.errors)
        suite.update_statistics()
        assert said == (suite.tests, suite.failures, suite.errors)
    with pytest.raises(junitparser.JUnitXmlError):
        junitparser.JUnitXml.fromstring(text.replace("testsuites", "results").encode())


def test_junit_of_a_partial_run_has_an_error(results: list[Result]) -> None:
    root = ElementTree.fromstring(junit({"flow": results[:1]}, notes=["interrupted"]).encode())
    assert (root.get("tests"), root.get("errors")) == ("2", "1")
    assert [e.get("message") for e in root.iter("error")] == ["interrupted"]


def test_what_is_violated_as_recorded_passes_and_unknown_does_not(results: list[Result]) -> None:
    root = ElementTree.fromstring(junit({"flow": results}, unexpected={}).encode())
    assert (root.get("failures"), root.get("errors")) == ("0", "1")
    unexpected = {("flow", HELD): "recorded is violated@3", ("flow", results[3].prop.id): "recorded is holds"}
    root = ElementTree.fromstring(junit({"flow": results}, unexpected=unexpected).encode())
    assert (root.get("failures"), root.get("errors")) == ("1", "1")
    assert "recorded is violated@3" in str([f.get("message") for f in root.iter("failure")])


# SARIF.


def test_sarif_is_accepted_by_its_object_model(results: list[Result]) -> None:
    log = sarif("1", {"flow": results, NASTY: [hostile_result()]}, notes=["a note"])
    SarifLog.model_validate(json.loads(json.dumps(log)))
    (one,) = log["runs"]
    assert [(r["ruleId"], r["kind"], r["level"]) for r in one["results"][:3]] == [
        (BROKEN, "fail", "error"),
        (LASSO, "fail", "error"),
        (results[3].prop.id, "open", "none"),
    ]
    assert all(one["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in one["results"])
    assert one["invocations"][0]["executionSuccessful"] is False
    assert sarif("1", {"flow": results[:1]})["runs"][0]["invocations"][0]["executionSuccessful"] is True
    wrong = json.loads(json.dumps(log))
    wrong["runs"][0]["results"][0]["kind"] = "bad"
    with pytest.raises(ValueError, match="kind"):
        SarifLog.model_validate(wrong)


def test_the_code_flow_of_sarif_leads_through_the_rules_in_the_models_source(results: list[Result]) -> None:
    (violation,) = sarif("1", {"flow": results[1:2]})["runs"][0]["results"]
    trace = results[1].trace
    assert trace is not None
    (flow,) = violation["codeFlows"]
    (thread,) = flow["threadFlows"]
    steps = [x for x in thread["locations"] if x["nestingLevel"] == 0]
    assert [x["executionOrder"] for x in steps] == list(range(1, len(trace) + 1))
    for x, action in zip(steps, trace.actions, strict=True):
        assert action.label in x["location"]["message"]["text"]
    for x in thread["locations"]:
        where = x["location"]["physicalLocation"]
        assert where["artifactLocation"]["uriBaseId"] == "TDISPROVE"
        line = (PACKAGE / where["artifactLocation"]["uri"]).read_text().split("\n")[where["region"]["startLine"] - 1]
        assert "rule(" in line
    assert steps[3]["state"]["tdi0.state"]["text"] == "RUN"
    assert violation["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "tdi.tdi_bind_run"


def test_a_violation_that_is_recorded_is_suppressed(results: list[Result]) -> None:
    found = sarif("1", {"flow": results[:2]}, unexpected={})["runs"][0]["results"]
    assert [r["suppressions"][0]["status"] for r in found] == ["accepted"]


# GitHub.


def test_an_annotation_is_one_line_whatever_the_names_are(results: list[Result]) -> None:
    text = github({"flow": results, "a,b::c\nd": [hostile_result()]}, notes=["x\n::error::y"])
    lines = text.splitlines()
    assert [line.split(" ")[0].split("::")[1] for line in lines] == ["error"] * 5 + ["notice"]
    for line in lines:
        assert re.fullmatch(r"::(error|notice) (\w+=[^,:]*,)*\w+=[^,:]*::[^\r\n]*", line)
    assert lines[-1].endswith("1 passed, 3 failed, 1 undecided")


def test_an_annotation_names_a_file_only_where_it_is_checked_out(
    results: list[Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = importlib.import_module("tdisprove.reports.formats.github")
    (tmp_path / "elsewhere").mkdir()
    # Wherever the tests find the package: in a checkout, then in a virtual environment below it.
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    assert "file=model/world/lifecycle/tdi.py,line=" in github({"flow": results})
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "file=" not in github({"flow": results})
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "checkout" / ".venv" / "site-packages" / "tdisprove")
    monkeypatch.chdir(tmp_path / "checkout")
    assert "file=" not in github({"flow": results})


# PlantUML.


@every_trace
def test_plantuml_tells_every_step_and_has_no_stray_markup(trace: Trace) -> None:
    text = trace_plantuml(trace, title=NASTY, subtitle=NASTY)
    lines = text.splitlines()
    assert lines[0] == "@startuml"
    assert lines[-1] == "@enduml"
    assert sum(bool(re.match(r"p\d+ -(\[#\w+\])?>(x)? p\d+ : ", line)) for line in lines) == len(trace)
    replies = [line for line in lines if re.match(r"p\d+ --> p\d+ : ", line)]
    assert len(replies) == sum(a.reply != OK for a in trace.actions)
    for line in lines[1:-1]:
        assert not line.startswith(("!", "@", "'"))
        assert "<" not in line.replace("<code>", "")


def test_plantuml_draws_no_hairball() -> None:
    graph = trace_graph(TRACES["blocked"]())
    assert state_plantuml(graph, title="t").count("-->") >= 5
    with pytest.raises(TooLarge):
        state_plantuml(graph, limit=2)


# All of them.


@pytest.mark.parametrize("form", DOCUMENTS)
def test_hostile_names_break_no_document(form: str) -> None:
    text = document(form, "1", {NASTY: [hostile_result()]}, [NASTY])
    text.encode()
    assert "\x01" not in text
    if form == "junit":
        ElementTree.fromstring(text.encode())
    if form == "sarif":
        json.loads(text)


@every_trace
@pytest.mark.parametrize("form", RUNS)
def test_every_run_can_be_written_in_every_format(form: str, trace: Trace) -> None:
    prop = Property("p", "It holds.", Invariant(trace.broken))  # type: ignore[arg-type]
    r = Result(trace.system, prop, "", Verdict.VIOLATED, Evidence.TRACE, "e", len(trace), None, 0.0, trace)
    assert run(form, "flow", r) == run(form, "flow", r)
    run(form, "flow", r).encode()


_ONCE = f"""
import json, sys
from pathlib import Path
from tdisprove.explore import check
from tdisprove.model.flows import FLOWS
from tdisprove.properties.catalogue import find
from tdisprove.reports.files import write_traces
from tdisprove.reports.formats.choice import DOCUMENTS, document
from tdisprove.reports.json_report import check_document
results = {{"flow": check(FLOWS["sev-tio-host-run"].system(), [find("{BROKEN}"), find("{HELD}"), find("{LASSO}")])}}
print(json.dumps(check_document("1", results, times=False)))
for form in DOCUMENTS:
    print(document(form, "1", results))
write_traces(Path(sys.argv[1]), "flow", results["flow"])
"""


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """In processes of their own, for the order of sets differs from process to process."""
    outputs = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _ONCE, str(tmp_path)], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, check=True,
        )  # fmt: skip
        written = {p.name: p.read_bytes() for p in sorted((tmp_path / "flow").iterdir())}
        outputs.append((done.stdout, written))
    assert outputs[0] == outputs[1]
    assert {".json", ".vcd", ".puml", ".dot", ".mmd", ".md", ".txt", ".svg"} == {Path(n).suffix for n in outputs[0][1]}


def test_a_format_of_one_run_wants_just_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "sev-tio-host-run", "-p", BROKEN, "--format", "itf"]) == 1
    assert json.loads(capsys.readouterr().out)["#meta"]["format"] == "ITF"
    assert main(["check", "sev-tio-host-run", "-p", HELD, "--format", "vcd"]) == 2
    assert "--format vcd shows one run, and none of these properties has one" in capsys.readouterr().err
