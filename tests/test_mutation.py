"""Mutants and coverage: single faults of the world's rules, and what an exploration never uses."""

from __future__ import annotations

import pytest
from tdisprove.explore.coverage import coverage
from tdisprove.explore.explicit import reachable
from tdisprove.explore.mutation import Fate, Setting, trials
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import BOOL, Check, Event, Machine, Model, Party, enum
from tdisprove.model.language.mutate import (
    DropCheck,
    DropCondition,
    DropUpdate,
    LeakyRefusal,
    SwapValue,
    mutants,
    mutated,
)
from tdisprove.model.world import ASPECTS

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
        count = 0
        for m in mutants(aspect.model):
            mutated(aspect.model, m)
            count += 1
        assert count > len(aspect.model.rules)


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
        after = reachable(FLOWS["cove-io"].system(model=mutant, check=False)).statistics
        assert after.states == before.states
