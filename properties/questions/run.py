"""Host-run bind against the guest's acceptance: the central argument."""

from __future__ import annotations

from .question import Alike, Probe, Question, probes

_WHO_RUNS = ("host", "run_by", "accept_by", "tsm_consent", "epoch_bind")
_EMITTED = "no-tbit-dma-emitted-before-accept"
_EFFECTIVE = "no-tbit-dma-effective-before-accept"

QUESTIONS = (
    Question(
        "Q1", "M15, M17, M19 Ortiz; M20 Williams; against M16, M18 Kardashevskiy",
        "Is a TDI in RUN only after its TVM has accepted it in the current lock epoch?",
        probes("run-only-after-accept"), _WHO_RUNS,
        yes="RUN is the guest's decision.",
        no="Somebody else can take the TDI to RUN; from then on it may send and take T=1 TLPs.",
    ),
    Question(
        "Q2", "M16 Kardashevskiy",
        "Even if the device is in RUN: do RMP, IOMMU and their like keep its T=1 requests out of the TVM's memory, and the TVM's "
        "T=1 accesses out of it, until the guest has accepted?",
        probes(_EFFECTIVE, "no-private-mmio-before-accept", "gate-open-only-for-who-accepted"),
        (*_WHO_RUNS, "p2p", "root_complex", "tsm"),
        yes="The gates are a second line that holds by itself.",
        no="The gates are open for an epoch that the guest has not accepted, or traffic does not pass them.",
    ),
    Question(
        "Q3", "M18 Kardashevskiy: what bad thing can happen if we move to RUN?",
        "Does nothing observable change when a TDI is in RUN before acceptance, compared with CONFIG_LOCKED?",
        (
            Probe(_EMITTED), Probe(_EFFECTIVE), Probe(_EFFECTIVE, {"p2p": True}), Probe("tbit-dma-only-with-a-driver"),
        ),
        (*_WHO_RUNS, "autonomous_dma", "p2p"),
        yes="RUN before acceptance is invisible: no T=1 request leaves the device, none takes effect.",
        no="T=1 requests leave the device before anybody accepted it (stopped by the gates, if by anything); with peer-to-peer "
        "bound they take effect in a peer, which no gate of the root complex sees.",
    ),
    Question(
        "Q4", "M18 Kardashevskiy: except may be P2P",
        "Does peer-to-peer traffic, which passes neither RMP nor IOMMU, flow only between devices that one TVM has both accepted?",
        (Probe("no-peer-to-peer-before-both-accept", {"p2p": True}), Probe(_EFFECTIVE, {"p2p": True})),
        (*_WHO_RUNS, "host"),
        yes="A peer is reached only from a TDI that the same TVM accepted.",
        no="A TDI that nobody accepted writes into an accepted peer.",
    ),
    Question(
        "Q5", "M19 Ortiz: it should now accept T-bit TLPs",
        "Does a T=1 MMIO access reach a TDI only after the guest accepted it in the current epoch?",
        probes("no-private-mmio-before-accept", "private-mmio-only-in-run"), _WHO_RUNS,
        yes="A device in RUN takes T=1 accesses, but none arrives before acceptance.",
        no="A guest's private access goes to a TDI that it has not accepted as it is now locked.",
    ),
    Question(
        "Q6", "M17 Ortiz",
        "Does RUN mean that the IO paths are open, so that a blocked TDI in RUN is an error and never nominal?",
        probes("run-means-open-gates"), ("accept_by", "run_by", "guest_stop"),
        yes="RUN and open gates come and go together.",
        no="The flow passes through RUN with shut gates by design (disagreement D2 of the thread).",
    ),
    Question(
        "Q7", "M18 Kardashevskiy",
        "Does a TDI in RUN stay silent until a driver sets it up?",
        probes("tbit-dma-only-with-a-driver"), ("autonomous_dma",),
        yes="Without a driver nothing starts.",
        no="Nothing in TDISP keeps a TDI silent without a driver: it is a property of the device (autonomous_dma).",
    ),
    Question(
        "Q8", "M15, M19 Ortiz",
        "Can a guest use a device (private driver) only after its evidence was verified?",
        probes("private-driver-only-on-an-accepted-tdi", "accept-only-after-verification"), ("guest", "device"),
        yes="No private driver without acceptance, no acceptance without approved evidence.",
        no="A device that nobody looked at gets private memory.",
    ),
    Question(
        "Q9", "M17 Ortiz",
        "Does acceptance lead to both gates being open, or to an error or unbind that is seen?",
        probes("a-gate-that-the-guest-takes-for-open-was-opened", "carried-messages-still-lead-to-use"), ("gate_answer", "gate_status"),
        yes="A guest is never told of an open gate that is shut, and a host that hands messages on leads to full use. (That it does "
        "hand them on is fairness: see the properties of progress.)",
        no="A guest takes a gate for open that is shut.",
    ),
    Question(
        "Q10", "M15 Ortiz, M20 Williams",
        "Is every START_INTERFACE caused by a request of the TVM in this epoch?",
        probes("run-only-after-accept"), _WHO_RUNS,
        yes="The TSM sends START only for the guest that it is bound to.",
        no="The host can have START sent by itself.",
    ),
    Question(
        "Q11", "M16 Kardashevskiy",
        "Is RUN irrelevant on SEV, so that host-run and guest-run look the same to everybody but the link?",
        (),
        ("host", "epoch_bind", "tsm_consent", "accept_by"),
        yes="What takes effect, and whether it was accepted, is the same as with the host's run, at every point of a run.",
        no="The two differ where acceptance is a message of its own: a decision to accept that the host carries over a relock opens "
        "the gates of the next epoch. Where acceptance and gate opening are one call this does not arise.",
        alike=(Alike("sev-tio-host-run", ("effects",), "bisimilar"),),
    ),
    Question(
        "Q12", "M1 Kardashevskiy, M15 Ortiz",
        "Can the guest see, from a source it trusts, that the TDI is locked before it decides, and running afterwards?",
        probes("guest-accepts-only-what-the-record-says-is-locked", "guest-uses-only-what-the-record-says-runs"), ("state_source",),
        yes="The guest decides on the TSM's record.",
        no="The state that the guest is shown is the host's word.",
    ),
    Question(
        "Q13", "M7 Cameron: is it always a one time thing on driver load?",
        "Can acceptance be taken back and given again without a rebind of the driver?",
        probes("acceptance-returns-without-a-new-driver", "acceptance-can-always-be-taken-back"), ("driver_kept",),
        yes="It is not a one time thing: acceptance can go and come under a bound driver.",
        no="The driver has to be unbound first.",
    ),
    Question(
        "Q14", "M1 Kardashevskiy: or invalidate, depends on the parameters",
        "Is validation reversible, and are the gates shut no later than the TDI leaves RUN or its binding changes?",
        probes("stopping-shuts-the-gates", "gates-closed-before-reuse", "gate-open-only-for-who-accepted"), ("tsm", "guest"),
        yes="Every way in which the TSM stops a TDI shuts both gates with it.",
        no="A gate outlives the binding it was opened for.",
    ),
)  # fmt: skip
