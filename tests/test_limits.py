"""Limits: what several runs share, and what is said when it is used up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tdisprove.explore import Limits, check, targets
from tdisprove.explore.bdd import BddEngine
from tdisprove.explore.choice import AutoEngine
from tdisprove.explore.engine import Engine
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.explore.verdict import Verdict

LONG = st.floats(1e3, 1e9)


@given(LONG)
def test_the_clock_is_started_once(seconds: float) -> None:
    limits = Limits(seconds=seconds)
    assert limits.left == seconds
    assert not limits.late
    begun = limits.begun()
    assert begun.begun() is begun
    assert begun.left is not None
    assert begun.left <= seconds


@given(LONG, LONG)
def test_a_share_ends_no_later_than_the_whole(whole: float, part: float) -> None:
    limits = Limits(seconds=whole).begun()
    share = limits.within(part)
    assert share.until is not None
    assert limits.until is not None
    assert share.until <= limits.until
    assert share.left is not None
    assert share.left <= part
    if part > whole:
        assert share is limits
    assert Limits().within(part).seconds == part


def test_without_a_limit_of_time_there_is_no_clock() -> None:
    limits = Limits(states=5)
    assert limits.begun() is limits
    assert limits.left is None
    assert not limits.late


@pytest.mark.parametrize(
    "engine", [ExplicitEngine(), BddEngine(), SatEngine(), Z3Engine(), AutoEngine()], ids=lambda e: e.name
)
def test_limits_whose_clock_has_run_out_leave_no_time(engine: Engine) -> None:
    """And what is said names what the user set, and not what was left of it."""
    over = Limits(seconds=1000.0, until=time.perf_counter() - 1)
    (target,) = targets(["cove-io"], ["no-tbit-dma-emitted-before-accept"], {"tdi": 4, "device": 2})
    (result,) = check(target.system, target.properties, engine, over, slicing=False)
    assert result.verdict is Verdict.UNKNOWN
    assert any("the time limit" in n for n in result.notes)
    assert all("1000 s" in n for n in result.notes if "the time limit of" in n)
