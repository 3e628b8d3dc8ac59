"""The events of the aspect: what can happen, who causes it, and what the host may get wrong in it."""

from __future__ import annotations

from ...language import BOOL, Event, enum, param
from ..vocabulary import GUEST, HOST, t
from .state import PART, WRONG

wrong = param("wrong", WRONG)
false_part = param("false_part", PART)
mapping = param("mapping", enum("Mapping", "right", "first_wrong", "last_wrong"))
"""How the host has mapped the MMIO ranges: one range may be wrong, the last one or one before it."""
host_cma = param("host_cma", BOOL)
vf_cma = param("vf_cma", BOOL)

# The host.
tdi_bind = Event(
    "tdi_bind",
    (t, wrong),
    HOST,
    "the TSM binds the TDI to the guest and locks it; the host may have seen to it that something is wrong with it",
)
measure = Event("measure", (t,), HOST, "the host has the TSM fetch measurements, and keep a digest")
report = Event("report", (t,), HOST, "the host has the TSM fetch the interface report, and keep a digest")
tdi_run = Event("tdi_run", (t,), HOST, "the host has the TSM send START_INTERFACE")
tdi_unbind = Event("tdi_unbind", (t,), HOST, "the TSM closes the gates, sends STOP_INTERFACE and unbinds the TDI")
firmware_update = Event("firmware_update", (t,), HOST, "the host updates the device's firmware at run time")
config_write = Event("config_write", (t,), HOST, "anything that takes a locked TDI to ERROR")
conventional_reset = Event(
    "conventional_reset", (t,), HOST, "cold, warm or hot reset of the device: what is computed at reset is computed anew"
)

# The guest and its verifier.
tdi_info = Event("tdi_info", (t, false_part), GUEST, "the guest reads certificates, measurements and the interface report")
verify = Event("verify", (t, host_cma, vf_cma), GUEST, "the guest's verifier approves the evidence held, by its policy")
reject = Event("reject", (t,), GUEST, "the guest's verifier does not approve")
tdi_accept = Event("tdi_accept", (t,), GUEST, "the guest decides to accept the TDI")
tdi_validate = Event("tdi_validate", (t, mapping), GUEST, "the guest accepts, and the TSM opens the gates: one call")
start_interface = Event("start_interface", (t,), GUEST, "the guest has the TSM send START_INTERFACE")
sdte_write = Event("sdte_write", (t,), GUEST, "the guest has the TSM open the DMA gate")
mmio_validate = Event("mmio_validate", (t, mapping), GUEST, "the guest has the TSM open the MMIO gate, range by range")
tdi_revoke = Event("tdi_revoke", (t,), GUEST, "the guest takes its acceptance back: the TSM closes the gates")

# Drivers and secrets.
driver_shared = Event("driver_shared", (t,), GUEST, "a driver is bound that bounces through shared memory")
dma_map = Event("dma_map", (t,), GUEST, "the driver maps shared memory")
dma_unmap = Event("dma_unmap", (t,), GUEST, "the driver has no shared memory mapped any more")
driver_private = Event("driver_private", (t,), GUEST, "the driver uses private memory from now on")
driver_unbind = Event("driver_unbind", (t,), GUEST, "the driver goes")
release_secret = Event(
    "release_secret", (t,), GUEST, "the relying party gives the guest a secret, which a TDI in private use can reach"
)

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above: of equally short runs, the one with the earlier events is shown."""
