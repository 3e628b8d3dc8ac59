"""The choice of an engine changes neither verdict nor depth, and is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tdisprove.explore import NO_LIMITS, Engine, Limits, Report, Verdict, check, choice
from tdisprove.explore.bdd.manager import CUDD, available
from tdisprove.explore.choice import AutoEngine, estimate
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import System
from tdisprove.properties import Obligation, Property
from tdisprove.properties.catalogue import of_aspect
from tdisprove.properties.formulas import LeadsTo, Recurs

cudd_only = pytest.mark.skipif(CUDD not in available(), reason="without CUDD the choice is always exhaustive search")
FLOW = FLOWS["sev-tio-host-run"]


def _safety(aspect: str) -> list[Property]:
    return [p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs)]


def _agree(engine: Engine, system: System, properties: Sequence[Property], limits: Limits = NO_LIMITS) -> set[str]:
    """Whose verdicts they were."""
    expected, found = check(system, properties), check(system, properties, engine, limits)
    assert [(r.verdict, r.depth, r.evidence, r.vacuous) for r in found] == [
        (r.verdict, r.depth, r.evidence, r.vacuous) for r in expected
    ]
    return {r.engine for r in found}


def test_what_is_small_is_searched_exhaustively() -> None:
    assert _agree(AutoEngine(), FLOW.system(), _safety("lifecycle")) == {"explicit"}


@cudd_only
@pytest.mark.parametrize("aspect", ["lifecycle", "evidence", "spdm", "proxy"])
def test_beyond_the_budget_decision_diagrams_say_the_same(aspect: str) -> None:
    # What the trial found within its budget stays its own.
    assert _agree(AutoEngine(budget=200), FLOW.system(aspect=aspect), _safety(aspect)) == {"explicit", "bdd"}


@cudd_only
def test_where_patience_ends_exhaustive_search_has_the_rest() -> None:
    system, properties = FLOW.system(), _safety("lifecycle")
    assert _agree(AutoEngine(budget=200, patience=0.0), system, properties) == {"explicit"}
    r = check(system, [p for p in properties if p.id == "no-cross-tvm-dma"], AutoEngine(budget=200, patience=0.0))[0]
    assert any("too many for decision diagrams" in n for n in r.notes)


@cudd_only
def test_the_notes_say_who_took_over_and_why() -> None:
    (r,) = check(FLOW.system(), [p for p in _safety("lifecycle") if p.id == "no-cross-tvm-dma"], AutoEngine(budget=200))
    assert r.engine == "bdd"
    assert "more than 200 states" in r.notes and "decision diagrams by cudd" in r.notes


def test_the_estimate_names_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    system = FLOW.system()
    assert "states are to be visited" in estimate(system, Limits(states=10)).reason
    assert "levels" in estimate(system, Limits(depth=3)).reason
    assert "gone on with" in estimate(system, Limits(checkpoint=Path("kept"))).reason
    assert estimate(system, budget=10**30).reason.startswith("at most")
    monkeypatch.setattr(choice, "installed", lambda: ("python",))
    assert estimate(system).engine == "explicit"


@cudd_only
def test_where_decision_diagrams_cannot_be_loaded_exhaustive_search_has_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "available", lambda: ("python",))
    assert _agree(AutoEngine(budget=200), FLOW.system(), _safety("lifecycle")) == {"explicit"}


def test_what_is_installed_is_known_without_loading_it() -> None:
    code = "import sys; from tdisprove.explore.bdd.manager import installed; print(*installed(), 'dd' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == [*available(), "False"]


def test_a_limit_of_the_users_is_kept() -> None:
    for limits in (Limits(states=100), Limits(depth=2), Limits(seconds=1e-9)):
        (r,) = check(
            FLOW.system(), [p for p in _safety("lifecycle") if p.id == "no-cross-tvm-dma"], AutoEngine(budget=50), limits
        )
        assert r.verdict is Verdict.UNKNOWN
        assert r.notes


@cudd_only
def test_an_interrupted_choice_begins_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    real = ExplicitEngine.check

    def counted(
        self: ExplicitEngine, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS
    ) -> Report:
        begun.append("explicit")
        return real(self, system, obligations, limits)

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    from tdisprove.explore.bdd import search

    monkeypatch.setattr(ExplicitEngine, "check", counted)
    monkeypatch.setattr(search, "_PROGRESS_EVERY", -1.0)
    results = check(FLOW.system(), _safety("lifecycle"), AutoEngine(budget=200), Limits(progress=interrupt))
    assert begun == ["explicit"]
    assert any(r.verdict is Verdict.UNKNOWN for r in results)
    assert all("interrupted" in r.notes for r in results if r.verdict is Verdict.UNKNOWN)
