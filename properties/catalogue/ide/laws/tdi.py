"""Laws of the TDI that uses the stream."""

from __future__ import annotations

from .....model.language import after, implies, ite, neg
from .....model.language.mutate import DropCheck, DropUpdate, SwapValue
from .....model.world.choices.lifecycle import bind_requires, disconnect_bound, lock_requires
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    ORPHAN,
    ROOT_PORT,
    Device,
    Tdi,
    Tsm,
    k2,
    s2,
)
from .....model.world.vocabulary import d
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law

_MAY_LOCK = ENDPOINT.programmed_by("tsm") & neg(ORPHAN[d]) & implies(lock_requires == "secure", ENDPOINT.secure)
_STOPPED_FIRST = (disconnect_bound == "unbind") & Device.tsm_session[d]

PROPERTIES: tuple[Property, ...] = (
    law(
        "a-lock-is-invalid-for-its-stream-only",
        "The device calls a lock over keys of its living session invalid only where it insists on a Secure stream.",
        Never(occurs(e.tdi_start, d=d, reply="INVALID_REQUEST", where=_MAY_LOCK)),
        (d,), "device", "P63 §11.3.8, Table 11-12", occurs(e.tdi_start, d=d, reply="INVALID_REQUEST"),
        SwapValue("tdi", "tdi_start", ENDPOINT.rx[d, k2, s2], "CLEARED", "PROGRAMMED"), protects="host",
    ),
    step_law(
        "a-disconnect-stops-what-is-in-use-or-leaves-it",
        "Where the TSM stops TDIs before it disconnects their device, none is in use then while its session lives; else they stay as they are.",
        occurs(e.device_disconnect, d=d),
        after(Tdi.use[d]) == ite(_STOPPED_FIRST, "unlocked", Tdi.use[d]),
        (d,), "device", "P63 §11.3.16; COV 09 disconnect_device", DropUpdate("tdi", "device_disconnect", "tdi.use"),
    ),
    step_law(
        "a-tdi-is-started-over-the-tsms-keys",
        "A TDI is locked and started from CONFIG_UNLOCKED, in the TSM's session, over keys of that session, and a Secure stream where "
        "the TSM or the device insists on one.",
        occurs(e.tdi_start, d=d),
        (Tdi.use[d] == "unlocked")
        & (after(Tdi.use[d]) == "run")
        & Device.tsm_session[d]
        & Tsm.in_phase("connected", "refreshing")
        & ENDPOINT.programmed_by("tsm")
        & implies(bind_requires == "secure", ROOT_PORT.secure)
        & implies(lock_requires == "secure", ENDPOINT.secure),
        (d,), "device", "P63 §11.3.8, §11.3.14; COV 09 bind_interface", DropCheck("tdi", "tdi_start", "state"),
    ),
    step_law(
        "stop-unlocks-what-was-in-use",
        "STOP_INTERFACE comes in the TSM's session and unlocks a TDI that was locked or failed.",
        occurs(e.tdi_stop, d=d), Device.tsm_session[d] & (Tdi.use[d] != "unlocked") & (after(Tdi.use[d]) == "unlocked"),
        (d,), "device", "P63 §11.3.16", DropUpdate("tdi", "tdi_stop", "tdi.use"),
    ),
    possible(
        "what-is-in-use-can-be-stopped",
        "While the TSM's session lives, a TDI that is locked or failed can be stopped.",
        occurs(e.tdi_stop, d=d), Device.tsm_session[d] & (Tdi.use[d] != "unlocked"),
        (d,), "device", "P63 §11.3.16, Table 11-3", SwapValue("tdi", "tdi_stop", Tdi.use[d], "unlocked", "run"),
        witness=Tdi.use[d] != "unlocked", protects="host",
    ),
    possible(
        "a-tdi-can-be-started-over-a-secure-stream",
        "Over a stream that is Secure at both ports with keys of its live session, the TSM can have an unlocked TDI started.",
        occurs(e.tdi_start, d=d),
        Device.tsm_session[d]
        & Tsm.in_phase("connected", "refreshing")
        & (Tdi.use[d] == "unlocked")
        & ENDPOINT.programmed_by("tsm")
        & neg(ORPHAN[d])
        & ENDPOINT.secure
        & ROOT_PORT.secure,
        (d,), "device", "P63 §11.3.8, §11.3.14; COV 09 bind_interface",
        SwapValue("tsm", "tdi_start", Tsm.phase[d], "connected", "refreshing"), protects="host",
    ),
    step_law(
        "a-tdi-takes-tbit-requests-in-run-only",
        "A TDI sends and takes T=1 requests over the stream in RUN only.",
        (occurs(e.tlp_down, d=d, tbit=True), occurs(e.tlp_up, d=d, tbit=True)), Tdi.use[d] == "run",
        (d,), "device", "P63 §11.2.1", DropCheck("tdi", "tlp_down", "T=1 only in RUN"),
        witness=occurs(e.tlp_down, d=d, tbit=True),
    ),
)  # fmt: skip
