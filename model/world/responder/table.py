"""Which events of TDISP's device side the model has, and what each does to a locked TDI: data for documentation and tests."""

from __future__ import annotations

from dataclasses import dataclass

from ...language import Event
from . import events as e


@dataclass(frozen=True)
class EventClass:
    """Events that have one effect on a locked TDI, and what they stand for.

    ``effect``: ERROR, CONFIG_UNLOCKED, "refused" (the event itself), "none", or "ERROR or refused" where the choice is the device's.
    """

    number: str
    events: tuple[Event, ...]
    members: str
    effect: str
    cite: str


EVENT_CLASSES: tuple[EventClass, ...] = (
    EventClass("E1", (e.config_change,), "configuration that matters to function or security, device-specific as well", "ERROR", "P63 §11.2"),
    EventClass("E2", (e.config_change,), "change of the Requester ID: bus or segment renumbered", "ERROR", "P63 §11.2"),
    EventClass("E3", (e.flr,), "function level reset of a VF or of a function without SR-IOV", "ERROR", "P63 §11.4.9"),
    EventClass("E4", (e.flr,), "function level reset of a PF: its own TDI and those of its VFs", "ERROR", "P63 §11.4.9"),
    EventClass("E5", (e.stream_lost, e.p2p_stream_lost), "a bound stream becomes Insecure", "ERROR", "P63 §11.2, §11.4.5"),
    EventClass(
        "E6", (e.session_close, e.get_version, e.session_open), "the session over which a TDI was locked or a bound stream was "
        "keyed enters termination", "ERROR", "P63 §11.4.5, §11.6.1",
    ),
    EventClass("E7", (e.device_error,), "poisoned TLP, uncorrectable data integrity error", "ERROR", "P63 §11.2, §11.4.6"),
    EventClass("E8", (e.device_error,), "Unsupported Request or Completer Abort for an own request, completion timeout", "ERROR", "P63 §11.4.3"),
    EventClass("E9", (e.ats_anomaly,), "Translation Completion with T=0, in RUN", "ERROR", "P63 §11.4.10"),
    EventClass("E10", (e.ats_anomaly,), "PRG Response with T=0 or on another stream", "ERROR", "P63 §11.4.10"),
    EventClass("E11", (e.device_error,), "the DSM loses the TDI's state, failure inside the device", "ERROR", "P63 §11.4.5"),
    EventClass("E12", (e.debug_authorised,), "debug authorised at run time", "ERROR", "P63 §11.4.7"),
    EventClass("E13", (e.firmware_update,), "update without support for runtime updates", "ERROR", "P63 §11.4.2"),
    EventClass("E14", (e.firmware_update,), "update under NO_FW_UPDATE", "refused", "P63 §11.3.8"),
    EventClass("E15", (e.firmware_update,), "runtime update to the same or a higher SVN", "none", "P63 §11.4.2"),
    EventClass("E16", (e.firmware_update,), "update to a lower SVN", "ERROR or refused", "P63 §11.4.2"),
    EventClass("E17", (e.conventional_reset,), "cold, warm, hot reset", "CONFIG_UNLOCKED", "P63 §11.4.8"),
    EventClass("E18", (e.config_change,), "change of D-state in which the function's state is lost", "ERROR", "P63 Table 11-2"),
    EventClass("E19", (e.config_change,), "Memory Space Enable or Bus Master Enable cleared", "ERROR", "P63 Table 11-2"),
    EventClass(
        "E20", (e.config_change,), "writes to BIST, BARs, Expansion ROM base, Enhanced Allocation, (VF) Resizable BAR, ARI, PASID, "
        "Multicast, Page Request, SR-IOV", "ERROR", "P63 Table 11-2",
    ),
    EventClass(
        "E21", (e.config_change,), "Device Control: tag enables, Phantom Functions Enable, Enable No Snoop (Initiate FLR is E3, E4)",
        "ERROR", "P63 Table 11-2",
    ),
    EventClass("E22", (e.msix_write,), "MSI-X capability, where it was locked and reported", "ERROR", "P63 Table 11-2"),
    EventClass(
        "E23", (e.ide_register_write, e.p2p_stream_lost), "control, RID or address association of a bound stream", "ERROR", "P63 Table 11-2"
    ),
    EventClass("E24", (e.tolerated,), "Link control, PHY, L1 PM, PMUX (if the link goes down: E5)", "none", "P63 Table 11-2"),
    EventClass(
        "E25", (e.tolerated, e.ats_capability_write), "cache line size, latency timer, status, MSI, ACS, LTR, AER, VC, DPA, PTM, DOE, VPD; "
        "ATS; other bits of E19 and E21", "none", "P63 Table 11-2",
    ),
    EventClass("E26", (e.tolerated,), "DOE error that leaves the session usable (else E6)", "none", "P63 §11.2.2"),
    EventClass("E27", e.REQUESTS, "any TDISP request that is answered with an error", "none", "P63 §11.3.22"),
    EventClass("E28", (e.flr,), "function level reset of another function than 0: sessions and streams", "none", "P63 §11.4.9"),
    EventClass("E29", (e.flr,), "function level reset of Function 0: every TDI on the port's streams", "ERROR", "P63 §6.33.8"),
    EventClass("E30", (e.stream_lost,), "IDE Fail message, link down, Enable cleared, failed MAC or counter", "ERROR", "P63 §6.33.8"),
    EventClass("E31", (e.key_prog, e.ide_query), "a new session asks for a stream of a dead one", "ERROR", "P63 §6.33.3"),
    EventClass(
        "E32", (e.root_port_write,), "Root Port: MSE, BME, BARs, bus numbers, windows, EA, Resizable BAR, FPB, Multicast, tags, IDE "
        "registers", "ERROR", "P63 Table 11-31, §11.5.8",
    ),
)  # fmt: skip
"""The events of P63 §11.2, §11.4 and §6.33, by the number under which the tests name them."""
