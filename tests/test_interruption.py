"""Ctrl-C is not lost, wherever it comes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tdisprove.explore import NO_LIMITS, Engine, Limits, Progress, Report, Verdict, check, targets
from tdisprove.explore.anynumber import decide
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.interruption import remembered
from tdisprove.explore.parametric import subject
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.sat import engine as sat
from tdisprove.explore.smt import engine as smt
from tdisprove.explore.smt import fixpoint
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.explore.smt.fixpoint import FixpointEngine
from tdisprove.explore.smt.induction import Proof
from tdisprove.model.language import Action, Int, System, Variable
from tdisprove.properties import Invariant, Obligation, Property, compile_properties

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


X, Y = Variable("x", Int(0, 9)), Variable("y", Int(0, 9))
COUNTERS = System(
    "counters",
    (X, Y),
    (X.term == 0) & (Y.term == 0),
    tuple(Action(f"up_{v.name}", (), v.term < 9, ((v.term, v.term + 1),)) for v in (X, Y)),
)
NEVER_FIVE = [Property(v.name, "P.", Invariant(v.term != 5)) for v in (X, Y)]


class _Last:
    """In whose last moment Ctrl-C is pressed, where Python drops what is raised."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            """Python gets to see the signal."""


def press_where_it_is_dropped() -> None:
    _Last()


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_what_python_drops_is_remembered() -> None:
    with remembered() as outer:
        with remembered() as inner:
            press_where_it_is_dropped()
            assert inner.pressed and outer.pressed
            with pytest.raises(KeyboardInterrupt):
                inner.watch()
        with remembered() as later:
            later.watch()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_is_raised_all_the_same() -> None:
    with remembered() as interruption, pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)
    assert interruption.pressed


def test_what_ignores_it_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with remembered() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert not interruption.pressed
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_what_is_told_meanwhile_to_ignore_it_does_so() -> None:
    def once(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, once)
    with remembered(), remembered():
        press_where_it_is_dropped()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_another_thread_hears_nothing_of_it() -> None:
    pressed: list[bool] = []

    def work() -> None:
        with remembered() as interruption:
            pressed.append(interruption.pressed)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert pressed == [False]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("engine", [SatEngine(), Z3Engine()], ids=lambda e: e.name)
def test_an_engine_ends_when_it_was_dropped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sat, smt):
        monkeypatch.setattr(module, "_PROGRESS_EVERY", -1.0)
    pressed: list[Progress] = []

    def press(p: Progress) -> None:
        pressed.append(p)
        press_where_it_is_dropped()

    report = engine.check(*compile_properties(COUNTERS, NEVER_FIVE), Limits(progress=press))
    assert [(o.verdict, o.note) for o in report.outcomes] == [(Verdict.UNKNOWN, "interrupted")] * 2
    assert len(pressed) == 1


@pytest.mark.parametrize("engine", ["bdd", "explicit"])
def test_no_invariant_is_looked_for_when_it_was_dropped(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fixpoint.prove

    def prove(*args: Any, **kwargs: Any) -> Proof:
        press_where_it_is_dropped()
        return real(*args, **kwargs)

    monkeypatch.setattr(fixpoint, "prove", prove)
    holds = [Property(v.name, "P.", Invariant((X.term < 9) | (v.term <= X.term) | (v.term > 0))) for v in (X, Y)]
    report = FixpointEngine(engine).check(*compile_properties(COUNTERS, holds))
    assert [(o.verdict, o.note) for o in report.outcomes] == [(Verdict.UNKNOWN, "interrupted")] * len(report.outcomes)


def test_a_proof_for_any_number_ends_when_it_was_dropped() -> None:
    (target,) = targets(["cove-io"], ["no-tbit-dma-effective-before-accept"])

    def say(_: str) -> None:
        press_where_it_is_dropped()

    answer = decide(subject(target, ["all"]), target.properties[0], say=say)
    assert (answer.verdict, answer.note) == (Verdict.UNKNOWN, "interrupted")


def test_a_check_begins_nothing_more_when_it_was_dropped() -> None:
    class Pressing(ExplicitEngine):
        asked = 0

        def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
            self.asked += 1
            report = super().check(system, obligations, limits)
            press_where_it_is_dropped()
            return report

    engine = Pressing()
    first, second = check(COUNTERS, NEVER_FIVE, engine)
    assert (first.verdict, second.verdict, second.notes) == (Verdict.VIOLATED, Verdict.UNKNOWN, ("interrupted",))
    assert engine.asked == 1
