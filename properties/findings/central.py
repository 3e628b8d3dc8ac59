"""The thread's central argument: who takes the TDI to RUN, and what acceptance is worth."""

from __future__ import annotations

from ..questions import Alike
from .finding import HOLDS, VIOLATED, Finding, Section, case, compared

_EMITTED, _EFFECTIVE = "no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept"
_HOST, _GUEST = "sev-tio-host-run", "sev-tio-guest-run"
_LIKE_HOST_RUN = Alike(_HOST, ("effects",), "bisimilar")
_BLOCKED = "RMP and IOMMU block whatever a TDI in RUN sends until the guest validates it."

SECTION = Section(
    "The thread's central argument",
    (
        Finding(
            "With the host's run, T=1 requests leave the device before anybody accepted it",
            "Only the gates of the root complex keep them out; peer-to-peer traffic passes no gate. `tdisprove ask Q3`",
            (
                case(_EMITTED, _HOST, expected=HOLDS), case(_EFFECTIVE, _HOST, expected=HOLDS),
                case(_EFFECTIVE, _HOST, expected=VIOLATED, knobs={"p2p": True}),
            ),
            "Nothing bad happens when bind goes to RUN: RMP and IOMMU block until the guest validates, except perhaps for "
            "peer-to-peer traffic.", "M16, M18 Kardashevskiy",
        ),
        Finding(
            "That the guest asks for RUN changes this only if somebody insists",
            "A hostile host sets the run flag itself. What helps is a host that does not, or a TSM that asks for the guest's consent.",
            (
                case(_EMITTED, _GUEST, expected=HOLDS), case(_EMITTED, _GUEST, expected=HOLDS, knobs={"host": "honest"}),
                case(_EMITTED, _GUEST, expected=HOLDS, knobs={"tsm_consent": True}),
            ),
            "Where the guest controls the step from CONFIG_LOCKED to RUN, its explicit acceptance comes first.",
            "M19 Ortiz, M20 Williams",
        ),
        Finding(
            "Where acceptance is a message of its own, the two-gate defence fails as well",
            "A decision to accept that the host carries over a relock opens the gates of the next epoch, which nobody measured. Naming "
            "the epoch in the messages repairs it, and so does consent that the TSM resets at every lock.",
            (
                case(_EFFECTIVE, _GUEST, "linux-tsm", "hyperv", expected=HOLDS),
                case(_EFFECTIVE, _GUEST, expected=HOLDS, knobs={"epoch_bind": "tsm"}),
                case(_EFFECTIVE, _GUEST, expected=HOLDS, knobs={"tsm_consent": True}),
            ),
            _BLOCKED, "M16 Kardashevskiy",
        ),
        Finding(
            "Arm's host-run flow rests on its three nonces alone",
            "The realm's calls open the gates only if all three are unchanged. Without them it fails like the others.",
            (case(_EFFECTIVE, "arm-cca"), case(_EFFECTIVE, "arm-cca", knobs={"epoch_bind": "none"})),
        ),
        Finding(
            "Acceptance of stale evidence is open in almost every flow that has TDISP",
            "Intel TDX Connect is the exception: there the TSM itself refuses it. In Arm CCA a stale acceptance happens and opens nothing. "
            "`tdisprove ask Q24`",
            (case("accepted-evidence-is-of-this-epoch", expected=HOLDS),),
            "A verdict is used only for the lock epoch that it judged.", "M15, M17 Ortiz",
        ),
        Finding(
            "RUN is irrelevant on SEV only if acceptance names the epoch",
            "By what takes effect, and under whose acceptance, the host's run and the guest's run are the same, trace by trace and at every "
            "point of a run, iff the guest-run's gate messages name the epoch, or its TSM asks for consent, or the host is honest. "
            "Peer-to-peer decides nothing here: it is open in both alike. To the link they look the same in any case, as long as the host is "
            "hostile. `tdisprove compare sev-tio-host-run sev-tio-guest-run --over host epoch_bind tsm_consent`",
            (
                compared(_LIKE_HOST_RUN, _GUEST, expected=HOLDS),
                compared(_LIKE_HOST_RUN, _GUEST, expected=HOLDS, knobs={"epoch_bind": "tsm"}),
                compared(_LIKE_HOST_RUN, _GUEST, expected=HOLDS, knobs={"tsm_consent": True}),
                compared(Alike(_HOST, ("link",), "bisimilar"), _GUEST),
            ),
            "Where `tdi_validate` is the acceptance, RUN makes no difference.", "M16 Kardashevskiy",
        ),
        Finding(
            "By their effects the flows are of two kinds",
            "Those that look like the host's run cannot be told apart; the others show unaccepted DMA besides. No two vendors offer the guest "
            "the same contract. `tdisprove compare cove-io tdx-connect --observe contract`, [equivalence](equivalence.md)",
            (
                compared(_LIKE_HOST_RUN, "cove-io", "tdx-connect", "arm-cca", "arm-cca-rsi", _GUEST, "linux-tsm", "hyperv"),
                compared(Alike("cove-io", ("contract",), "traces"), "tdx-connect", "arm-cca", "arm-cca-rsi", _HOST),
            ),
        ),
        Finding(
            "RUN without a driver is not quiet",
            "Nothing in TDISP keeps a TDI silent in RUN until a driver sets it up. `tdisprove ask Q7`",
            (
                case("tbit-dma-only-with-a-driver", expected=HOLDS),
                case("tbit-dma-only-with-a-driver", _HOST, expected=HOLDS, knobs={"autonomous_dma": False}),
            ),
            "A driver has to enable the device first.", "M18 Kardashevskiy",
        ),
        Finding(
            "Split into messages, the host-run flow of 2023 fails as well",
            "Where `tdi_validate` is one call its two-gate defence holds; a relock between its messages opens the next epoch's gates. "
            "Naming the epoch repairs it.",
            (
                case("carried-dma-effective-only-after-accept", _HOST, expected=HOLDS),
                case("carried-dma-effective-only-after-accept", _HOST, expected=HOLDS, knobs={"epoch_bind": "tsm"}),
            ),
            _BLOCKED, "M16 Kardashevskiy",
        ),
        Finding(
            "That the realm itself asks for each lock is worth as much as naming the epoch",
            "In `arm-cca-rsi` a relock that nobody asked for is refused, and whoever asks anew reads anew.",
            (case("carried-run-only-after-accept", "arm-cca-rsi", "arm-cca"),),
        ),
    ),
)  # fmt: skip
