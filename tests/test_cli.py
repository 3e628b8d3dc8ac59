"""The command line: exit codes, one-line errors, JSON as published."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tdisprove import verbs
from tdisprove.cli import main
from tdisprove.explore.mutation import Fate, Trial
from tdisprove.model.flows import FLOWS
from tdisprove.model.language.mutate import mutants
from tdisprove.model.world import ASPECTS
from tdisprove.properties.catalogue import PROPERTIES

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        try:
            code = main(args)
        except SystemExit as e:
            code = int(e.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_check_says_what_holds_and_what_does_not(run: Run) -> None:
    code, out, err = run(
        "check", "cove-io", "-p", "no-tbit-dma-emitted-before-accept", "-p", "accepted-evidence-is-of-this-epoch"
    )
    assert code == 1
    assert err == ""
    assert "no-tbit-dma-emitted-before-accept" in out
    assert "cove-io: " in out
    code, out, _ = run("check", "cove-io", "-p", "no-tbit-dma-emitted-before-accept")
    assert code == 0
    assert "holds whatever host is" in out


def test_check_of_many_flows_fits_a_screen(run: Run) -> None:
    flows = ("sev-tio-host-run", "cove-io", "ide-only", "cma-only")
    _, out, _ = run("check", *flows)
    assert len(out.splitlines()) <= 50
    assert max(map(len, out.splitlines())) <= 120
    for name in flows:
        assert f"{name} " in out
    assert "holds iff p2p=false" in out


MATRIX = (
    "matrix",
    "-p",
    "no-tbit-dma-emitted-before-accept",
    "-p",
    "mmio-read-never-overtakes-a-write",
    "-p",
    "accepted-device-is-genuine",
)


def test_matrix_names_every_flow_and_every_property_in_every_format(run: Run) -> None:
    for form in ("text", "markdown", "html", "json"):
        code, out, _ = run(*MATRIX, "--format", form)
        assert code == 0
        for name in (*FLOWS, *MATRIX[2::2]):
            assert name in out
    rows = {p["id"]: p["verdicts"] for p in json.loads(out)["properties"]}
    assert list(rows) == [name for name in PROPERTIES if name in MATRIX]
    assert rows["no-tbit-dma-emitted-before-accept"]["sev-tio-host-run"] == {
        "verdict": "violated",
        "depth": 5,
        "vacuous": False,
    }
    assert "cma-only" not in rows["no-tbit-dma-emitted-before-accept"]


def test_a_matrix_with_a_gap_is_said_to_have_one(run: Run) -> None:
    code, out, _ = run("matrix", "cove-io", "-p", "gates-closed-before-reuse", "--max-depth", "2")
    assert code == 3
    assert "?2" in out


def test_check_explains_what_the_central_argument_rests_on(run: Run) -> None:
    _, out, _ = run("check", "sev-tio-guest-run", "-p", "no-tbit-dma-emitted-before-accept")
    assert "holds iff host=honest or tsm_consent=true" in out
    _, out, _ = run("check", "sev-tio-host-run", "-p", "no-tbit-dma-effective-before-accept")
    assert "holds iff p2p=false" in out
    assert "violated means: " in out
    assert "holds means: " in out


def test_expect_is_satisfied_by_the_recorded_verdicts_only(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run("check", "--expect", "--quiet", "-p", "accepted-evidence-is-of-this-epoch")
    assert code == 0
    assert "All 9 verdicts are as recorded" in out
    from tdisprove.explore import target
    from tdisprove.properties.catalogue import Expectation

    monkeypatch.setattr(target, "expectation", lambda flow, prop: Expectation("holds", None))
    code, out, _ = run("check", "cove-io", "--expect", "--quiet", "-p", "accepted-evidence-is-of-this-epoch")
    assert code == 1
    assert "NOT AS RECORDED: cove-io: accepted-evidence-is-of-this-epoch: violated@8, recorded is holds" in out


def test_json_is_one_document_as_published(run: Run) -> None:
    code, out, _ = run("check", "sev-tio-host-run", "-p", "no-tbit-dma-emitted-before-accept", "--format", "json")
    assert code == 1
    document = json.loads(out)
    assert document["tool"] == "tdisprove"
    (result,) = document["results"]
    assert {
        "flow", "property", "verdict", "engine", "evidence", "states", "depth", "seconds", "topology", "knobs", "trace",
    } <= set(result)  # fmt: skip
    assert (result["verdict"], result["depth"], result["engine"], result["evidence"]) == (
        "violated",
        5,
        "explicit",
        "exhaustive",
    )
    assert result["knobs"]["p2p"] is False
    run_step = result["trace"][3]
    assert (run_step["event"], run_step["actor"], run_step["args"]) == ("tdi_bind_run", "host", {"t": "tdi0"})
    assert run_step["changed"]["tdi0.state"] == ["CONFIG_LOCKED", "RUN"]


@pytest.mark.parametrize("what", ["flows", "properties", "knobs"])
def test_lists_come_as_text_and_as_json(run: Run, what: str) -> None:
    code, text, _ = run("list", what)
    assert code == 0
    code, out, _ = run("list", what, "--format", "json")
    assert code == 0
    for row in json.loads(out):
        assert {"id", "summary"} <= set(row)
        assert row["id"] in text


def test_explore_counts_states_and_names_dead_rules(run: Run) -> None:
    code, out, _ = run("explore", "cove-io")
    assert code == 0
    assert "1,392 states" in out
    assert "sdte_write" in out  # a message of another flow
    code, out, _ = run("explore", "cove-io", "--format", "json")
    document = json.loads(out)
    assert (document["states"], document["depth"], document["deadlocks"], document["complete"]) == (1392, 17, 0, True)


def test_explore_projects_the_state_graph(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("explore", "cove-io", "--project", "tdi0.state,guest.tvm0.tdi0.accepted", "-o", str(tmp_path))
    assert code == 0
    assert list(tmp_path.glob("*.svg"))
    code, _, err = run("explore", "cove-io", "--project", "tdi0.sate")
    assert code == 2
    assert "did you mean tdi0.state" in err


def test_explore_scores_the_mutants_of_an_aspect(run: Run) -> None:
    code, out, _ = run("explore", "--mutation", "--aspect", "spdm", "cma-only", "--format", "json")
    document = json.loads(out)
    (whole,) = [s for s in document["scores"] if s["part"] == "all"]
    assert whole["mutants"] == len(document["mutants"]) == 434
    assert whole["killed"] > 50
    by_fate = {m["fate"] for m in document["mutants"]}
    assert {"killed", "idle"} <= by_fate
    assert all(m["by"] for m in document["mutants"] if m["fate"] == "killed")
    assert code == (1 if whole["survived"] else 0)


def test_an_interrupted_run_of_mutants_says_how_far_it_came(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def three(aspect: str, **options: object) -> Iterator[Trial]:
        for mutant in list(mutants(ASPECTS[aspect].model))[:3]:
            yield Trial(mutant, mutant.machine, Fate.KILLED, "something", "somewhere")
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs.mutation, "all_trials", three)
    code, out, _ = run("explore", "--mutation")
    assert code == 3
    assert "3 mutants in" in out
    assert "interrupted: 3 of 407 mutants were tried" in out


def test_prove_prints_the_lemmas_of_a_proof(run: Run) -> None:
    code, out, _ = run("prove", "cove-io", "-p", "no-tbit-dma-emitted-before-accept")
    assert code == 0
    assert "holds (inductive)" in out
    assert "lemma" in out


def test_diagram_writes_pictures_of_machines_and_traces(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("diagram", "machines", "-o", str(tmp_path / "m"))
    assert code == 0
    assert (tmp_path / "m" / "machines" / "lifecycle" / "tdi.svg").exists()
    code, _, _ = run("diagram", "sev-tio-host-run", "-p", "no-tbit-dma-emitted-before-accept", "-o", str(tmp_path / "t"))
    assert code == 0
    names = {p.suffix for p in (tmp_path / "t" / "sev-tio-host-run").iterdir()}
    assert {".svg", ".dot", ".mmd", ".txt", ".md"} <= names


def test_check_draws_the_machines_of_the_aspects_that_it_checked(run: Run, tmp_path: Path) -> None:
    chosen = ("no-tbit-dma-emitted-before-accept", "no-get-version-by-others-while-the-tsms-session-lives")
    code, _, _ = run("check", "cove-io", *(x for p in chosen for x in ("-p", p)), "-o", str(tmp_path))
    assert code in (0, 1)
    assert {p.name for p in (tmp_path / "machines").iterdir()} == {"lifecycle", "spdm"}
    assert (tmp_path / "machines" / "spdm" / "tdi.svg").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("check", "sev-tio"), "there is no flow 'sev-tio'; did you mean sev-tio-host-run"),
        (("check", "-p", "no-tbit-dma"), "there is no property 'no-tbit-dma'; did you mean"),
        (("check", "-p", "zzzz"), "in all) (see tdisprove list properties)"),
        (("check", "--set", "p2q=true"), "there is no knob 'p2q'; did you mean p2p"),
        (("check", "--set", "p2p=maybe"), "knob p2p cannot be 'maybe'"),
        (("check", "--tdis", "0"), "'0' is not a whole number of at least 1"),
        (("check", "--memory", "lots"), "'lots' is not a size"),
        (("check", "nowhere.py"), "nowhere.py: cannot be read"),
        (("check", "--engine", "magic"), "invalid choice: 'magic'"),
        (("check", "--expect", "--tdis", "2"), "--expect: verdicts are recorded for the flows at default topology"),
        (("check", "-o", "/proc/nowhere"), "cannot write into /proc/nowhere"),
        (("diagram", "machine"), "there is no flow 'machine'"),
        (("explore",), "explore needs a FLOW"),
        (("explore", "--mutation", "-p", "lock-only-from-unlocked"), "--mutation tries the mutants of an aspect"),
        (("explore", "--mutation", "--aspect", "responder", "cma-only"), "flow cma-only has no aspect responder"),
        (("frobnicate",), "invalid choice: 'frobnicate'"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(run: Run, args: tuple[str, ...], words: str) -> None:
    code, out, err = run(*args)
    assert code == 2
    assert out == ""
    assert words in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SYSTEM = (", "line 1: '(' was never closed"),
        ("x = 1", "defines no SYSTEM"),
        ("from tdisprove.model.language import *\nenum('E')", "line 2|enumeration E has no values"),
        ("x = {}\nx['y']", "line 2: KeyError"),
    ],
)
def test_a_broken_system_file_gets_one_line_and_exit_code_2(run: Run, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)
    code, out, err = run("check", str(path))
    assert code == 2
    assert out == ""
    assert any(w in err for w in words.split("|"))
    assert len(err.splitlines()) == 1


def test_a_users_own_system_is_checked_like_a_flow(run: Run) -> None:
    example = Path(__file__).parent.parent / "examples" / "two_phase_commit.py"
    code, out, _ = run("check", str(example))
    assert code == 0
    assert "consistent" in out


def test_a_limit_makes_verdicts_unknown_and_the_exit_code_3(run: Run) -> None:
    code, out, _ = run("check", "cove-io", "-p", "gates-closed-before-reuse", "--max-states", "50")
    assert code == 3
    assert "UNKNOWN" in out
    assert "state limit" in out or "50 states" in out


def test_unsliced_runs_say_the_same(run: Run) -> None:
    def verdicts(*options: str) -> list[object]:
        names = (x for p in ("gates-closed-before-reuse", "accepted-evidence-is-of-this-epoch") for x in ("-p", p))
        _, out, _ = run("check", "cove-io", "--format", "json", *names, *options)
        return [(r["property"], r["verdict"], r["depth"]) for r in json.loads(out)["results"]]

    assert verdicts() == verdicts("--unsliced")


def test_the_engine_is_the_one_that_was_asked_for(run: Run) -> None:
    _, out, _ = run("check", "cove-io", "-p", "gates-closed-before-reuse", "--engine", "z3", "--format", "json")
    (result,) = json.loads(out)["results"]
    assert (result["verdict"], result["engine"], result["evidence"]) == ("holds", "z3", "inductive")


def test_decision_diagrams_are_an_engine_like_the_others(run: Run) -> None:
    _, out, _ = run("check", "cove-io", "-p", "gates-closed-before-reuse", "--engine", "bdd", "--format", "json")
    (result,) = json.loads(out)["results"]
    assert (result["verdict"], result["engine"], result["evidence"]) == ("holds", "bdd", "exhaustive")


def test_help_names_every_verb_and_the_exit_codes(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for verb in ("check", "matrix", "prove", "explore", "diagram", "list"):
        assert verb in out
    assert "Exit codes" in out


SLOW = frozenset(
    {"z3", "dd", "scipy", "networkx", "hypothesis", "aalpy", "pysat", "rich", "tdisprove.explore.scenarios.scenario"}
)
"""What takes longer to load than such a command to run."""


@pytest.mark.parametrize(
    ("command", "aspects"),
    [
        (["--version"], []),
        (["--help"], []),
        (["list", "flows"], []),
        (["explore", "cove-io", "--aspect", "evidence"], ["evidence"]),
        (["check", "cove-io", "-p", "no-cross-tvm-dma"], ["lifecycle"]),
    ],
)
def test_a_command_loads_what_it_is_about(command: list[str], aspects: list[str]) -> None:
    code = (
        "import contextlib, sys\nfrom tdisprove.cli import main\n"
        f"with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit): main({command!r})\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert [a for a in ASPECTS if f"tdisprove.model.world.{a}.model" in loaded] == aspects
    assert loaded.isdisjoint(SLOW)
