"""Completions: which request takes which answer."""

from __future__ import annotations

from ....model.language import Term, neg
from ....model.world.channel import events as e
from ....model.world.channel.state import DMA, MMIO, Lane
from ...formulas import StepLaw
from ...property import Property, Witness
from ...steps import Step, occurs

MMIO_ANSWERED = occurs(e.MMIO.completions.arrives)
DMA_ANSWERED = occurs(e.DMA.completions.arrives)


def _instance(name: str, requester: str, step: Step, lane: Lane) -> Property:
    return Property(
        id=f"{name}-completion-answers-its-own-request",
        says=f"A completion that {requester} takes answers the very request that is outstanding, not an earlier one with its tag.",
        formula=StepLaw(step, (lane.waiting != "none") & neg(lane.completion_late)),
        protects="guest",
        binds="root complex" if lane is MMIO else "device",
        cite="CVE-2025-9613; P63 §2.8, §2.3.2",
        if_violated="A read timed out and its tag was used again. The late answer is taken for that of the new read, and the "
        "requester goes on with the wrong data.",
        if_holds="An answer that comes too late finds nobody who waits under its tag. It is dropped as unexpected.",
        witness=Witness(step),
    )


def _context(name: str, requester: str, step: Step, matches: Term, protects: str, violated: str, lane: Lane) -> Property:
    return Property(
        id=f"{name}-completion-stays-in-its-context",
        says=f"A completion that {requester} takes carries data of the TVM and lock epoch that asked.",
        formula=StepLaw(step, matches),
        protects=protects,
        binds="root complex" if lane is MMIO else "device",
        cite="CVE-2025-9613; INTEL-SA-01409",
        if_violated=violated,
        if_holds="No answer leaves the owner and the lock epoch for which it was given. What is read for one TVM is seen by no other.",
        witness=Witness(step),
    )


PROPERTIES = (
    _instance("mmio", "the root port", MMIO_ANSWERED, MMIO),
    _instance("dma", "the TDI", DMA_ANSWERED, DMA),
    _context(
        "mmio",
        "the root port",
        MMIO_ANSWERED,
        ((MMIO.waiting == "current") & (MMIO.completion == "current"))
        | ((MMIO.waiting == "stale") & (MMIO.completion == "stale")),
        "other TVM",
        "What one TVM read from its TDI is handed to another that waits under the same tag, or the other way round. The root "
        "port's tags serve all TVMs, so the two need not even have the same TDI.",
        MMIO,
    ),
    _context(
        "dma",
        "the TDI",
        DMA_ANSWERED,
        (DMA.waiting == "current") & (DMA.completion == "current"),
        "other TVM",
        "Memory of the former owner reaches the TDI while it works for the next one. STOP_INTERFACE waited for outstanding "
        "responses, and one that had timed out was none.",
        DMA,
    ),
)
