"""The events of the message level: what can happen, who causes it, and between which parties it runs.

A request of the TSM to the device is four steps: it is made (``ask_…``), the host hands it to the device, which acts at
once (``deliver_request``), and the host hands the response to the TSM (``response``), which takes note; of a request of
the guest's, the guest learns when it collects the answer (``collect``). To drop a message is never to deliver it.
"""

from __future__ import annotations

from ...language import BOOL, Event, enum, param
from ..vocabulary import DEVICE_PARTY, GUEST, HOST, t

forged = param("forged", BOOL)
"""The host put a report of its own in the place of the device's."""

success = param("success", BOOL)
"""The host says that the request was granted, or that it failed."""

old_request = param("old_request", enum("OldRequest", "LOCK", "STOP"))

# The host asks the TSM.
ask_lock = Event("ask_lock", (t,), HOST, "the TSM makes LOCK_INTERFACE, and binds the TDI if it is not bound")
ask_start = Event("ask_start", (t,), HOST, "the TSM makes START_INTERFACE at the host's request")
ask_state = Event("ask_state", (t,), HOST, "the TSM makes GET_DEVICE_INTERFACE_STATE at the host's request")
ask_stop = Event("ask_stop", (t,), HOST, "the TSM makes STOP_INTERFACE at the host's request")
close_gates = Event("close_gates", (t,), HOST, "the host has the TSM shut the gates, apart from STOP_INTERFACE")
take_back = Event("take_back", (t,), HOST, "the TDI is unbound, and the host has its memory and MMIO back")
abort = Event("abort", (t,), HOST, "the TSM gives up its request: the host keeps the response, or spoils it")
disconnect = Event(
    "disconnect", (t,), HOST, "the TSM cuts the stream, takes the TDI from the guest, and has a new session and stream"
)

# The host carries messages between the TSM and the device.
deliver_request = Event("deliver_request", (t,), HOST, "the device takes the request, acts, and answers")
fail_request = Event(
    "fail_request", (t,), HOST, "the device takes the request, and answers TDISP_ERROR for reasons of its own"
)
response = Event("response", (t,), HOST, "the response reaches the TSM, as the answer to the request that it is for")
misroute = Event("misroute", (t,), HOST, "the host hands the response over as the answer to the other party's request")
replay_response = Event("replay_response", (t,), HOST, "an old response of the kind that is due, in place of the device's")
replay_request = Event("replay_request", (t, old_request), HOST, "an old request reaches the device once more")
ship = Event("ship", (t,), HOST, "the host has the guest's request sent")

# The host at the fabric.
get_version = Event("get_version", (t,), HOST, "GET_VERSION in the clear, which ends the session at the device")
function_reset = Event(
    "function_reset", (t,), HOST, "a function level reset, a change of tracked configuration, or an error"
)
conventional_reset = Event("conventional_reset", (t,), HOST, "cold, warm or hot reset of the device")

# The guest, and the host that carries its messages.
request_lock = Event("request_lock", (t,), GUEST, "the guest asks the TSM to have the TDI locked")
read_evidence = Event(
    "read_evidence", (t, forged), GUEST, "the guest reads evidence: digests of the TSM, a report from the host"
)
accept = Event("accept", (t,), GUEST, "the guest decides to accept the TDI")
guest_ask = Event(
    "guest_ask", (t,), GUEST, "the guest has a request of its own made: START_INTERFACE, or for the TDI's state"
)
collect = Event("collect", (t,), GUEST, "the guest takes the answer to its own request")
gate_call = Event("gate_call", (t,), GUEST, "the guest calls the TSM to have the next gate opened")
gate_send = Event("gate_send", (t,), GUEST, "the guest gives the host a message to the TSM: open the next gate")
message_deliver = Event("message_deliver", (t,), HOST, "the host hands the guest's message to the TSM")
gate_complete = Event("gate_complete", (t,), HOST, "the host does its part, and the TSM opens the gate")
message_answer = Event("message_answer", (t,), HOST, "the TSM's answer to its message reaches the guest")
host_answer = Event(
    "host_answer", (t, success), HOST, "the host gives the guest an answer of its own, and keeps the message"
)
use = Event("use", (t,), GUEST, "the guest's driver begins to use private memory and MMIO")
give_up = Event("give_up", (t,), GUEST, "the guest takes its acceptance back, for whatever reason")
undo = Event("undo", (t,), GUEST, "a guest that failed has undone what was done")
undone = Event("undone", (t,), GUEST, "the guest is told that nothing is left to undo")
leave = Event("leave", (t,), GUEST, "a guest that failed leaves everything as it is")
mmio = Event("mmio", (t,), GUEST, "an MMIO access of the guest with T=1", route=("guest", "gate", "device"))

# The device.
dma = Event("dma", (t,), DEVICE_PARTY, "a T=1 memory request of the TDI to private memory of the TVM")
recover = Event("recover", (t,), DEVICE_PARTY, "the device wipes a TDI in ERROR and unlocks it")

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above: of equally short runs, the one with the earlier events is shown."""
