"""Work shared out among processes: the answers are those of one process, and nothing is lost on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import conditions, systems
from tdisprove.explore import Limits, Report, targets
from tdisprove.explore.engine import NO_LIMITS
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.parcel import Shared
from tdisprove.explore.processes import can_fork
from tdisprove.explore.survey import survey
from tdisprove.model.language import Event, Machine, ModelError, System
from tdisprove.properties.compile import Obligation
from tdisprove.reports.json_report import check_document

pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux only")

HERE = os.getpid()


class Elsewhere(ExplicitEngine):
    """What happens in the process that was forked is up to the heirs."""

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        if os.getpid() != HERE:
            self.elsewhere(system)
        return super().check(system, obligations, limits)

    def elsewhere(self, system: System) -> None:
        raise NotImplementedError


# --- The same answers -----------------------------------------------------------------------------------------------------


def test_several_processes_answer_as_one() -> None:
    found = targets(["cove-io", "ide-only", "cma-only"])
    alone, shared = survey(found), survey(found, processes=3)
    one, other = (check_document("", x.results, x.notes, times=False) for x in (alone, shared))
    assert one == other
    for name, results in alone.results.items():
        for mine, theirs in zip(results, shared.results[name], strict=True):
            assert theirs.prop is mine.prop
            assert theirs.system is mine.system
            if mine.trace is not None:
                assert theirs.trace is not None
                assert theirs.trace.broken is mine.trace.broken
                assert theirs.trace.states == mine.trace.states
                for a, b in zip(theirs.trace.actions, mine.trace.actions, strict=True):
                    assert (a.label, a.guard is b.guard, a.rules == b.rules) == (b.label, True, True)


def test_who_is_the_same_is_decided_once_and_told_of_each_time() -> None:
    found = targets(["cove-io"], ["no-tbit-dma-emitted-before-accept", "ownership-from-connect-to-disconnect"])
    told: list[str] = []
    surveyed = survey([*found, *found], processes=2, done=lambda t: told.append(t.aspect))
    assert sorted(told) == sorted(t.aspect for t in (*found, *found))
    results = surveyed.results["cove-io"]
    assert results[: len(results) // 2] == results[len(results) // 2 :]


def test_progress_of_other_processes_is_heard() -> None:
    heard: list[int] = []
    found = targets(["cove-io", "linux-tsm"], ["no-tbit-dma-emitted-before-accept"], {"tdi": 2})
    survey(found, limits=Limits(progress=lambda p: heard.append(p.states)), processes=2, slicing=False)
    assert heard == [n for n in heard if n > 0]


# --- What may go wrong ----------------------------------------------------------------------------------------------------

TWO = ("cove-io", "linux-tsm")


class Wrong(Elsewhere):
    def elsewhere(self, system: System) -> None:
        raise ModelError(f"{system.name} is not to my liking")


class Dies(Elsewhere):
    def elsewhere(self, system: System) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Interrupted(Elsewhere):
    """The first process is asked to end, as by Ctrl-C, when the work in one of the others has begun."""

    def elsewhere(self, system: System) -> None:
        if system.name == TWO[0]:
            os.kill(HERE, signal.SIGINT)
        time.sleep(60)


def test_what_a_task_raises_is_raised_here() -> None:
    with pytest.raises(ModelError, match="is not to my liking") as e:
        survey(targets(TWO, ["no-tbit-dma-emitted-before-accept"]), Wrong(), processes=2)
    assert "test_processes.py" in "".join(e.value.__notes__)


def test_what_a_process_did_not_live_to_tell_is_found_out_here() -> None:
    found = targets(TWO, ["no-tbit-dma-emitted-before-accept"])
    surveyed = survey(found, Dies(), processes=2)
    assert not surveyed.interrupted
    assert [r.verdict for rs in surveyed.results.values() for r in rs] == [
        r.verdict for rs in survey(found).results.values() for r in rs
    ]


def test_an_interruption_ends_the_work_in_all_processes() -> None:
    before = signal.getsignal(signal.SIGINT)
    began = time.monotonic()
    surveyed = survey(targets(TWO, ["no-tbit-dma-emitted-before-accept"]), Interrupted(), processes=2)
    assert surveyed.interrupted
    assert surveyed.missing == TWO
    assert "partial" in surveyed.notes[0]
    assert time.monotonic() - began < 30, "nobody waited for those who sleep"
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_keeps_what_was_found() -> None:
    """As a terminal sends it: to every process of the group. What is asked holds, however far either process comes."""
    child = subprocess.Popen(
        [sys.executable, "-c", "from tdisprove.cli import main; raise SystemExit(main())", "check", "cove-io", "linux-tsm",
         "-p", "private-driver-only-on-an-accepted-tdi", "--tdis", "4", "--devices", "2", "--engine", "explicit", "--unsliced", "--symmetry", "off", "-j", "2", "-q"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    others = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    try:
        while child.poll() is None and not others.read_text():
            time.sleep(0.05)
        time.sleep(1)
        assert child.poll() is None, child.communicate()
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    assert "interrupted: the results are partial" in out
    assert child.returncode == 3
    assert "Traceback" not in err


# --- Parcels --------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(systems(), st.data())
def test_a_term_arrives_as_itself(system: System, data: st.DataObject) -> None:
    shared = Shared(())
    later = data.draw(conditions(system.variables))
    for t in (system.init, later, *(a.guard for a in system.actions)):
        assert shared.unpacked(shared.packed(t)) is t


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(systems())
def test_a_system_arrives_as_it_was(system: System) -> None:
    assert system.index  # worked out and kept beside the fields, and no part of the parcel
    arrived = Shared(()).unpacked(Shared(()).packed(system))
    assert str(arrived) == str(system)
    assert arrived.index == system.index
    assert arrived is not system
    known = Shared((system,))
    assert known.unpacked(known.packed([system, system])) == [system, system]


def test_what_is_told_apart_by_identity_is_never_copied() -> None:
    m = Machine("m")
    m.rule(Event("e"))
    with pytest.raises(Exception, match=r"Rule .* is not known on the other side"):
        Shared(()).packed(m.rules[0])
