"""Implementations against the model: the emulator conforms, its mutants do not, whatever way they are reached."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tdisprove.cli import main
from tdisprove.explore.conformance import (
    Budget,
    Campaign,
    NotConforming,
    Setup,
    alphabet_for,
    fuzz,
    gallery,
    state_machine,
)
from tdisprove.explore.conformance.adapters import InProcess
from tdisprove.explore.conformance.alphabet import Alphabet, Stimulus
from tdisprove.explore.conformance.detection import adapter_of, by_suite, load, table
from tdisprove.explore.conformance.files import do_again
from tdisprove.explore.conformance.guide import Coverage, charted
from tdisprove.explore.conformance.learn import NotDeterministic, learn
from tdisprove.explore.conformance.partial import compiled, known
from tdisprove.explore.conformance.reference import Dsm
from tdisprove.explore.conformance.reference.dsm import INVALID_REQUEST, Refused
from tdisprove.explore.conformance.suite import Checker, suite
from tdisprove.model.language import ModelError, State, Term, Value

ROOT = Path(__file__).resolve().parents[1]
ALONE = Setup("reference", multi_session=False)
BOTH = Setup("reference")


@pytest.fixture(scope="module")
def tdisp() -> Alphabet:
    return alphabet_for("tdisp", BOTH, Dsm.controls)


@pytest.fixture(scope="module")
def tdisp_alone() -> Alphabet:
    return alphabet_for("tdisp", ALONE, Dsm.controls)


@pytest.fixture(scope="module")
def ide_km() -> Alphabet:
    return alphabet_for("ide-km", ALONE, Dsm.controls)


# --- Values of terms where something is not known -----------------------------------------------------------------------


def test_a_compiled_term_has_the_value_that_its_definition_says_in_every_partly_known_state(tdisp_alone: Alphabet) -> None:
    oracle = tdisp_alone.oracle
    terms: list[Term] = [c.action.guard for g in list(oracle._groups.values())[::7] for c in g]
    positions = {v.name: i for i, v in enumerate((*oracle.variables, *oracle.knobs))}
    function = compiled(terms, positions)
    values = st.tuples(*(st.sampled_from([None, *v.sort.domain]) for v in (*oracle.variables, *oracle.knobs)))

    @given(values)
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def law(s: tuple[Value | None, ...]) -> None:
        names = {n: x for n, i in positions.items() if (x := s[i]) is not None}
        assert function(s) == tuple(known(t, names) for t in terms)

    law()


# --- The emulator and its mutants ---------------------------------------------------------------------------------------


@lru_cache
def _whole(protocol: str, setup: Setup) -> Campaign:
    """The emulator, until everything is covered."""
    return fuzz(alphabet_for(protocol, setup, Dsm.controls), setup.adapter())


def test_the_emulator_conforms_and_is_covered_whole() -> None:
    found = _whole("tdisp", ALONE)
    assert not found.faults and not found.advice and not found.stopped and not found.skipped
    assert found.coverage == Coverage((146, 146), (27522, 27522), (6732, 6732), (23228, 23228))
    assert found.readings["stop_in_unlocked"] == ("ok",)
    assert found.readings["report_in_run"] == (True,)


def test_the_emulator_conforms_as_ide_km_responder(ide_km: Alphabet) -> None:
    found = fuzz(ide_km, ALONE.adapter(), pairs=False)
    assert not found.faults and not found.advice and not found.stopped and not found.skipped
    assert (found.coverage.states, found.coverage.transitions) == ((320, 320), (8234, 8234))
    assert found.readings["go_without_key"] == ("silent",)


_COVERED = re.findall(
    r"^\| `([\w-]+)( --single-session)?` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| \d+ \|$",
    (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize("row", _COVERED, ids=lambda row: row[0] + row[1])
def test_all_four_layers_are_covered_on_the_emulator_without_a_fault_as_the_table_says(row: tuple[str, ...]) -> None:
    protocol, alone, *numbers = row
    *layers, steps = (int(n.replace(",", "")) for n in numbers)
    found = _whole(protocol, ALONE if alone else BOTH)
    assert found.conforms and not found.advice and not found.stopped and not found.skipped
    assert list(found.coverage.layers().values()) == [(n, n) for n in layers]
    assert found.steps == steps


def test_the_table_of_what_is_covered_has_both_protocols() -> None:
    assert [row[0] for row in _COVERED] == ["tdisp", "tdisp", "ide-km"]


DETECTED = load(ROOT / "tests" / "responder_runs.json")
_SURE = [m.label for m in gallery().values() if not m.ambiguous]


def test_there_are_mutants_enough_and_each_changes_one_place() -> None:
    assert len(_SURE) == 128
    assert all(m.make() is not Dsm for m in gallery().values())


def test_every_mutant_outside_the_open_points_fails_its_run_and_the_emulator_passes_all(tdisp: Alphabet) -> None:
    # The runs are what `python -m tdisprove.explore.conformance.detection` has found and shrunk.
    detected = {d.label: d for d in DETECTED if d.steps}
    assert detected.keys() == set(_SURE)
    alphabets = {"tdisp": tdisp, "ide-km": alphabet_for("ide-km", BOTH, Dsm.controls)}
    for label, d in detected.items():
        alphabet = alphabets[d.protocol]
        found, _ = do_again(alphabet, adapter_of(gallery()[label]), list(d.steps))
        assert found is not None and found.clauses, label
        # The emulator may leave the run where the mutant took a turn that it does not take, but it never fails.
        try:
            assert do_again(alphabet, BOTH.adapter(), list(d.steps))[0] is None, label
        except ModelError as e:
            assert "makes no sense there" in str(e)


def test_the_table_of_detection_is_what_was_measured(tdisp: Alphabet) -> None:
    text = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    assert "\n".join(table(DETECTED)) in text
    assert {d.label for d in DETECTED} == gallery().keys()
    assert {d.label for d in DETECTED if d.ambiguous} == {m.label for m in gallery().values() if m.ambiguous}
    # The cheapest are measured again, by the two methods that need no suite.
    quick = [
        d for d in DETECTED if d.protocol == "tdisp" and d.guided is not None and d.guided < 300 and d.plain is not None
    ][:3]
    for d in quick:
        steps = [
            fuzz(tdisp, adapter_of(gallery()[d.label]), Budget(5000, faults=1), guided=guided, seed=seed, pairs=False).steps
            for guided, seed in ((True, 0), (False, 1))
        ]
        assert steps == [d.guided, d.plain]


def test_the_transition_suite_finds_every_mutant_outside_the_open_points(tdisp: Alphabet) -> None:
    assert {d.label for d in DETECTED if d.suite is not None} == set(_SURE)
    # A state that is wrong after an event that no answer tells of is seen by the question that follows.
    (quick,) = (d for d in DETECTED if d.label == "tolerated-write-is-fatal")
    assert by_suite(adapter_of(gallery()[quick.label]), tdisp) == quick.suite


def test_a_cover_asks_for_the_state_after_what_it_does_for_the_first_time(tdisp_alone: Alphabet) -> None:
    chart = charted(tdisp_alone, {v.name: tdisp_alone.preferred[v.name] for v in tdisp_alone.oracle.knobs})
    done: set[tuple[State, Stimulus]] = set()
    asked = 0
    for test in suite(tdisp_alone, "transitions").tests:
        at = chart.first
        for s, after in pairwise((*test, None)):
            to = next((x for x, by in chart.nodes[at].moves.items() if s in by), at) if chart.nodes[at].options[s] else at
            could = any(
                x.event == "get_state" and not x.variant and a and {y.reply for y in a} == {"ok"}
                for x, a in chart.nodes[to].options.items()
            )
            if (at, s) not in done and could and s.event != "get_state":
                assert after is not None
                assert after.event == "get_state"
                asked += 1
            done.add((at, s))
            at = to
    assert asked > 1000


@pytest.mark.parametrize("label", _SURE[::26])
def test_mutants_are_found_by_fuzzing(tdisp: Alphabet, label: str) -> None:
    wide = alphabet_for("ide-km", BOTH, Dsm.controls)
    found = next(
        (
            f
            for a in (tdisp, wide)
            if (f := fuzz(a, adapter_of(gallery()[label]), Budget(60_000, faults=1), pairs=False)).faults
        ),
        None,
    )
    assert found is not None
    fault = next(iter(found.faults.values()))
    assert "again" not in fault.under
    assert len(fault.finding.steps) <= 10


@pytest.mark.parametrize(
    ("label", "knob", "value"),
    [("stop-refused-in-unlocked", "stop_in_unlocked", "error"), ("report-refused-in-run", "report_in_run", False)],
)
def test_where_the_specification_is_open_the_reading_is_reported_and_can_be_refused(
    tdisp_alone: Alphabet, label: str, knob: str, value: Value
) -> None:
    adapter = adapter_of(gallery()[label], ALONE)
    found = fuzz(tdisp_alone, adapter, Budget(4000), pairs=False)
    assert not found.faults
    assert found.readings[knob] == (value,)
    fixed = alphabet_for("tdisp", ALONE, Dsm.controls, {knob: tdisp_alone.preferred[knob]})
    assert fuzz(fixed, adapter, Budget(faults=1), pairs=False).faults


def test_what_is_only_recommended_is_reported_apart(ide_km: Alphabet) -> None:
    class Polite(Dsm):
        def key_go(self, session: str, stream_id: int, kss: int, port: int) -> bool:
            return port != self.port or super().key_go(session, stream_id, kss, port)

    found = fuzz(ide_km, InProcess(lambda: Polite(multi_session=False)), Budget(3000), pairs=False)
    assert not found.faults
    assert {(f.finding.severity, f.finding.stimulus) for f in found.advice.values()} == {
        ("recommended", "malformed(K_SET_GO for another port)")
    }


def test_a_device_with_reasons_of_its_own_breaks_nothing_and_proves_nothing(tdisp_alone: Alphabet) -> None:
    class Busy(Dsm):
        def lock(self, session: str, body: bytes) -> bytes:
            from tdisprove.explore.conformance.reference.dsm import BAD_CONFIGURATION, Refused

            raise Refused(BAD_CONFIGURATION)

    found = fuzz(tdisp_alone, InProcess(lambda: Busy(multi_session=False)), Budget(3000), pairs=False)
    assert not found.faults
    assert any(reply == "INVALID_DEVICE_CONFIGURATION" for _, reply in found.excused)
    assert found.coverage.states[0] < found.coverage.states[1]


def test_two_faults_are_told_apart_and_each_is_shrunk(tdisp_alone: Alphabet) -> None:
    class Two(Dsm):
        def stop(self) -> bytes:
            if self.tdi.state == 3:
                raise ZeroDivisionError("stop in ERROR")
            return super().stop()

        def report(self, body: bytes) -> bytes:
            if self.tdi.state == 0:
                raise Refused(INVALID_REQUEST)
            return super().report(body)

    found = fuzz(tdisp_alone, InProcess(lambda: Two(multi_session=False)), Budget(40_000), pairs=False)
    kinds = {f.finding.kind: f.finding for f in found.faults.values()}
    assert kinds["crash"].steps[-1].startswith("stop_interface(")
    assert kinds["crash"].actual.startswith("crash: ZeroDivisionError: stop in ERROR")
    # session, keys, lock, something that ends in ERROR, stop
    assert len(kinds["crash"].steps) == 5
    others = [f.finding for f in found.faults.values() if f.finding.kind != "crash"]
    assert others and all(f.event == "get_report" and len(f.steps) == 2 for f in others)


def test_guidance_covers_what_plain_random_rules_do_not(ide_km: Alphabet) -> None:
    guided = fuzz(ide_km, ALONE.adapter(), Budget(20_000), pairs=False)
    plain = fuzz(ide_km, ALONE.adapter(), Budget(20_000), guided=False)
    assert Coverage.share(guided.coverage.transitions) >= 0.95
    assert not plain.faults
    assert Coverage.share(plain.coverage.transitions) < 0.5


def test_a_finding_can_be_done_again_and_is_gone_where_it_was_mended(tdisp_alone: Alphabet) -> None:
    broken = adapter_of(gallery()["nonce-not-compared"], ALONE)
    fault = next(iter(fuzz(tdisp_alone, broken, Budget(faults=1)).faults.values()))
    again, _ = do_again(tdisp_alone, broken, list(fault.finding.steps))
    assert again is not None and again.actual == fault.finding.actual
    assert do_again(tdisp_alone, ALONE.adapter(), list(fault.finding.steps)) == (None, len(fault.finding.steps))


# --- Hypothesis ---------------------------------------------------------------------------------------------------------

FAST = settings(max_examples=25, stateful_step_count=15, deadline=None, database=None)

TestReference = state_machine(ALONE).TestCase
TestReference.settings = FAST
TestReferenceKeying = state_machine(ALONE, "ide-km").TestCase
TestReferenceKeying.settings = FAST


def test_a_state_machine_of_hypothesis_finds_and_shrinks_a_fault() -> None:
    machine = state_machine(replace(ALONE, subject="mutant:stop-goes-to-locked"))
    case = machine.TestCase
    case.settings = settings(max_examples=300, stateful_step_count=20, deadline=None, database=None, derandomize=True)
    with pytest.raises(NotConforming) as caught:
        case().runTest()
    assert any(s.startswith("stop_interface") for s in caught.value.finding.steps)


# --- Suites and learning ------------------------------------------------------------------------------------------------


def test_the_emulator_passes_its_suites_and_mutants_fail_them(tdisp_alone: Alphabet) -> None:
    wp = suite(tdisp_alone, "wp")
    assert (len(wp.tests), wp.states, wp.inputs) == (3334, 26, 35)
    assert Checker(ALONE, "tdisp").check([s.name for s in wp.tests[0]]) == 0
    checker = Checker(ALONE, "tdisp")
    for test in wp.tests[::40]:
        assert checker.check([s.name for s in test]) == 0
    failing = Checker(replace(ALONE, subject="mutant:stop-goes-to-locked"), "tdisp")
    with pytest.raises(NotConforming):
        for test in wp.tests:
            failing.check([s.name for s in test])


def test_a_cover_of_all_transitions_covers_them(ide_km: Alphabet) -> None:
    cover = suite(ide_km, "transitions", length=400)
    supposed = {v.name: ide_km.preferred[v.name] for v in ide_km.oracle.knobs}
    settled, unsettled = Checker(ALONE, "ide-km", supposed), Checker(ALONE, "ide-km")
    for test in cover.tests[:5]:
        steps = [s.name for s in test]
        # Under the readings that the cover supposes, every step makes sense where it stands. While they are still open, steps
        # are left out where the device may be in states that do not all allow them.
        assert settled.check(steps) == 0
        assert unsettled.check(steps) <= len(steps) // 10


_FEW = ["session_open(tsm)", "key_prog(tsm)", "lock_interface(tsm)", "start_interface(tsm, nonce=current)", "stop_interface(tsm)",
        "get_state(tsm)", "config_change"]  # fmt: skip


def test_the_emulator_is_learned_and_is_the_model(tdisp_alone: Alphabet) -> None:
    learned = learn(tdisp_alone, ALONE.adapter(), inputs=_FEW, walks=5)
    assert learned.states == 6  # no session, not keyed, keyed, locked, running, in error
    assert learned.differences == ()


def test_what_a_mutant_does_otherwise_is_learned_with_a_shortest_sequence(tdisp_alone: Alphabet) -> None:
    learned = learn(tdisp_alone, adapter_of(gallery()["stop-goes-to-locked"], ALONE), inputs=_FEW, walks=5)
    first = learned.differences[0]
    assert first.steps[:5] == tuple(_FEW[:5])
    assert len(first.steps) == 6


def test_a_responder_that_is_not_deterministic_is_reported_as_such(tdisp_alone: Alphabet) -> None:
    flips = iter([False] * 40 + [True] * 1000)

    class Fickle(Dsm):
        def stop(self) -> bytes:
            return b"" if next(flips) else super().stop()

    with pytest.raises(NotDeterministic, match="once"):
        learn(tdisp_alone, InProcess(lambda: Fickle(multi_session=False)), inputs=_FEW, walks=5)


# --- The command line ---------------------------------------------------------------------------------------------------


def test_fuzz_writes_a_fault_that_replay_shows_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--single-session", "--adapter"]
    code = main(["fuzz", *common, "mutant:start-in-run", "--faults", "1", "--no-pairs", "-o", str(tmp_path)])
    out = capsys.readouterr().out
    assert code == 1
    assert (
        "FAULT: start_interface(" in out
        and "expected: INVALID_INTERFACE_STATE (check: state)" in out
        and "P63 Table 11-19" in out
    )
    (file,) = tmp_path.glob("*.json")
    assert "sequenceDiagram" in file.with_suffix(".mmd").read_text()
    assert main(["fuzz", *common, "mutant:start-in-run", "--replay", str(file)]) == 1
    assert "FAULT" in capsys.readouterr().out
    assert main(["fuzz", *common, "reference", "--replay", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["finding"] is None


def test_a_spent_budget_is_unknown_and_a_bad_adapter_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--single-session", "--adapter", "reference", "--steps", "300"]) == 3
    assert "No fault so far; not everything was covered." in capsys.readouterr().out
    assert main(["fuzz", "--adapter", "nonsense"]) == 2


def test_a_written_suite_is_a_pytest_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "suite",
        "--single-session",
        "--protocol",
        "ide-km",
        "--length",
        "4000",
        "--adapter",
        "reference",
        "-o",
        str(tmp_path),
    ]
    assert main(arguments) == 0
    capsys.readouterr()
    document = json.loads((tmp_path / "ide_km_transitions.json").read_text())
    assert document["format"] == "tdisprove-suite/1"
    name, allowed = document["tests"][0][0]
    assert allowed and document["stimuli"][name]["event"]
    assert any(m.get("hex", "").startswith("00") for s in document["stimuli"].values() for m in s["messages"])
    compile((tmp_path / "test_ide_km_transitions.py").read_text(), "suite", "exec")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", "0", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
