"""The events of the world: what can happen, who causes it, and between which parties it runs.

By default a call and its response are one event. Events named ``tdi_*`` and ``device_*`` are the verbs of
the list thread (M1), in capitals in the text are messages of TDISP, IDE_KM and SPDM.
"""

from __future__ import annotations

from ...language import BOOL, Event, param
from ..vocabulary import DEVICE_PARTY, GUEST, HOST, d, t, v

tbit = param("tbit", BOOL)
"""The T bit of an IDE TLP: set for traffic of a TVM."""

# The host asks the TSM, and enables the stream.
device_connect = Event("device_connect", (d,), HOST, "SPDM session of the TSM with the device, IDE keys programmed")
ide_enable = Event("ide_enable", (d,), HOST, "the stream is enabled at both ports")
device_disconnect = Event("device_disconnect", (d,), HOST, "the TSM ends its session with the device")
tdi_bind = Event("tdi_bind", (t, v), HOST, "the TSM binds the TDI to the TVM and sends LOCK_INTERFACE")
tdi_bind_run = Event("tdi_bind_run", (t,), HOST, "tdi_bind with the run flag: the TSM sends START_INTERFACE")
tdi_unbind = Event("tdi_unbind", (t,), HOST, "the TSM closes the gates, sends STOP_INTERFACE and unbinds the TDI")
bind_p2p = Event("bind_p2p", (t,), HOST, "the TSM sends BIND_P2P_STREAM")
get_state = Event("get_state", (t,), HOST, "the TSM sends GET_DEVICE_INTERFACE_STATE")

# The host at the fabric.
ide_fail = Event(
    "ide_fail",
    (d,),
    HOST,
    "whatever loses the keys of a stream: Enable cleared, link down, failed MAC, FLR of Function 0, …",
)
config_write = Event(
    "config_write", (t,), HOST, "a change of tracked configuration, a function level reset, MSE or BME cleared"
)
ide_disable = Event(
    "ide_disable", (d,), HOST, "the stream is given up: Enable cleared, no keys left, as before it was first keyed"
)
conventional_reset = Event("conventional_reset", (d,), HOST, "cold, warm or hot reset of the device")
mmio_untrusted = Event("mmio_untrusted", (t,), HOST, "an MMIO access with T=0", route=("host", "gate", "tdi"))

# The host speaks SPDM, IDE_KM and TDISP to the device over a session of its own.
get_version = Event("get_version", (d,), HOST, "GET_VERSION in the clear, which resets the SPDM connection")
host_connect = Event("host_connect", (d,), HOST, "an SPDM session of the host with the device")
host_key_prog = Event("host_key_prog", (d,), HOST, "KEY_PROG and K_SET_GO over the host's session")
host_lock = Event("host_lock", (t,), HOST, "LOCK_INTERFACE over the host's session")
host_start = Event("host_start", (t,), HOST, "START_INTERFACE over the host's session")
host_stop = Event("host_stop", (t,), HOST, "STOP_INTERFACE over the host's session")

# The guest.
tdi_request_lock = Event("tdi_request_lock", (v, t), GUEST, "the guest asks for the TDI to be locked and bound to it")
tdi_info = Event("tdi_info", (v, t), GUEST, "the guest reads certificates, measurements and the interface report")
verify = Event("verify", (v, t), GUEST, "the guest, or its verifier, approves the evidence")
tdi_accept = Event("tdi_accept", (v, t), GUEST, "the guest decides to accept the TDI")
tdi_validate = Event("tdi_validate", (v, t), GUEST, "the guest accepts the TDI: the TSM opens its MMIO and DMA gates")
start_interface = Event(
    "start_interface", (v, t), GUEST, "the guest accepts the TDI: the TSM sends START_INTERFACE, then opens the gates"
)
sdte_write = Event("sdte_write", (v, t), GUEST, "the guest has the TSM open the DMA gate")
mmio_validate = Event("mmio_validate", (v, t), GUEST, "the guest has the TSM open the MMIO gate")
tdi_revoke = Event("tdi_revoke", (v, t), GUEST, "the guest takes its acceptance back: the TSM closes the gates")
tdi_stop = Event("tdi_stop", (v, t), GUEST, "the guest has the TSM stop the TDI: gates closed, STOP_INTERFACE")
driver_shared = Event("driver_shared", (v, t), GUEST, "a driver that uses shared memory only")
driver_private = Event("driver_private", (v, t), GUEST, "a driver that uses private memory")
driver_unbind = Event("driver_unbind", (v, t), GUEST, "the driver goes")
mmio = Event("mmio", (v, t), GUEST, "an MMIO access of the guest with T=1", route=("guest", "gate", "tdi"))
peer_accept = Event("peer_accept", (v,), GUEST, "the guest accepts the peer device")
peer_revoke = Event("peer_revoke", (v,), GUEST, "the guest gives the peer device up")

# The device.
dma = Event("dma", (t, v, tbit), DEVICE_PARTY, "a memory request of the TDI to private memory of the TVM")
dma_peer = Event("dma_peer", (t,), DEVICE_PARTY, "a T=1 request over a bound peer-to-peer stream")
device_error = Event("device_error", (t,), DEVICE_PARTY, "poisoned TLP, data integrity error, lost state, …")
recover = Event("recover", (t,), DEVICE_PARTY, "the device wipes a TDI in ERROR and unlocks it")

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above: of equally short runs, the one with the earlier events is shown."""
