"""The choices that make one flow differ from another, and the open points of the specification: the knobs.

A knob is a rigid variable. A flow gives values to knobs; what it leaves alone has the default of `KNOBS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..language import BOOL, Machine, Term, Value, enum
from .vocabulary import trust

choices = Machine("choices", doc="What vendors decided differently, and what the specification leaves open.")

run_by = choices.var("run_by", enum("RunBy", "host", "guest_request", "guest_call"), rigid=True)
accept_by = choices.var("accept_by", enum("AcceptBy", "validate", "decision", "start"), rigid=True)
tsm_consent = choices.var("tsm_consent", BOOL, rigid=True)
epoch_bind = choices.var("epoch_bind", enum("EpochBind", "none", "tsm"), rigid=True)
bind_requires = choices.var("bind_requires", enum("BindRequires", "keys", "secure"), rigid=True)
disconnect_bound = choices.var("disconnect_bound", enum("DisconnectBound", "unbind", "reject"), rigid=True)
lock_requires = choices.var("lock_requires", enum("LockRequires", "keys", "secure"), rigid=True)
stop_in_unlocked = choices.var("stop_in_unlocked", enum("StopInUnlocked", "ok", "error"), rigid=True)
error_recovery = choices.var("error_recovery", enum("ErrorRecovery", "stop", "automatic"), rigid=True)
autonomous_dma = choices.var("autonomous_dma", BOOL, rigid=True)
multi_session = choices.var("multi_session", BOOL, rigid=True)
p2p = choices.var("p2p", BOOL, rigid=True)


@dataclass(frozen=True)
class Knob:
    """A rigid variable of the world: its default, what it decides, and where the alternatives come from."""

    name: str
    default: Value
    summary: str
    cite: str


def _knob(term: Term, default: Value, summary: str, cite: str) -> Knob:
    return Knob(str(term).rsplit(".", 1)[-1], default, summary, cite)


KNOBS: tuple[Knob, ...] = (
    *(
        Knob(f.name, default, summary, "threat model: the host is not trusted, the TSM and the root complex are")
        for f, (default, summary) in zip(
            trust.families,
            (
                ("hostile", "the host VMM keeps to the flow, or does whatever it can reach"),
                ("honest", "the device keeps the rules of TDISP and IDE, or sends what it likes"),
                ("honest", "the TSM makes the checks that bind it, or none"),
                ("honest", "the TVM guest makes the checks that bind it, or none"),
                ("honest", "root complex and IOMMU enforce their gates, or let everything pass"),
            ),
            strict=True,
        )
    ),
    _knob(
        run_by,
        "host",
        "who causes START_INTERFACE: the host at bind (host), the host when the guest asks it to (guest_request), "
        "or the guest by a call that only the TSM serves (guest_call)",
        "M1, M15, M20; AMD 2023 and 2026 host drivers; COV 09 COVG start_interface",
    ),
    _knob(
        accept_by,
        "validate",
        "the guest's act of acceptance: tdi_validate, which also opens both gates (validate); a decision of the guest, "
        "followed by run request and gate messages (decision); the call that starts the interface (start)",
        "M1, M17; AMD guest driver 2026; COV 09",
    ),
    _knob(
        tsm_consent,
        False,
        "whether the TSM refuses to send START_INTERFACE before the guest has accepted in this lock epoch",
        "AMD host driver: the host sets run in TDI_BIND, no such check; COV 09 start_interface",
    ),
    _knob(
        epoch_bind,
        "none",
        "whether acceptance and gate messages name the lock epoch of the evidence, so that the TSM refuses others (tsm)",
        "COV 09: start_interface has no epoch argument; TDX bind session id and Arm lock nonce are such a bond",
    ),
    _knob(
        bind_requires,
        "keys",
        "whether the TSM binds when the IDE stream has keys, or only when it is Secure",
        "AMD: result of enabling the streams is dropped; COV 07: the stream's link is set up",
    ),
    _knob(
        disconnect_bound,
        "unbind",
        "what the TSM does when asked to disconnect a device with bound TDIs: stop and unbind them, or refuse",
        "COV 07 (refuse) against COV 09 (stop them); AMD: forced disconnect",
    ),
    _knob(
        lock_requires,
        "keys",
        "whether the device refuses LOCK_INTERFACE until its default stream is Secure, or asks for keys only",
        "P63 §11.3.8 and Table 11-12 against §6.33.1",
    ),
    _knob(
        stop_in_unlocked,
        "ok",
        "whether STOP_INTERFACE is legal in CONFIG_UNLOCKED",
        "P63 Table 11-3: legal; several responders answer INVALID_INTERFACE_STATE",
    ),
    _knob(
        error_recovery,
        "stop",
        "whether a TDI leaves ERROR by STOP_INTERFACE or reset only, or also by itself once it has wiped its data",
        "P63 §11.2: permitted, not required",
    ),
    _knob(
        autonomous_dma,
        True,
        "whether a TDI in RUN may send DMA before a driver of the guest has set it up",
        "M18: a driver has to enable the device first; P63 §11.2.1 does not ask for one",
    ),
    _knob(
        multi_session,
        False,
        "whether the device serves an SPDM session of the host beside the TSM's, or GET_VERSION ends the other one",
        "P63 §11.2.4; DSP0274 GET_VERSION; M14",
    ),
    _knob(
        p2p,
        False,
        "whether the TSM binds a peer-to-peer stream for a running TDI, whose TLPs do not cross the root complex",
        "M18; P63 §11.3.18",
    ),
)
