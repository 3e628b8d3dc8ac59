"""What can happen to a device: requests, TLPs, and everything that changes it from outside or from within.

A request may be flawed in one way at a time, and a flawed one is sent over the TSM's session; with several flaws at
once the device may give the reply of any of them, since no order of checks is specified.
"""

from __future__ import annotations

from ...language import BOOL, TRUE, Event, Party, Term, conj, enum, implies, neg, param
from ..vocabulary import DEVICE_PARTY, HOLDER, HOST, d, t

REQUESTER = Party("requester")
"""Whoever sends TDISP requests: the TSM over its session, the host over one of its own or in the clear."""

via = param("via", HOLDER)
"""Over whose session a request comes; none: in the clear."""

flaw = param("flaw", enum("Flaw", "none", "version", "interface", "fields", "overrun", "trouble"))
"""What is wrong with a request itself: another version than agreed; an INTERFACE_ID that the DSM does not host; a bad field
or size; more requests outstanding than the device allows; or nothing, but the device has trouble of its own."""

tbit = param("tbit", BOOL)
"""The T bit of a TLP."""


def _request(name: str, doc: str, *extra: Term, plain: Term = TRUE) -> Event:
    """A TDISP request. ``plain``: the extra parameters of requests that are flawed, or come in the clear."""
    sent = conj(
        implies(flaw != "none", (via == "tsm") & plain),
        implies(via == "none", plain),
    )
    return Event(name, (t, via, *extra, flaw), REQUESTER, doc, where=sent)


# --- Requests (P63 §11.3) -------------------------------------------------------------------------------------------
get_tdisp_version = _request("get_tdisp_version", "GET_TDISP_VERSION")
get_tdisp_capabilities = _request("get_tdisp_capabilities", "GET_TDISP_CAPABILITIES")

fault = param(
    "fault",
    enum(
        "LockFault",
        "none",
        "stream_id",
        "two_defaults",
        "traffic_class",
        "phantom_functions",
        "overlap",
        "sizes",
        "cache_line_or_tph",
        "own_reasons",
        "no_entropy",
        "xt_enable",
    ),
)
"""What is wrong with the device's configuration when it is asked to lock."""

no_fw = param("no_fw", BOOL)
msix = param("msix", BOOL)
p2p = param("p2p", BOOL)
redirect = param("redirect", BOOL)
_NO_FLAGS = conj(*(neg(f) for f in (no_fw, msix, p2p, redirect)))
lock_interface = Event(
    "lock_interface",
    (t, via, no_fw, msix, p2p, redirect, fault, flaw),
    REQUESTER,
    "LOCK_INTERFACE_REQUEST; msix: LOCK_MSIX is set, or the device locks the table anyway",
    where=conj(
        implies(flaw != "none", (via == "tsm") & (fault == "none") & _NO_FLAGS),
        implies(via == "none", (fault == "none") & _NO_FLAGS),
        implies(fault != "none", _NO_FLAGS),
    ),
)
"""Flags and faults do not meet: whether a lock is refused does not depend on the flags."""

part = param("part", enum("ReportPart", "first", "rest", "bad_offset"))
get_report = _request(
    "get_report",
    "GET_DEVICE_INTERFACE_REPORT: a first part, all that is left, or from a bad offset",
    part,
    plain=part == "first",
)
get_state = _request("get_state", "GET_DEVICE_INTERFACE_STATE")

nonce = param("nonce", enum("NonceSent", "current", "other"))
"""The nonce of the last lock, or another: of an earlier lock, or made up."""
start_interface = _request("start_interface", "START_INTERFACE_REQUEST", nonce, plain=nonce == "other")
stop_interface = _request("stop_interface", "STOP_INTERFACE_REQUEST")

p2p_fault = param(
    "p2p_fault",
    enum("P2pFault", "none", "bad_id", "keys_missing", "default_stream", "several_registers", "overlap", "no_ats"),
)
keyed = param("keyed", HOLDER)
"""Over whose session the keys of the peer-to-peer stream came."""
bind_p2p_stream = Event(
    "bind_p2p_stream",
    (t, via, keyed, p2p_fault, flaw),
    REQUESTER,
    "BIND_P2P_STREAM_REQUEST",
    where=conj(
        keyed != "none",
        implies(flaw != "none", (via == "tsm") & (keyed == "tsm") & (p2p_fault == "none")),
        implies(via == "none", (keyed == "tsm") & (p2p_fault == "none")),
        implies(p2p_fault != "none", keyed == "tsm"),
    ),
)
known = param("known", BOOL)
"""Whether the stream, range or vendor's request that is named is one that the device knows."""
unbind_p2p_stream = _request("unbind_p2p_stream", "UNBIND_P2P_STREAM_REQUEST", known, plain=known)
shared = param("shared", BOOL)
set_mmio_attribute = _request(
    "set_mmio_attribute",
    "SET_MMIO_ATTRIBUTE_REQUEST: the updatable range, or (not known) a range that the device does not update; until "
    "set_mmio_attribute_response the device may behave either way",
    shared,
    known,
    plain=known & shared,
)
vdm = _request("vdm", "a VDM request, or (not known) any request code that the device does not support", known, plain=known)
xt = param("xt", BOOL)
set_tdisp_config = _request("set_tdisp_config", "SET_TDISP_CONFIG of PCIe 7.0 (unverified)", xt, plain=xt)

REQUESTS: tuple[Event, ...] = (
    get_tdisp_version, get_tdisp_capabilities, lock_interface, get_report, get_state, start_interface, stop_interface,
    bind_p2p_stream, unbind_p2p_stream, set_mmio_attribute, vdm, set_tdisp_config,
)  # fmt: skip
"""All TDISP requests."""

# --- Sessions and streams -------------------------------------------------------------------------------------------
holder = param("holder", HOLDER)
_SOMEBODY = holder != "none"
session_open = Event(
    "session_open", (d, holder), HOST, "GET_VERSION … FINISH: a new SPDM session, proxied by the host", where=_SOMEBODY
)
session_close = Event(
    "session_close",
    (d, holder),
    HOST,
    "a session enters its termination phase: END_SESSION, missed heartbeats, a bad MAC, …",
    where=_SOMEBODY,
)
get_version = Event("get_version", (d,), HOST, "GET_VERSION in the clear, which ends all sessions of the connection")
key_prog = Event(
    "key_prog", (d, holder), HOST, "IDE_KM KEY_PROG of all keys of the default stream over a session", where=_SOMEBODY
)
ide_query = Event("ide_query", (d, holder), HOST, "IDE_KM QUERY of the default stream over a session", where=_SOMEBODY)
ide_enable = Event("ide_enable", (d,), HOST, "K_SET_GO and Enable: the port becomes Secure")

# --- What happens to the device -------------------------------------------------------------------------------------
config_change = Event("config_change", (t,), HOST, "a change of the TDI's tracked configuration")
tolerated = Event("tolerated", (t,), HOST, "a write, or an error, that a locked TDI need not mind")
msix_write = Event("msix_write", (t,), HOST, "a write to the MSI-X capability")
ats_capability_write = Event("ats_capability_write", (t,), HOST, "a write to the ATS capability")
flr = Event("flr", (t,), HOST, "a function level reset of the TDI's function")
ide_register_write = Event("ide_register_write", (d,), HOST, "a write to the IDE registers of the default stream")
stream_lost = Event("stream_lost", (d,), HOST, "the default stream becomes Insecure")
root_port_write = Event("root_port_write", (d,), HOST, "a write to the root port that makes its streams Insecure")
p2p_stream_lost = Event(
    "p2p_stream_lost", (t,), HOST, "the bound peer-to-peer stream becomes Insecure, or its registers change"
)
conventional_reset = Event("conventional_reset", (d,), HOST, "cold, warm or hot reset")
debug_authorised = Event("debug_authorised", (d,), HOST, "debug is authorised and opens")
lower_svn = param("lower_svn", BOOL)
firmware_update = Event("firmware_update", (d, lower_svn), HOST, "an update of the device's firmware, to a lower SVN or not")
device_error = Event("device_error", (t,), DEVICE_PARTY, "an error from which the TDI does not recover")
ats_anomaly = Event("ats_anomaly", (t,), DEVICE_PARTY, "an ATS or PRI answer that did not come as it must")
recover = Event("recover", (t,), DEVICE_PARTY, "a TDI in ERROR wipes the TVM's data and unlocks itself")
set_mmio_attribute_response = Event(
    "set_mmio_attribute_response", (t,), DEVICE_PARTY, "SET_MMIO_ATTRIBUTE_RESPONSE: from now on the new attribute holds"
)

# --- Traffic --------------------------------------------------------------------------------------------------------
work = param("work", enum("Work", "secret", "interrupt"))
works = Event(
    "works", (t, work), DEVICE_PARTY, "the TDI takes in a TVM's data, or has an interrupt or page request under way"
)
target = param("target", enum("Target", "tee", "non_tee", "updatable", "msix", "vdm"))
"""What a TLP to the TDI is for: TEE memory, non-TEE memory, the range whose attribute changes, MSI-X table or PBA, a vendor's message."""
bound = param("bound", BOOL)
"""Whether a TLP to the TDI came over a stream that is bound to it."""
tlp_in = Event(
    "tlp_in", (t, target, tbit, bound), HOST, "a memory request or vendor's message to the TDI", where=tbit | neg(bound)
)
kind = param(
    "kind",
    enum("Kind", "read", "write", "msi", "msix", "translation_request", "page_request", "translated", "vendor_message"),
)
"""What the TDI sends: untranslated memory requests, interrupts, ATS and PRI requests, translated requests, a vendor's message."""
path = param("path", enum("Path", "default_stream", "p2p_stream", "elsewhere"))
tlp_out = Event(
    "tlp_out",
    (t, kind, tbit, path),
    DEVICE_PARTY,
    "a TLP of the TDI; a T=0 one goes wherever its address leads",
    where=implies(neg(tbit), path == "elsewhere"),
)
completion = Event("completion", (t,), HOST, "the completion of a read of the TDI arrives")

EVENTS: tuple[Event, ...] = tuple(x for x in list(globals().values()) if isinstance(x, Event))
"""All of them, as they stand above."""
