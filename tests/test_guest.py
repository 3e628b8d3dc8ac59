"""Guests under test: what a correct one may do, that mutants are found, and that the bench is what the model says."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis import settings as settings_of_hypothesis
from tdisprove.cli import main
from tdisprove.explore.conformance import Budget, Run, Setup, fuzz, state_machine
from tdisprove.explore.conformance.adapters import Fault
from tdisprove.explore.conformance.adapters.requester import ObjectRequester, ProcessRequester, SocketRequester
from tdisprove.explore.conformance.alphabet import Alphabet
from tdisprove.explore.conformance.detection import by_suite, detect_guest, load, table
from tdisprove.explore.conformance.files import do_again
from tdisprove.explore.conformance.guide import Guide, charted
from tdisprove.explore.conformance.machine import NotConforming
from tdisprove.explore.conformance.protocols import GUEST, alphabet_for, subject_of
from tdisprove.explore.conformance.requester import GUEST_MUTANTS, GuestDriver
from tdisprove.explore.conformance.requester.alphabet import CONTROLS, SETTABLE, settings, wanted_words
from tdisprove.explore.conformance.requester.calls import Answer, Call
from tdisprove.explore.conformance.suite import Checker
from tdisprove.model.language import ModelError
from tdisprove.model.world.choices.evidence import GUEST_CHECKS
from tdisprove.properties.catalogue import PROPERTIES

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Setup("reference")
HAPPY = (
    "host: tdi_bind",
    "host: report",
    "attest",
    "accept",
    "run",
    "enable_dma",
    "map_mmio",
    "probe",
    "release_secret",
    "remove",
    "unlock",
)


@pytest.fixture(scope="module")
def guest() -> Alphabet:
    return alphabet_for(GUEST, REFERENCE, CONTROLS)


@pytest.fixture(scope="module")
def detected() -> list[Any]:
    return load(ROOT / "tests" / "guest_runs.json")


def reference() -> ObjectRequester:
    return ObjectRequester(GuestDriver, wanted_words())


def test_the_happy_path_is_granted_step_by_step(guest: Alphabet) -> None:
    run = Run(guest, reference(), [guest.oracle.open_reading])
    by_name = {s.name: s for s in guest.stimuli}
    for name in HAPPY:
        step = run.apply(by_name[name])
        assert step is not None and step.finding is None, name
        assert step.observation is not None and step.observation.reply == "ok", name
    [state] = run.views()
    assert state["tdi0.state"] == "CONFIG_UNLOCKED" and state["guest.tdi0.accepted"] == "none"


def test_the_reference_driver_is_never_at_fault_where_nobody_needs_many_lies(guest: Alphabet) -> None:
    """The whole of it, which the docs' commands run, takes longer: here the states without a lie, and most with one."""
    found = fuzz(guest, reference(), Budget(7000), pairs=False)
    assert not found.faults and not found.advice and not found.skipped
    assert found.coverage.states[0] > 100


@pytest.mark.parametrize("fixed", [{"meas_nonce": "host"}, {"epoch_bind": "tsm"}], ids=str)
def test_the_reference_driver_conforms_in_other_settings(fixed: Mapping[str, Any]) -> None:
    subject = subject_of(GUEST, REFERENCE, fixed)
    found = fuzz(alphabet_for(GUEST, REFERENCE, subject.controls, fixed), subject, Budget(1500), pairs=False)
    assert not found.faults


def test_the_bench_and_the_model_agree_whatever_happens(guest: Alphabet) -> None:
    """A guest that does whatever comes to its mind: the bench never does what the model's world cannot do."""

    class Anything:
        controls = CONTROLS
        chance = random.Random(3)

        def do(self, request: str, call: Callable[[Call], Answer]) -> bool:
            for _ in range(self.chance.randrange(4)):
                call(
                    self.chance.choice(
                        [
                            Call("info"),
                            Call("read", {"object": "report"}),
                            Call("disable_dma"),
                            Call("validate", {"range": "9"}),
                        ]
                    )
                )
            return False

    subject = ObjectRequester(lambda _: Anything(), {})
    chance = random.Random(7)
    world = [s for s in guest.stimuli if s.name.startswith("host: ")]
    for _ in range(150):
        run = Run(guest, subject, [guest.oracle.open_reading])
        for _ in range(12):
            s = chance.choice(world)
            if run.applicable(s):
                step = run.apply(s)
                assert step is not None and step.finding is None, [x.name for x in run.steps]


def test_all_checks_are_asked_for_and_each_can_be_waived() -> None:
    assert all(settings()[c] is True for c in GUEST_CHECKS)
    assert set(GUEST_CHECKS) <= set(SETTABLE)
    waived = alphabet_for(GUEST, REFERENCE, CONTROLS, {"check_epoch": False})
    mutant = subject_of(GUEST, Setup("mutant:evidence-kept-over-relock"))
    steps = ["host: tdi_bind", "host: report", "attest", "host: tdi_unbind", "host: tdi_bind", "accept"]
    assert do_again(waived, mutant, steps)[0] is None
    strict = alphabet_for(GUEST, REFERENCE, CONTROLS)
    found, _ = do_again(strict, mutant, steps)
    assert found is not None and found.blame.lacks[0].startswith("check_epoch: ")
    assert any(b.startswith("verdict-is-used-only-in-its-epoch: ") for b in found.blame.breaks)


# --- Mutants ------------------------------------------------------------------------------------------------------------


def test_every_mutant_fails_its_run_and_the_reference_driver_passes_all(detected: list[Any]) -> None:
    assert {d.label for d in detected} == set(GUEST_MUTANTS) and len(GUEST_MUTANTS) >= 20
    alphabets: dict[str, Alphabet] = {}
    blamed = 0
    for d in detected:
        alphabet = alphabets.setdefault(str(d.knobs), alphabet_for(GUEST, REFERENCE, CONTROLS, d.knobs))
        found, _ = do_again(alphabet, subject_of(GUEST, Setup(f"mutant:{d.label}"), d.knobs), list(d.steps))
        assert found is not None and found.clauses, d.label
        assert all(b.split(":")[0] in PROPERTIES for b in found.blame.breaks)
        assert all(x.split(":")[0] in GUEST_CHECKS for x in found.blame.lacks)
        blamed += bool(found.blame.lacks)
        with contextlib.suppress(ModelError):
            # The driver may leave the run where the mutant took a turn that it does not take, but it never fails.
            assert do_again(alphabet, subject_of(GUEST, REFERENCE, d.knobs), list(d.steps))[0] is None, d.label
    assert blamed > 15


def test_the_table_is_what_was_measured(detected: list[Any]) -> None:
    text = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    assert "\n".join(table(detected)) in text
    assert all(d.guided is not None for d in detected)


def test_detection_measures_the_same_again(detected: list[Any], guest: Alphabet) -> None:
    quick = [d for d in detected if d.guided is not None and d.guided < 600 and d.plain is not None and d.plain < 2000][:2]
    assert quick
    for d in quick:
        again = detect_guest(GUEST_MUTANTS[d.label], {"{}": guest} if not d.knobs else {})
        assert (again.guided, again.plain, again.steps) == (d.guided, d.plain, d.steps)


# --- The guide ------------------------------------------------------------------------------------------------------------


def test_the_guide_goes_where_nobody_lies_first(guest: Alphabet) -> None:
    layers = Guide(charted(guest, {}), pairs=False)._layers
    assert len(layers) > 1 and all(a < b for a, b in pairwise(layers))
    chart = charted(guest, {})
    for a in layers[0]:
        for to, by in chart.nodes[a].moves.items():
            assert to in layers[0] or all(s.hostile for s in by)


def test_what_a_careful_guest_declines_is_not_missed_but_a_refusal_without_any_reason_is_a_fault(guest: Alphabet) -> None:
    class Refuses(GuestDriver):
        def enable_dma(self) -> bool:
            return False

    found, _ = do_again(
        guest, ObjectRequester(Refuses, wanted_words()), ["host: tdi_bind", "host: report", "attest", "accept", "enable_dma"]
    )
    assert found is not None and found.actual == "refused" and "ok" in found.expected
    after_a_lie = ["host: tdi_bind", "host: report", "attest [false report]", "attest", "accept", "enable_dma"]
    assert do_again(guest, ObjectRequester(Refuses, wanted_words()), after_a_lie)[0] is None


@pytest.mark.parametrize(
    ("op", "steps"),
    [
        ("lock", ["lock"]),
        ("run", ["run"]),
        ("enable_dma", ["host: tdi_bind", "enable_dma"]),
        ("map_mmio", ["host: tdi_bind", "map_mmio [last range wrong]"]),
    ],
)
def test_to_say_that_it_is_done_is_not_to_do_it(guest: Alphabet, op: str, steps: list[str]) -> None:
    """A driver that tells its user ok, and has asked nobody."""
    liar = type("Liar", (GuestDriver,), {op: lambda self: True})
    found, _ = do_again(guest, ObjectRequester(liar, wanted_words()), steps)
    assert found is not None
    assert f"Linux TSM core: {op}" in found.clauses
    assert do_again(guest, reference(), steps)[0] is None


class GivesUp(GuestDriver):
    """Has the TDI unlocked whenever something is wrong."""

    def attest(self) -> bool:
        done = super().attest()
        if not done and not self.accepted and self.driver == "none":
            self.call(Call("unlock"))
            self._forget()
        return done


class AllAtOnce(GuestDriver):
    """Accepts, maps, starts and enables in one request, as a realm's guest does; and undoes it all when a step fails."""

    controls = tuple(c for c in GuestDriver.controls if c not in ("run", "enable_dma", "map_mmio"))

    def accept(self) -> bool:
        if not super().accept():
            return False
        if self.map_mmio() and self.run() and self.enable_dma():
            return True
        self.close_gates()
        self._forget()
        return False


@pytest.mark.parametrize("make", [GivesUp, AllAtOnce])
def test_drivers_with_other_habits_are_not_at_fault(make: type[GuestDriver]) -> None:
    subject = ObjectRequester(make, wanted_words())
    found = fuzz(alphabet_for(GUEST, REFERENCE, subject.controls), subject, Budget(3000), pairs=False)
    assert not found.faults and found.coverage.states[0] > 60


def test_what_goes_wrong_within_one_request_is_judged_call_by_call() -> None:
    class Leaks(AllAtOnce):
        def close_gates(self) -> None:
            self.dma = self.mmio = False

    subject = ObjectRequester(Leaks, wanted_words())
    alphabet = alphabet_for(GUEST, REFERENCE, subject.controls)
    found, _ = do_again(alphabet, subject, ["host: tdi_bind", "host: report", "attest", "accept [last range wrong]"])
    assert found is not None and "gate.tdi0.mmio" in found.actual


# --- Adapters -----------------------------------------------------------------------------------------------------------

SHIM = [sys.executable, str(ROOT / "examples" / "guest.py")]


def test_a_child_process_is_judged_as_the_object_is(guest: Alphabet, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = ["host: tdi_bind", "host: report", "attest", "accept", "map_mmio [first range wrong]"]
    child = ProcessRequester(SHIM, wanted_words(), timeout=20)
    assert child.controls == set(CONTROLS)
    assert do_again(guest, child, steps)[0] is None
    child.close()
    monkeypatch.setenv("FAULT", "last-range-decides")
    broken = ProcessRequester(SHIM, wanted_words(), timeout=20)
    found, _ = do_again(guest, broken, steps)
    broken.close()
    again, _ = do_again(guest, subject_of(GUEST, Setup("mutant:last-range-decides")), steps)
    assert found is not None and again is not None and found.signature == again.signature


_CHILD = """
import sys, time
for line in sys.stdin:
    verb = line.split()[0]
    print({"controls": "attest", "reset": "ok", "do": %s}.get(verb, "done refused"), flush=True) if verb != "do" or %s else (%s)
"""


@pytest.mark.parametrize(
    ("answer", "condition", "instead", "kind"),
    [
        ("'what?'", "True", "None", "garbage"),
        ("'call =x'", "True", "None", "garbage"),
        ("'done perhaps'", "True", "None", "garbage"),
        ("''", "False", "sys.exit(3)", "crash"),
        ("''", "False", "time.sleep(60)", "hang"),
        ("'call info'", "True", "None", ""),
    ],
)
def test_what_a_child_does_instead_of_answering_is_a_finding(
    guest: Alphabet, answer: str, condition: str, instead: str, kind: str
) -> None:
    child = ProcessRequester([sys.executable, "-c", _CHILD % (answer, condition, instead)], wanted_words(), timeout=0.7)
    run = Run(guest, child, [guest.oracle.open_reading])
    attest = next(s for s in guest.stimuli if s.name == "attest")
    run.apply(next(s for s in guest.stimuli if s.name == "host: tdi_bind"))
    step = run.apply(attest)
    child.close()
    assert step is not None
    assert (step.finding.kind if step.finding else "") == kind


def test_calls_without_end_are_a_hang(guest: Alphabet) -> None:
    found, _ = do_again(guest, subject_of(GUEST, Setup("mutant:asks-forever")), ["host: tdi_bind", "attest"])
    assert found is not None and found.kind == "hang" and "200 calls" in found.actual


@contextlib.contextmanager
def _served(path: str) -> Iterator[None]:
    """The reference driver behind a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, connection.makefile("rw", encoding="utf-8") as lines:
                    _talk(lines)

        threading.Thread(target=serve, daemon=True).start()
        yield
        listening.shutdown(socket.SHUT_RDWR)


def _talk(lines: Any) -> None:
    def say(line: str) -> None:
        lines.write(line + "\n")
        lines.flush()

    def call(asked: Call) -> Answer:
        say(f"call {asked}")
        _, status, *words = lines.readline().split()
        return Answer(status, dict(w.split("=", 1) for w in words))

    driver = GuestDriver(wanted_words())
    for line in lines:
        verb, *words = line.split()
        if verb == "do":
            say(f"done {driver.do(words[0], call)}")
        else:
            say(" ".join(CONTROLS) if verb == "controls" else "ok")


def test_a_socket_is_judged_as_the_object_is(guest: Alphabet, tmp_path: Path) -> None:
    path = os.path.relpath(tmp_path / "s")
    with _served(path):
        found = SocketRequester(path, wanted_words())
        assert found.controls == set(CONTROLS)
        assert do_again(guest, found, list(HAPPY)) == (None, len(HAPPY))
        found.close()
    with pytest.raises(ModelError, match="cannot be reached"):
        Setup("unix:/nowhere/at/all").requester(wanted_words())


# --- Users --------------------------------------------------------------------------------------------------------------


def test_the_state_machine_of_hypothesis_finds_a_mutant() -> None:
    machine = state_machine(Setup("mutant:lock-asks-nobody"), GUEST)
    machine.TestCase.settings = settings_of_hypothesis(
        max_examples=300, stateful_step_count=10, phases=[Phase.generate], deadline=None, derandomize=True
    )
    with pytest.raises(NotConforming, match="lock"):
        machine.TestCase().runTest()


def test_a_fault_is_written_and_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subject = ["--side", "guest", "--adapter", "mutant:evidence-kept-over-relock"]
    assert main(["fuzz", *subject, "--faults", "1", "-o", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "lacks:    check_epoch" in said and "breaks:   verdict-is-used-only-in-its-epoch" in said
    [run] = tmp_path.glob("*.json")
    assert main(["fuzz", *subject, "--replay", str(run)]) == 1
    assert main(["fuzz", "--side", "guest", "--adapter", "reference", "--replay", str(run)]) == 0
    chart = next(tmp_path.glob("*.mmd")).read_text()
    assert "participant D as guest" in chart and "D->>T: info" in chart
    capsys.readouterr()
    assert main(["fuzz", "--adapter", "reference", "--replay", str(run)]) == 2
    assert "give --side guest" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--adapter", "mutant:nonsense"], "there is no mutant 'nonsense' of a guest"),
        (["--adapter", "lib:x:y"], "for a guest write reference"),
        (["--adapter", "reference", "--set", "p2p=true"], "p2p cannot be set for a guest under test"),
        (["--adapter", "reference", "--single-session"], "--single-session"),
        (["--adapter", "reference", "--protocol", "ide-km"], "--protocol ide-km"),
        (["--adapter", "reference", "--start", "keyed"], "--start"),
        (["--adapter", "exec:/nowhere"], "cannot be started"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--side", "guest", *arguments]) == 2
    said = capsys.readouterr().err.strip()
    assert told in said and "\n" not in said


def test_a_crash_names_the_line(guest: Alphabet) -> None:
    class Crashes(GuestDriver):
        def attest(self) -> bool:
            raise ValueError("no")

    subject = ObjectRequester(Crashes, wanted_words())
    with pytest.raises(Fault, match="ValueError: no"):
        subject.do("attest", lambda call: Answer("ok"))


# --- Suites ---------------------------------------------------------------------------------------------------------------


def test_the_transition_suite_finds_every_mutant(guest: Alphabet, detected: list[Any]) -> None:
    assert {d.label for d in detected if d.suite is not None} == set(GUEST_MUTANTS)
    # Those that forget nothing but what a new way to a state should have made void, and one that is seen at once.
    for label in ("evidence-kept-over-relock", "asks-forever"):
        (d,) = (d for d in detected if d.label == label)
        assert by_suite(subject_of(GUEST, Setup(f"mutant:{label}")), guest) == d.suite


def test_a_written_suite_runs_on_a_guest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["suite", "--side", "guest", "--adapter", "reference", "--set", "meas_nonce=host", "-o", str(tmp_path)]
    assert main(arguments) == 0
    assert "what must be refused there is tried" in capsys.readouterr().out
    document = json.loads((tmp_path / "guest_transitions.json").read_text())
    assert (document["protocol"], document["set"]) == ("guest", {"meas_nonce": "host"})
    compile((tmp_path / "test_guest_transitions.py").read_text(), "suite", "exec")
    good, bad = (Checker(Setup(x), "guest", document["set"]) for x in ("reference", "mutant:freshness-not-asked-for"))
    tests = [[name for name, _ in test] for test in document["tests"]]
    for test in tests[:20]:
        good.check(test)
    with pytest.raises(NotConforming):
        for test in tests:
            bad.check(test)
    assert main([*arguments, "--kind", "wp"]) == 2
    assert "take transitions or pairs" in capsys.readouterr().err
    assert main([*arguments, "--envelope", "doe"]) == 2
    assert "a guest has none" in capsys.readouterr().err
