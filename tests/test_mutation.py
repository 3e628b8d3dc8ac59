"""Mutants and coverage: single faults of the world's rules, and what an exploration never uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tdisprove.explore import check
from tdisprove.explore.coverage import coverage
from tdisprove.explore.explicit import reachable
from tdisprove.explore.mutation import Fate, Setting, Trial, Trials, scores, settings, trials
from tdisprove.explore.mutation.bench import Mutation
from tdisprove.explore.mutation.setting import BESIDES
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import BOOL, Check, Event, Machine, Model, ModelError, Party, enum
from tdisprove.model.language.mutate import (
    DropCheck,
    DropCondition,
    DropUpdate,
    LeakyRefusal,
    Mutant,
    SwapValue,
    mutants,
    mutated,
)
from tdisprove.model.world import ASPECTS
from tdisprove.properties import LeadsTo, Recurs
from tdisprove.properties.catalogue import of_aspect
from tdisprove.properties.catalogue.justified import justified
from tdisprove.properties.compile import Compilation
from tdisprove.reports.mutation import mutation_text

LIFECYCLE = ASPECTS["lifecycle"].model

_lamp = Machine("lamp")
_light = _lamp.var("light", enum("Light", "off", "on", "broken"), init="off")
_locked = _lamp.var("locked", BOOL, init=False)
_press = Event("press", actor=Party("hand"))
_lamp.rule(_press, when=[_light == "off"], checks=[Check("unlocked", ~_locked, "LOCKED")], set={_light: "on"})
LAMP = Model.of("lamp", _lamp)


def test_every_check_condition_value_and_update_has_its_mutant() -> None:
    found = list(mutants(LAMP))
    assert [type(m) for m in found] == [DropCheck, DropCondition, DropUpdate, SwapValue, LeakyRefusal]
    assert len({str(m) for m in found}) == len(found)


def test_a_mutant_is_the_model_with_that_one_fault() -> None:
    swap = SwapValue("lamp", "press", _light, "off", "on")
    assert mutated(LAMP, swap).rules[0].when is (_light == "on")
    assert mutated(LAMP, DropCondition("lamp", "press", 0)).rules[0].when.op.value == "const"
    leaky = mutated(LAMP, LeakyRefusal("lamp", "press")).instantiate(check=False)
    refusal = next(a for a in leaky.actions if a.reply == "LOCKED")
    assert refusal.updates


def test_every_mutant_of_every_aspect_can_be_made() -> None:
    for aspect in ASPECTS.values():
        names = []
        for m in mutants(aspect.model):
            mutated(aspect.model, m)
            names.append(str(m))
        assert len(names) > len(aspect.model.rules)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("mutant", "fate"),
    [
        (DropCheck("gate", "dma", "DMA gate open"), Fate.KILLED),
        (DropUpdate("tdi", "get_version", "tdi.state"), Fate.KILLED),
        (LeakyRefusal("tdi", "tdi_bind_run"), Fate.KILLED),
        # An honest host's restraint makes no difference to a hostile one.
        (DropCheck("host", "get_version", "refrains"), Fate.IDLE),
    ],
    ids=str,
)
def test_a_fault_that_matters_is_noticed_and_one_that_does_not_is_idle(mutant: DropCheck, fate: Fate) -> None:
    (trial,) = trials("lifecycle", [mutant], where=[Setting("sev-tio-host-run")])
    assert trial.fate is fate
    assert bool(trial.by) == (fate is Fate.KILLED)


def test_coverage_names_what_is_never_used_and_nothing_else() -> None:
    system = FLOWS["cove-io"].system()
    found = reachable(system)
    c = coverage(found, LIFECYCLE)
    assert "guest.sdte_write" in c.rules  # a message of another flow
    assert "tdi.tdi_bind: INVALID_REQUEST" in c.refusals
    assert ("peer.trusted_by", ("tvm0",)) in c.values
    # START and open gates are one step here, so that the DMA gate never decides anything; the stream does.
    assert "gate.dma: DMA gate open" in c.checks
    assert "gate.dma: over the TSM's Secure stream" not in c.checks


def test_a_check_that_never_decides_can_be_dropped_without_a_difference() -> None:
    system = FLOWS["cove-io"].system()
    before = reachable(system).statistics
    for text in coverage(reachable(system), LIFECYCLE).checks[:8]:
        rule, _, check = text.partition(": ")
        machine, _, name = rule.partition(".")
        mutant = mutated(LIFECYCLE, DropCheck(machine, name, check))
        after = reachable(FLOWS["cove-io"].system(model=mutant)).statistics
        assert after.states == before.states


# --- Fates -------------------------------------------------------------------------------------------------------------


def _plainly(aspect: str, setting: Setting, mutant: Mutant) -> set[str]:
    """The properties of safety whose verdict a mutant changes, found by deciding all of them anew."""
    safety = [p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs)]
    sound = {r.prop.id: r.verdict for r in check(setting.system(aspect), safety)}
    try:
        world = mutated(ASPECTS[aspect].model, mutant)
        system = FLOWS[setting.flow].system(setting.topology, setting.knobs, world, aspect=aspect)
        return {r.prop.id for r in check(system, safety) if r.verdict is not sound[r.prop.id]}
    except ModelError:
        return {"the language"}


SAMPLES = [
    ("lifecycle", "sev-tio-host-run", 83),
    ("spdm", "linux-tsm", 73),
    ("evidence", "cove-io", 53),
    ("ide", "ide-only", 181),
    ("resources", "linux-tsm", 94),
]
"""Aspect, flow, and how far apart the mutants are that are tried."""


@pytest.mark.parametrize(("aspect", "flow", "apart"), SAMPLES)
def test_a_mutant_is_killed_exactly_when_deciding_everything_anew_finds_another_verdict(
    aspect: str, flow: str, apart: int
) -> None:
    setting = Setting(flow)
    run = Trials(aspect, [setting])
    for mutant in list(mutants(run.model))[::apart]:
        trial = run.of(mutant)
        changed = _plainly(aspect, setting, mutant)
        if trial.by and trial.by not in {p.id for p in run.benches[0].liveness}:
            assert trial.by in changed, str(mutant)
        else:
            assert not changed, str(mutant)


@pytest.mark.parametrize(("aspect", "flow", "apart"), SAMPLES)
def test_properties_of_a_mutant_come_to_the_same_when_only_what_changed_is_worked_on(
    aspect: str, flow: str, apart: int
) -> None:
    run = Trials(aspect, [Setting(flow)])
    system, found = run.benches[0].system, [p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs)]
    sound = Compilation.of(system, found)
    for mutant in list(mutants(run.model))[::apart]:
        event = run.model.rule(mutant.machine, mutant.rule).event  # type: ignore[union-attr]
        try:
            world = mutated(run.model, mutant)
            rules = world.with_rules(r for r in world.rules if r.event is event)
            m = Mutation.of(system, rules, event, list(run.model.events))
        except ModelError:
            continue
        if m is None:
            continue
        quick, whole = sound.changed(m.system, event.name), Compilation.of(m.system, found)
        if [v.name for v in quick.watched.variables] != [v.name for v in whole.watched.variables]:
            continue  # monitors that have come apart, or together
        for a, b in zip(quick.watched.actions, whole.watched.actions, strict=True):
            assert a.label == b.label
            assert a.guard is b.guard
            assert dict(a.updates) == dict(b.updates)
        for o, p in zip(quick.obligations, whole.obligations, strict=True):
            assert o.state is p.state, str(o)
            assert o.steps == p.steps, str(o)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_what_is_said_to_survive_exists_and_survives(aspect: str) -> None:
    every = {str(m): m for m in mutants(ASPECTS[aspect].model)}
    why = justified(aspect)
    assert set(why) <= set(every)
    assert all(reason.endswith(".") for reason in why.values())
    run = Trials(aspect, settings(aspect)[:3]) if why else None
    for name in why:
        assert run is not None
        assert run.of(every[name]).fate is not Fate.KILLED, name


@pytest.mark.parametrize("aspect", BESIDES)
def test_settings_besides_are_no_others_and_bring_in_every_value_of_a_choice_but_the_largest_capacity(aspect: str) -> None:
    every = settings(aspect)
    assert set(map(str, BESIDES[aspect])) <= set(map(str, every))
    tried: dict[str, set[object]] = {}
    for s in every:
        for name, value in FLOWS[s.flow].knobs(s.knobs).items():
            tried.setdefault(name, set()).add(value)
    choices = [f for f in ASPECTS[aspect].model.knobs if f.machine == "choices"]
    left = {f"{f.name}={v}" for f in choices for v in f.sort.domain if v not in tried[f.name]}
    assert left == ({"fabric_capacity=4"} if aspect == "channel" else set())


def test_a_score_counts_what_was_killed_of_what_is_not_equivalent() -> None:
    a, b, c, d = (DropUpdate("lamp", f"press{i}", "lamp.light") for i in range(4))
    found = [
        Trial(a, "lamp", Fate.KILLED, "p"),
        Trial(b, "lamp", Fate.SURVIVED),
        Trial(c, "lamp", Fate.SURVIVED),
        Trial(d, "lamp", Fate.IDLE),
    ]
    lamp, whole = scores(found, {str(c): "It does not matter."})
    assert (lamp.killed, lamp.survived, lamp.justified, lamp.idle, lamp.share) == (1, 1, 1, 1, 0.5)
    assert (whole.part, whole.tried) == ("all", 4)
    assert "50 %" in str(mutation_text("lamp", found, {str(c): "It does not matter."}, []))


DOCS = (Path(__file__).parent.parent / "docs" / "mutation.md").read_text(encoding="utf-8")


def test_the_page_of_scores_speaks_of_the_mutants_that_there_are() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) % \|$", DOCS, re.M)
    assert rows
    for aspect, where, tried, *fates, share in rows:
        killed, idle, reasons, survived = map(int, fates)
        assert int(where) == len(settings(aspect))
        assert int(tried) == killed + idle + reasons + survived == len(list(mutants(ASPECTS[aspect].model)))
        assert reasons == len(justified(aspect))
        assert float(share) == int(1000 * killed / (killed + survived)) / 10
