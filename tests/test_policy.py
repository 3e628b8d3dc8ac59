"""Policies: the settings in which a property holds are exactly those in which exploration finds that it does."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tdisprove.cli import main
from tdisprove.explore import Limits, Verdict, check
from tdisprove.explore.policy import policy
from tdisprove.explore.settings import blocks_of, nearest_settings
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import ModelError
from tdisprove.properties.catalogue import find


@pytest.mark.parametrize(
    ("flow", "name", "over"),
    [
        ("sev-tio-guest-run", "no-tbit-dma-emitted-before-accept", ()),
        ("sev-tio-host-run", "no-tbit-dma-effective-before-accept", ("run_by", "host", "tsm_consent")),
        ("cove-io", "a-tdi-can-come-into-use", ("bind_requires", "run_by")),
    ],
)
def test_each_setting_is_as_exploration_says(flow: str, name: str, over: tuple[str, ...]) -> None:
    found = policy(FLOWS[flow], find(name), over)
    assert not found.open
    for setting in product(*found.domains):
        system = FLOWS[flow].system(changed=dict(zip(found.knobs, setting, strict=True)), check=False)
        (r,) = check(system, [find(name)])
        assert (r.verdict is Verdict.HOLDS) == (setting in found.holds), setting
    assert {s for b in found.blocks for s in product(*b)} == found.holds


def test_repairs_are_the_nearest_and_hold() -> None:
    found = policy(FLOWS["sev-tio-guest-run"], find("no-tbit-dma-emitted-before-accept"))
    assert found.current not in found.holds
    assert [r.changes for r in found.repairs] == [{"host": "honest"}, {"tsm_consent": True}]
    assert {r.verdict for r in found.repairs} == {Verdict.HOLDS}
    assert sorted(map(found.words, found.blocks)) == ["host = honest", "tsm_consent = true"]


DOMAINS = ((False, True), ("a", "b", "c"), (0, 1, 2))
EVERY = sorted(product(*DOMAINS), key=str)


@settings(deadline=None, max_examples=100)
@given(st.frozensets(st.sampled_from(EVERY)), st.sampled_from(EVERY))
def test_blocks_cover_exactly_and_cannot_be_widened(holds: frozenset[tuple[object, ...]], here: tuple[object, ...]) -> None:
    blocks = blocks_of(holds, DOMAINS)  # type: ignore[arg-type]
    assert {s for b in blocks for s in product(*b)} == holds
    for b in blocks:
        assert any(all(s not in product(*c) for c in blocks if c != b) for s in product(*b))
        for i, domain in enumerate(DOMAINS):
            for v in set(domain) - b[i]:
                assert not set(product(*(*b[:i], {v}, *b[i + 1 :]))) <= holds
    distances = [sum(a != b for a, b in zip(s, here, strict=True)) for s in holds]
    for s in nearest_settings(here, holds):  # type: ignore[arg-type]
        assert sum(a != b for a, b in zip(s, here, strict=True)) == min(distances)


def test_no_time_is_no_policy() -> None:
    found = policy(FLOWS["cove-io"], find("gates-closed-before-reuse"), ("host", "p2p"), limits=Limits(seconds=1e-9))
    assert not found.holds
    assert len(found.open) == 4
    assert found.stopped


def test_what_cannot_be_asked_is_refused() -> None:
    name = "no-tbit-dma-emitted-before-accept"
    with pytest.raises(ModelError, match="no knob 'hots'"):
        policy(FLOWS["cove-io"], find(name), ("hots",))
    with pytest.raises(ModelError, match="progress"):
        policy(FLOWS["cove-io"], find("error-is-left-in-the-end"), ("host",))
    assert main(["policy", "cove-io", "-p", name, "--over", "host", "--set", "host=honest"]) == 2


def test_the_command_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "sev-tio-guest-run", "-p", "no-tbit-dma-emitted-before-accept"]) == 0
    out = capsys.readouterr().out
    assert "holds in 3 of 4 settings" in out
    assert "repaired by tsm_consent = true (a run of its own: holds)" in out
