"""The events: who plugs, connects, hands out, binds, resets and takes back."""

from __future__ import annotations

from ...language import BOOL, Event, param
from ..vocabulary import DEVICE_PARTY, GUEST, HOST, d, s, t, v

legacy = param("legacy", BOOL)
"""Whether a TDI is assigned as an ordinary device, without TDISP."""

# Devices come and go.
hot_plug = Event("hot_plug", (d,), DEVICE_PARTY, "a device is found in the slot, at boot or later")
surprise_removal = Event("surprise_removal", (d,), DEVICE_PARTY, "the device is gone, without a word")
hot_unplug = Event("hot_unplug", (d,), HOST, "the host has the device removed")

# Devices are connected.
device_connect = Event("device_connect", (d, s), HOST, "a stream is allocated; the TSM's session, IDE keys, stream enabled")
connect_fails = Event("connect_fails", (d,), HOST, "connecting fails for want of the device; what was allocated is released")
device_disconnect = Event("device_disconnect", (d,), HOST, "the TSM ends its session with the device; the stream is freed")
preempt = Event("preempt", (d,), HOST, "a disconnect by which the host takes the stream for another device")
ide_off = Event("ide_off", (d,), HOST, "the user switches IDE off, or the stream fails")

# TDIs are handed out.
driver_probe = Event("driver_probe", (t,), HOST, "a driver of the host takes the TDI's function")
driver_remove = Event("driver_remove", (t,), HOST, "the host's driver leaves it")
request_bind = Event("request_bind", (t, v), HOST, "the TDI is set aside for a TVM, to be bound before the guest sees it")
tdi_assign = Event("tdi_assign", (t, v, legacy), HOST, "the guest is shown the TDI")
tdi_unassign = Event("tdi_unassign", (t,), HOST, "the TDI is taken from the guest's sight")
tdi_bind = Event("tdi_bind", (t, v), HOST, "the TSM binds the TDI to the TVM and sends LOCK_INTERFACE")
tdi_unbind = Event("tdi_unbind", (t,), HOST, "the TSM sends STOP_INTERFACE if it can, closes the gates and unbinds the TDI")

# What the host does to a device that may be bound.
reclaim_region = Event("reclaim_region", (t,), HOST, "the MMIO mapping is taken back from the TVM")
function_reset = Event("function_reset", (t,), HOST, "function level reset")
function_disable = Event("function_disable", (t,), HOST, "MSE or BME cleared, or BARs written")
device_reset = Event("device_reset", (d,), HOST, "conventional reset")

# TVMs.
tvm_create = Event("tvm_create", (v,), HOST, "a TVM gets its memory and runs")
tvm_dies = Event(
    "tvm_dies", (v,), HOST, "the TVM ends, is killed, or its VMM process crashes; the guest sees nothing any more"
)
tvm_reclaim = Event("tvm_reclaim", (v,), HOST, "the memory of a dead TVM goes back to the host")

# The guest.
tdi_accept = Event("tdi_accept", (v, t), GUEST, "the guest verifies and accepts; START_INTERFACE; the TSM opens both gates")
driver_bind = Event("driver_bind", (v, t), GUEST, "a driver of the guest takes the TDI")
driver_unbind = Event("driver_unbind", (v, t), GUEST, "the guest's driver leaves it")
mmio = Event("mmio", (v, t), GUEST, "an MMIO access with T=1", route=("guest", "gate", "tdi"))

# The device.
tdi_error = Event("tdi_error", (t,), DEVICE_PARTY, "whatever else brings a locked TDI to ERROR")
dma = Event("dma", (t, v), DEVICE_PARTY, "a T=1 memory request to the TVM's private memory")
dma_shared = Event("dma_shared", (t, v), DEVICE_PARTY, "a T=0 memory request to memory that the TVM shares with the host")

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above: of equally short runs, the one with the earlier events is shown."""
