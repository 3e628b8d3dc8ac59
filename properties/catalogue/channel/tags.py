"""Completions: which request takes which answer."""

from __future__ import annotations

from ....model.language import neg
from ....model.world.channel import events as e
from ....model.world.channel.state import DMA, MMIO, Lane
from ...property import Property
from ...steps import Step, occurs
from ..promise import only_if

MMIO_ANSWERED = occurs(e.MMIO.completions.arrives)
DMA_ANSWERED = occurs(e.DMA.completions.arrives)


def _instance(name: str, requester: str, step: Step, lane: Lane) -> Property:
    return only_if(
        f"{name}-completion-answers-its-own-request",
        f"A completion that {requester} takes answers the very request that is outstanding, not an earlier one with its tag.",
        step, (lane.waiting != "none") & neg(lane.completion_late), protects="guest",
        binds="root complex" if lane is MMIO else "device", cite="CVE-2025-9613; P63 §2.8, §2.3.2",
        if_violated="A read timed out and its tag was used again. The late answer is taken for that of the new read, and the "
        "requester goes on with the wrong data.",
        if_holds="An answer that comes too late finds nobody who waits under its tag. It is dropped as unexpected.",
    )  # fmt: skip


_SAME = ((MMIO.waiting == "current") & (MMIO.completion == "current")) | (
    (MMIO.waiting == "stale") & (MMIO.completion == "stale")
)

PROPERTIES = (
    _instance("mmio", "the root port", MMIO_ANSWERED, MMIO),
    _instance("dma", "the TDI", DMA_ANSWERED, DMA),
    only_if(
        "mmio-completion-stays-in-its-context",
        "A completion that comes too late is never taken by a request of another TVM or lock epoch at the root port.",
        MMIO_ANSWERED, neg(MMIO.completion_late) | _SAME, protects="other TVM", binds="root complex",
        cite="CVE-2025-9613; INTEL-SA-01409",
        if_violated="What one TVM read from its TDI is handed to another that waits under the same tag. The root port's tags serve "
        "all TVMs, so the two need not even have had the same TDI.",
        if_holds="A late answer stays with the owner and the lock epoch for which it was given. What is read for one TVM is seen by "
        "no other.",
    ),
    only_if(
        "dma-completion-stays-in-its-context",
        "A completion that the TDI takes carries data of its present owner, asked for in the present lock epoch.",
        DMA_ANSWERED, (DMA.waiting == "current") & (DMA.completion == "current"), protects="other TVM", binds="device",
        cite="CVE-2025-9613; P63 §11.2.1: a completion is handled in RUN, whichever RUN",
        if_violated="Memory of the former owner reaches the TDI while it works for the next one. STOP_INTERFACE waited for "
        "outstanding responses, and one that had timed out was none.",
        if_holds="No answer outlives the lock epoch in which it was asked for. What the TDI reads is its owner's.",
    ),
)  # fmt: skip
