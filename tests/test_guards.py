"""What each check buys: as found for all checks at once, and as found by leaving out one and deciding everything anew."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from tdisprove.cli import main
from tdisprove.explore import Limits, Target, Verdict, check, targets
from tdisprove.explore.bdd.rigid import broken
from tdisprove.explore.coverage import coverage
from tdisprove.explore.explain.guards import Fate, Guard, guards
from tdisprove.explore.explain.relaxed import relaxed
from tdisprove.explore.explicit import reachable
from tdisprove.explore.explicit.rigid import broken_for
from tdisprove.explore.slice import sliced
from tdisprove.model.language import System
from tdisprove.model.language.mutate import DropCheck, mutated
from tdisprove.model.world import ASPECTS
from tdisprove.properties.compile import Obligation, compile_properties
from tdisprove.properties.formulas import LeadsTo, Recurs
from tdisprove.reports.guard_tables import sign

PAGE = Path(__file__).parent.parent / "docs" / "checks.md"


def target(flow: str, aspect: str) -> Target:
    return next(t for t in targets([flow]) if t.aspect == aspect)


@pytest.fixture(scope="module")
def lifecycle() -> dict[str, Guard]:
    return {g.name: g for g in guards(target("cove-io", "lifecycle"))}


@pytest.mark.parametrize(
    "name",
    [
        "gate.dma/over the TSM's Secure stream",
        "tsm_link.device_connect/not connected",
        "tsm.tdi_bind_run/bound",
        "tsm.get_state/bound",
        "tsm.tdi_unbind/bound",
        "gate.dma/DMA gate open",
    ],
)
def test_what_is_lost_is_what_the_mutant_without_the_check_loses(name: str, lifecycle: dict[str, Guard]) -> None:
    t = target("cove-io", "lifecycle")
    assert t.flow is not None
    machine, rule, dropped = re.fullmatch(r"(\w+)\.(\w+)/(.*)", name).groups()  # type: ignore[union-attr]
    mutant = mutated(ASPECTS["lifecycle"].model, DropCheck(machine, rule, dropped))
    wanted = [p for p in t.properties if not isinstance(p.formula, LeadsTo | Recurs)]
    before = check(t.system, wanted)
    after = check(t.flow.system(model=mutant, aspect="lifecycle"), wanted)
    lost = {
        b.prop.id for b, a in zip(before, after, strict=True) if (b.verdict, a.verdict) == (Verdict.HOLDS, Verdict.VIOLATED)
    }
    g = lifecycle[name]
    assert {*g.lost, *g.laws, *g.unseen} == lost


def test_every_fate_is_there_and_is_what_it_says(lifecycle: dict[str, Guard]) -> None:
    fates = {f: [g for g in lifecycle.values() if g.fate is f] for f in Fate}
    assert {f: len(gs) for f, gs in fates.items()} == {
        Fate.NEEDED: 13, Fate.LAWS: 18, Fate.REDUNDANT: 4, Fate.IDLE: 18, Fate.UNKNOWN: 0,
    }  # fmt: skip
    for g in fates[Fate.IDLE]:
        assert not (g.lost or g.laws or g.unseen or g.decides)
    assert all(g.decides for g in (*fates[Fate.NEEDED], *fates[Fate.REDUNDANT]))
    assert all(g.decides or g.unseen for g in fates[Fate.LAWS])
    # What exploration finds never to decide anything, this does as well, and less: it looks at each party by itself.
    t = target("cove-io", "lifecycle")
    covered = coverage(reachable(t.system), ASPECTS["lifecycle"].model)
    idle = {g.name.replace("/", ": ") for g in fates[Fate.IDLE]}
    assert idle
    known = {g.name.replace("/", ": ") for g in lifecycle.values()}
    dead = set(covered.rules)
    assert {n for n in idle if n.split(": ")[0] not in dead} <= set(covered.checks) & known


def test_states_one_by_one_and_diagrams_say_the_same() -> None:
    from tdisprove.explore.explain.guards import _one_at_a_time

    t = target("cma-only", "spdm")
    loose = relaxed(t)
    made = [n for n in loose.checks if any(n in str(a.guard) for a in loose.system.actions)]
    wanted = [p for p in t.properties if not isinstance(p.formula, LeadsTo | Recurs)][:40]
    watched, obligations = compile_properties(_one_at_a_time(loose.system, made), wanted)
    domain = watched.variables[watched.index["without"]].sort.domain
    seen = 0
    for b in broken(watched, obligations, ["without"]):
        part = sliced(watched, [obligations[b.number]])
        if "without" in part.system.index:
            ((codes,), stopped) = broken_for(part.system, part.obligations, "without", Limits())
            assert not stopped
            assert {domain[c] for c in codes} == {v for v in domain if b.where({"without": v})}
            seen += len(codes)
    assert seen


@pytest.mark.parametrize(("flow", "aspect"), [("cma-only", "spdm"), ("cma-only", "evidence")])
def test_the_page_says_what_is_computed(flow: str, aspect: str) -> None:
    section = PAGE.read_text(encoding="utf-8").split(f"## {aspect.capitalize()}\n\n")[1].split("\n\n")[0].splitlines()
    head, _, *body = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in section]
    column = head.index(f"`{flow}`")
    expected = {g.name: sign(g) for g in guards(target(flow, aspect))}
    assert expected
    assert {row[0].replace("\\", ""): row[column] for row in body if row[column]} == expected


@pytest.mark.parametrize("seconds", [0.05, 0.3, 1.0])
def test_what_is_lost_within_a_limit_is_lost_without_one(seconds: float, lifecycle: dict[str, Guard]) -> None:
    """A property that was not found to fail with the check is not thereby one that holds with it."""
    for g in guards(target("cove-io", "lifecycle"), None, Limits(seconds=seconds)):
        whole = lifecycle[g.name]
        assert set(g.lost) <= set(whole.lost)
        assert set(g.laws) <= set(whole.laws)
        assert set(g.unseen) <= set(whole.unseen)


def test_an_interruption_ends_the_search_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(system: System, obligations: Sequence[Obligation], *_: object) -> tuple[list[tuple[int, ...]], str]:
        return [()] * len(obligations), "interrupted"

    def never(*_: object) -> None:
        raise AssertionError("it goes on after Ctrl-C")

    monkeypatch.setattr("tdisprove.explore.explain.guards.broken_for", interrupted)
    monkeypatch.setattr("tdisprove.explore.explain.guards.broken", never)
    monkeypatch.setattr("tdisprove.explore.explain.guards._deciding", never)
    found = guards(target("cove-io", "lifecycle"))
    assert found
    assert all(g.stopped == "interrupted" and not (g.lost or g.laws or g.unseen) for g in found)


def test_the_command_says_it_and_a_limit_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "cma-only", "--aspect", "evidence", "--drop-checks"]) == 0
    assert "never decisive" in capsys.readouterr().out
    assert main(["explore", "cove-io", "--aspect", "ide", "--drop-checks", "--timeout", "1", "--format", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert {c["fate"] for c in document["checks"]} <= {"unknown", "needed"}
    for args in (["examples/two_phase_commit.py"], ["cove-io", "--max-depth", "3"]):
        assert main(["explore", *args, "--drop-checks"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
