"""Laws of TLPs in and out."""

from __future__ import annotations

from .....model.language import TRUE, after, implies, neg
from .....model.language.mutate import DropCheck, DropUpdate, SwapValue
from .....model.world.choices.responder import (
    completion_match,
    ide_required,
    mmio_in_locked,
    shared_range_tbit,
    unlocked_mmio,
)
from .....model.world.responder import events as e
from .....model.world.responder.state import Stream, Tdi
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs
from ...law import law, possible, step_law
from ..observations import ERROR, LOCKED, RUN, UNLOCKED, accepts, sends
from .terms import holds, sharing, stream

_SECURE = implies(ide_required, Stream.state[stream] == "SECURE")
_MAY_SPEAK = Tdi.locked() | ERROR

PROPERTIES: tuple[Property, ...] = (
    law(
        "what-may-reach-a-tdi-reaches-it",
        "A running TDI (and a locked one that does not wait for RUN) takes T=1 accesses over a bound Secure stream; memory that is shared takes T=0 ones in every state, TEE memory in "
        "CONFIG_UNLOCKED where that is allowed, and so does an MSI-X table that is not locked; an unlocked TDI takes any message.",
        Never(
            tuple(
                occurs(e.tlp_in, t=t, reply=REFUSED, target=target, tbit=tbit, where=where)
                for target, tbit, where in (
                    ("tee", True, RUN & e.bound & _SECURE),
                    ("tee", True, LOCKED & (mmio_in_locked == "accept") & e.bound & _SECURE),
                    ("tee", False, UNLOCKED & (unlocked_mmio == "allowed")),
                    ("non_tee", False, TRUE),
                    ("non_tee", True, RUN & (shared_range_tbit != "never")),
                    ("updatable", False, sharing == "shared"),
                    ("updatable", True, RUN & (sharing == "tee") & e.bound & _SECURE),
                    ("msix", False, neg(Tdi.msix_locked[t])),
                    ("msix", True, RUN & Tdi.msix_locked[t] & e.bound & _SECURE),
                    ("vdm", True, e.bound & _SECURE),
                    ("vdm", False, UNLOCKED),
                )
            )
        ),
        (t,), "device", "P63 §11.2.1, §11.3.8, §11.3.22", accepts(target="tee", tbit=True),
        SwapValue("tdi", "vendor's message", Tdi.state[t], "ERROR", "CONFIG_UNLOCKED"), protects="host",
    ),
    step_law(
        "messages-reach-a-tdi-over-its-stream",
        "A TDI that is locked or in ERROR takes vendor-defined messages only over a Secure stream that is bound to it.",
        (accepts(target="vdm", tbit=True), accepts(target="vdm", tbit=False)),
        implies(_MAY_SPEAK, e.tbit & e.bound & _SECURE),
        (t,), "device", "P63 §11.2.1", DropCheck("tdi", "vendor's message", "T=1 unless unlocked"),
        witness=accepts(target="vdm", tbit=True),
    ),
    step_law(
        "what-a-tdi-sends-tells-its-state",
        "Translation requests with T=0 come from a TDI that does not run, messages with T=1 from one that is locked or in ERROR.",
        (sends(kind="translation_request", tbit=False), sends(kind="vendor_message", tbit=True)),
        implies(e.kind == "translation_request", neg(RUN)) & implies(e.kind == "vendor_message", _MAY_SPEAK),
        (t,), "device", "P63 §11.2.1, §11.4.10", DropCheck("tdi", "tlp_out", "vendor_message with T=1"),
        witness=sends(kind="vendor_message", tbit=True),
    ),
    possible(
        "a-running-tdi-can-work",
        "A running TDI can read with T=1 over its Secure stream.",
        sends(kind="read", tbit=True, path="default_stream"), RUN & _SECURE,
        (t,), "device", "P63 §11.2.1", SwapValue("tdi", "tlp_out", Tdi.state[t], "RUN", "ERROR"), witness=RUN,
    ),
    possible(
        "a-tdi-can-tell-its-vendors-software-of-an-error",
        "A TDI that is locked or in ERROR can send vendor-defined messages over its Secure stream.",
        sends(kind="vendor_message", tbit=True, path="default_stream"), _MAY_SPEAK & _SECURE,
        (t,), "device", "P63 §11.2.1: with T=1 even in ERROR",
        SwapValue("tdi", "tlp_out", Tdi.state[t], "ERROR", "CONFIG_UNLOCKED"), witness=ERROR & _SECURE, protects="host",
    ),
    step_law(
        "a-read-is-outstanding-until-it-completes",
        "A TDI that held nothing waits for the read that it sends, and has the translation for which it asked in RUN.",
        (sends(kind="read"), sends(kind="translation_request")),
        implies(
            holds == "nothing",
            implies(e.kind == "read", after(holds) == "read")
            & implies((e.kind == "translation_request") & (RUN | UNLOCKED), after(holds) == "translation"),
        ),
        (t,), "device", "P63 §11.2.1, §11.3.9, §11.4.10", DropUpdate("tdi", "tlp_out", "tdi.holds"),
        witness=sends(kind="read", tbit=True),
    ),
    step_law(
        "a-completion-ends-a-read",
        "A completion comes for a read that is outstanding, which it ends, whether it takes effect or is dropped.",
        occurs(e.completion, t=t, reply=None), holds.in_("read", "late_read") & (after(holds) == "nothing"),
        (t,), "device", "P63 §11.2.1", DropUpdate("tdi", "completion", "tdi.holds"), witness=occurs(e.completion, t=t),
    ),
    possible(
        "a-read-can-complete",
        "The completion of an outstanding read can come, however late.",
        occurs(e.completion, t=t, reply=None), holds.in_("read", "late_read"),
        (t,), "device", "P63 §11.2.1; CERT VU#404544", SwapValue("tdi", "completion", holds, "read", "late_read"),
        witness=holds == "late_read",
    ),
    law(
        "a-completion-in-time-takes-effect",
        "The completion of a read that was sent in this RUN, or by a TDI that is unlocked still, takes effect.",
        Never(occurs(e.completion, t=t, reply=REFUSED, where=(holds == "read") & (RUN | UNLOCKED))),
        (t,), "device", "P63 §11.2.1", occurs(e.completion, t=t, reply=REFUSED),
        SwapValue("tdi", "completion", Tdi.state[t], "RUN", "ERROR"),
    ),
    law(
        "a-device-that-matches-epochs-drops-late-completions",
        "A device that matches completions to the RUN in which the read was sent takes none of an earlier one.",
        Never(occurs(e.completion, t=t, where=(completion_match == "epoch") & (holds == "late_read"))),
        (t,), "device", "not demanded by P63 §11.2.1 (knob completion_match)", occurs(e.completion, t=t, reply=REFUSED),
        DropCheck("tdi", "completion", "of this RUN"), completion_match="epoch",
    ),
    step_law(
        "only-a-running-tdi-takes-in-data",
        "A TDI takes in a TVM's data, or has an interrupt under way, in RUN, one thing followed at a time.",
        occurs(e.works, t=t), RUN & (holds == "nothing") & after(holds.in_("secret", "interrupt")),
        (t,), "device", "P63 §11.2, §11.3.16", DropUpdate("tdi", "works", "tdi.holds"),
    ),
    possible(
        "a-running-tdi-can-take-in-data",
        "A running TDI that holds nothing can take in a TVM's data.",
        occurs(e.works, t=t), RUN & (holds == "nothing"),
        (t,), "device", "P63 §11.2", SwapValue("tdi", "works", Tdi.state[t], "RUN", "ERROR"), witness=RUN,
    ),
)  # fmt: skip
