"""The events of the aspect. Messages in capitals; a request and its response are one step.

The host carries every message, so that whatever the TSM sends comes at the host's request or with its help.
"""

from __future__ import annotations

from ...language import BOOL, Event, enum, param
from ..vocabulary import DEVICE_PARTY, GUEST, HOST, TSM, t

of = param("of", enum("ConnectionOf", "host", "tsm"))
"""Under whose connection id a message goes; without connection ids there is one connection only."""

other = param("other", BOOL)
"""Another slot than that of the certificates (for KEY_EXCHANGE) or of the session (for GET_MEASUREMENTS)."""

source = param("source", enum("EvidenceSource", "device", "replay", "other_device"))
"""Where a signed answer comes from: the device, the host's memory, or another genuine device."""

op = param("op", enum("KeyUpdateOperation", "UpdateKey", "UpdateAllKeys", "VerifyNewKey"))

# The host asks the TSM.
device_connect = Event("device_connect", (), HOST, "GET_VERSION to GET_CERTIFICATE by the TSM")
key_exchange = Event("key_exchange", (other,), TSM, "KEY_EXCHANGE of the TSM, answered by the device")
finish = Event("finish", (), TSM, "FINISH of the TSM: the session is established")
ide_key_prog = Event("ide_key_prog", (), TSM, "QUERY, KEY_PROG and K_SET_GO of the TSM: first keys, or a refresh")
ide_enable = Event("ide_enable", (), HOST, "the stream is enabled at both ports")
measure = Event("measure", (other, source), HOST, "GET_MEASUREMENTS of the TSM, for the guest's evidence")
heartbeat = Event("heartbeat", (), HOST, "the host has the TSM send HEARTBEAT")
key_update = Event("key_update", (op,), HOST, "the host has the TSM send KEY_UPDATE")
tdi_bind = Event("tdi_bind", (t,), HOST, "the TSM binds the TDI and sends LOCK_INTERFACE")
tdi_run = Event("tdi_run", (t,), HOST, "the TSM sends START_INTERFACE")
tdi_unbind = Event("tdi_unbind", (t,), HOST, "the TSM sends STOP_INTERFACE, where it can, and unbinds the TDI")
device_disconnect = Event(
    "device_disconnect", (), HOST, "the TSM stops TDIs and stream, sends END_SESSION and forgets the device"
)
tsm_learns = Event("tsm_learns", (), TSM, "a request of the TSM is not answered in its session: it learns that it is gone")

# The host's operating system.
claim_ownership = Event("claim_ownership", (), HOST, "pci_cma_claim_ownership: the device goes to a guest")
return_ownership = Event("return_ownership", (), HOST, "pci_cma_return_ownership: the device comes back")
cma_authenticate = Event(
    "cma_authenticate", (), HOST, "native CMA: GET_VERSION to CHALLENGE and GET_MEASUREMENTS, outside of any session"
)
fw_update = Event("fw_update", (), HOST, "the device's firmware is updated while it works")

# The host at the mailbox and at the fabric.
get_version = Event("get_version", (of,), HOST, "GET_VERSION in the clear, and nothing after it")
key_exchange_in_the_middle = Event(
    "key_exchange_in_the_middle", (), HOST, "the host answers the TSM's KEY_EXCHANGE in the device's place"
)
host_session = Event("host_session", (), HOST, "KEY_EXCHANGE and FINISH of the host")
host_end_session = Event("host_end_session", (), HOST, "END_SESSION of the host's own session")
host_query = Event("host_query", (), HOST, "QUERY for the stream over the host's session")
host_key_prog = Event("host_key_prog", (), HOST, "KEY_PROG and K_SET_GO over the host's session")
key_prog_in_clear = Event("key_prog_in_clear", (), HOST, "KEY_PROG and K_SET_GO outside of any session")
host_lock = Event("host_lock", (t,), HOST, "LOCK_INTERFACE over the host's session")
host_start = Event("host_start", (t,), HOST, "START_INTERFACE over the host's session")
host_stop = Event("host_stop", (t,), HOST, "STOP_INTERFACE over the host's session")
garbled = Event("garbled", (), HOST, "a message in the TSM's session that does not decrypt")
silence = Event("silence", (), HOST, "a heartbeat period without traffic in the TSM's session")
ide_fail = Event("ide_fail", (), HOST, "whatever makes a Secure stream Insecure: Enable cleared, link down, failed MAC, …")
conventional_reset = Event("conventional_reset", (), HOST, "cold, warm or hot reset of the device")

# Guest and device.
guest_authenticate = Event("guest_authenticate", (source,), GUEST, "CMA by a guest, over the mailbox that the host proxies")
request_resynch = Event("request_resynch", (), DEVICE_PARTY, "the device answers RequestResynch: it has lost its SPDM state")

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above: of equally short runs, the one with the earlier events is shown."""
