"""The events of an IDE stream: key messages, register writes, losses, TLPs."""

from __future__ import annotations

from ...language import BOOL, Event, enum, param
from ..vocabulary import DEVICE_PARTY, HOST, ROOT_COMPLEX, TSM, d
from .state import k, s

tbit = param("tbit", BOOL)
"""The T bit of a TLP: set for traffic of a TVM."""

cause = param("cause", enum("Cause", "link_down", "failed_check", "register_write", "iv_exhausted", "stopped_set"))
"""Why a port leaves Secure with an IDE Fail message."""

# The host asks the TSM.
device_connect = Event("device_connect", (d,), HOST, "the TSM opens its SPDM session and has the stream set up")
connect_done = Event("connect_done", (d,), TSM, "the TSM reports that the device is connected")
ide_refresh = Event("ide_refresh", (d,), HOST, "the host asks the TSM for a key refresh: the other key set is next")
device_disconnect = Event("device_disconnect", (d,), HOST, "the host asks the TSM to disconnect the device")
tdi_start = Event("tdi_start", (d,), HOST, "the TSM sends LOCK_INTERFACE and START_INTERFACE")
tdi_stop = Event("tdi_stop", (d,), HOST, "the TSM sends STOP_INTERFACE")
stream_block = Event("stream_block", (d,), HOST, "the TSM takes the stream down at the root port, without the device")

# The TSM's key messages: for one key set and one sub-stream.
ep_key_prog = Event("ep_key_prog", (d, k, s), TSM, "KEY_PROG to the endpoint, Rx and Tx")
rp_key_prog = Event("rp_key_prog", (d, k, s), TSM, "the root port's key slots are programmed, Rx and Tx")
ep_rx_go = Event("ep_rx_go", (d, k, s), TSM, "K_SET_GO to the endpoint's receiver")
rp_rx_go = Event("rp_rx_go", (d, k, s), TSM, "the root port's receiver takes the set")
ep_tx_go = Event("ep_tx_go", (d, k, s), TSM, "K_SET_GO to the endpoint's transmitter")
rp_tx_go = Event("rp_tx_go", (d, k, s), TSM, "the root port's transmitter takes the set")
rp_close = Event("rp_close", (d,), TSM, "the Enable bit of the root port is cleared")
stop_tx = Event("stop_tx", (d,), TSM, "K_SET_STOP to the transmitters of both ports")
stop_rx = Event("stop_rx", (d,), TSM, "K_SET_STOP to the receivers of both ports")
end_session = Event("end_session", (d,), TSM, "END_SESSION")

# The host at the registers.
ep_enable = Event("ep_enable", (d,), HOST, "the Enable bit of the endpoint is set")
ep_disable = Event("ep_disable", (d,), HOST, "the Enable bit of the endpoint is cleared")
rp_enable = Event("rp_enable", (d,), HOST, "the Enable bit of the root port is set, by the TSM or by the host")
rp_disable = Event("rp_disable", (d,), HOST, "the host clears the Enable bit of the root port")

# The host over a session of its own, or over none.
get_version = Event("get_version", (d,), HOST, "GET_VERSION in the clear, which resets the SPDM connection")
host_connect = Event("host_connect", (d,), HOST, "an SPDM session of the host with the device")
host_key_prog = Event("host_key_prog", (d,), HOST, "KEY_PROG and K_SET_GO of a whole key set, from the host")
host_set_stop = Event("host_set_stop", (d,), HOST, "K_SET_STOP of a whole key set, from the host")
host_rp_keys = Event("host_rp_keys", (d,), HOST, "the host programs a key set of the root port and has it used")

# What takes the stream down.
ep_fails = Event("ep_fails", (d, cause), HOST, "the endpoint leaves Secure, and sends an IDE Fail message")
rp_fails = Event("rp_fails", (d, cause), HOST, "the root port leaves Secure, and sends an IDE Fail message")
fail_reaches_rp = Event("fail_reaches_rp", (d,), HOST, "the fabric delivers the endpoint's IDE Fail message")
fail_reaches_ep = Event("fail_reaches_ep", (d,), HOST, "the fabric delivers the root port's IDE Fail message")
function0_reset = Event("function0_reset", (d,), HOST, "FLR of Function 0, which holds the IDE capability")
conventional_reset = Event("conventional_reset", (d,), HOST, "cold, warm or hot reset of the device")

# TLPs.
tlp_up = Event(
    "tlp_up", (d, k, s, tbit), DEVICE_PARTY, "a TLP of the stream from the endpoint", route=("endpoint", "tdi", "root_port")
)
tlp_down = Event(
    "tlp_down",
    (d, k, s, tbit),
    ROOT_COMPLEX,
    "a TLP of the stream from the root port",
    route=("root_port", "endpoint", "tdi"),
)
clear_up = Event("clear_up", (d, tbit), DEVICE_PARTY, "a TLP of the endpoint that is in no IDE stream")
clear_down = Event("clear_down", (d, tbit), ROOT_COMPLEX, "a TLP of the root port that is in no IDE stream")
inject_tbit = Event("inject_tbit", (d,), HOST, "a switch sends the root port a TLP with T=1 over its own Link stream")
switch_reads = Event("switch_reads", (d,), HOST, "a switch, at which a Link stream ends, reads what the endpoint sends")

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above: of equally short runs, the one with the earlier events is shown."""
