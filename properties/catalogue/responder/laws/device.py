"""Laws of firmware and debug."""

from __future__ import annotations

from .....model.language import after, exists, implies, neg
from .....model.language.mutate import DropUpdate, LeakyRefusal, SetUpdate
from .....model.world.choices.responder import (
    debug_wipes,
    measured_at,
    runtime_update,
    svn_downgrade,
    update_ends_session,
)
from .....model.world.responder import events as e
from .....model.world.responder.state import Device, Stream, Tdi
from .....model.world.vocabulary import d, device_of, t, u
from ....property import Property
from ....steps import REFUSED, occurs
from ...law import step_law
from .terms import holds, host, keys, stream, tsm

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "an-update-ends-what-it-must",
        "An update ends every session of a device that cannot be updated while it works or whose sessions end with an update; of the "
        "former, streams, locks and secrets as well.",
        occurs(e.firmware_update, d=stream),
        implies(
            neg(runtime_update) | update_ends_session,
            neg(after(Device.tsm_session[stream]) | after(Device.host_session[stream])),
        )
        & implies(
            neg(runtime_update),
            (after(Stream.state[stream]) == "NOT_KEYED") & neg(after(Tdi.locked())) & (after(holds) != "secret"),
        ),
        (t,), "device", "P63 §11.4.2; COV 08 TerminationPolicy", DropUpdate("tdi", "firmware_update", "tdi.holds"),
        witness=occurs(e.firmware_update, d=stream, where=Tdi.locked()), runtime_update=False,
    ),
    step_law(
        "a-runtime-update-spares-what-it-can",
        "An update of a device that works on, not to a lower version, leaves streams and locks alone, and sessions that need not end.",
        occurs(e.firmware_update, d=stream, lower_svn=False),
        implies(
            runtime_update & neg(update_ends_session),
            (after(Tdi.state[t]) == Tdi.state[t])
            & (after(Stream.state[stream]) == Stream.state[stream])
            & (after(Device.tsm_session[stream]) == Device.tsm_session[stream]),
        ),
        (t,), "device", "P63 §11.4.2", SetUpdate("stream", "firmware_update", keys, "NOT_KEYED"),
        witness=occurs(e.firmware_update, d=stream, where=Tdi.locked()), protects="host",
    ),
    step_law(
        "an-update-is-refused-for-these-reasons-only",
        "An update is refused for a lock with NO_FW_UPDATE, or, to a lower version, for a lock where the device does not wipe; nothing changes then.",
        occurs(e.firmware_update, d=d, reply=REFUSED),
        (
            exists(u, (device_of(u) == d) & Tdi.no_fw_update[u])
            | (e.lower_svn & exists(u, (device_of(u) == d) & Tdi.locked(u)) & (svn_downgrade == "refused"))
        )
        & (after(Device.unmeasured[d]) == Device.unmeasured[d])
        & (after(tsm) == tsm)
        & (after(host) == host),
        (d,), "device", "P63 §11.3.8, §11.4.2", LeakyRefusal("device", "firmware_update"), protects="host",
        measured_at="reset",
    ),
    step_law(
        "measurements-of-the-last-reset-miss-an-update",
        "Where measurements are those of the last reset, an update is not in them.",
        occurs(e.firmware_update, d=d), implies(measured_at == "reset", after(Device.unmeasured[d])),
        (d,), "device", "DSP0274 MEAS_FRESH_CAP (knob measured_at)",
        DropUpdate("device", "firmware_update", "device.unmeasured"), witness=Device.unmeasured[d], measured_at="reset",
    ),
    step_law(
        "a-device-that-wipes-before-debug-wipes-all",
        "A device that wipes before debug opens leaves no secret in any TDI.",
        occurs(e.debug_authorised, d=stream), implies(debug_wipes, after(holds) != "secret"),
        (t,), "device", "P63 §11.4.7 (knob debug_wipes)", DropUpdate("tdi", "debug_authorised", "tdi.holds"),
        witness=occurs(e.debug_authorised, d=stream, where=holds == "secret"), debug_wipes=True,
    ),
)  # fmt: skip
