"""TLPs under way, which the fabric delays, reorders and redirects."""

from __future__ import annotations

from .finding import HOLDS, Finding, Section, case

_WAITS = "next-owner-need-not-wait-for-the-neighbour"

SECTION = Section(
    "The link",
    (
        Finding(
            "The three attacks of VU#404544 are reachable at the specification's base checks",
            "Each has measures that suffice alone and others that do not: see the knobs `reorder_check`, `rekey_on_rebind`, `flush_on_rebind` "
            "and `tag_quarantine` (`tdisprove list knobs`); the tests of the channel pin the smallest sets.",
            (
                case("dma-read-never-overtakes-a-write", expected=HOLDS), case("dma-completion-answers-its-own-request", expected=HOLDS),
                case("dma-write-takes-effect-for-its-sender-only", expected=HOLDS),
            ),
            "IDE protects the order and the integrity of what is under way.", "P63 §6.33.5, §2.4.1",
        ),
        Finding(
            "One stream for all TDIs of a device makes re-keying at rebind unavailable while a neighbour runs",
            "CoVE-IO asks for exactly one. Stopping only the old keys does not have this price.",
            (
                case(_WAITS, "cove-io", knobs={"rekey_on_rebind": "restart"}),
                case(_WAITS, "cove-io", knobs={"rekey_on_rebind": "refresh_stop"}),
            ),
        ),
    ),
)  # fmt: skip
