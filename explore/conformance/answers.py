"""What the answers of a TDISP responder say beside their kind: of its state, and of what no rule of the model speaks of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...model.language import FALSE, TRUE, Term, iff, implies, neg
from .alphabet import RECOMMENDED, REQUIRED, Note
from .wire import STATES, Malformed, Message, Report, decode_report
from .wire.report import MSIX_PBA, MSIX_TABLE, NO_FW_UPDATE
from .wire.tdisp import VERSION


@dataclass
class Memory:
    """What a requester remembers of a run."""

    nonce: bytes = hashlib.sha256(b"no lock yet").digest()
    nonces: list[bytes] = field(default_factory=list)
    offset: int = 0
    """MMIO_REPORTING_OFFSET of the last lock that was granted."""
    asked_offset: int = 0
    first: bytes | None = None
    """The first part of the report of this lock epoch."""
    total: int | None = None
    pages: tuple[int, ...] | None = None
    """Where the ranges lie without the reporting offset, as the first whole report said."""
    p2p: int = 0
    keys: int = 0
    programmed: int = 0
    """The key set that was programmed last, and the one that was taken into use last."""
    used: int = 0


class Answers:
    """Reads answers. ``term``: the variables of the responder's model, by name."""

    def __init__(self, term: Mapping[str, Term]) -> None:
        self.term = term

    def header(self, asked: Message, data: bytes, reply: Message, notes: list[Note]) -> None:
        """What the header of an answer to the bytes ``data`` has to be, whatever the answer."""
        if data[0] == VERSION and reply.number("version") != VERSION:
            notes.append(
                Note(
                    REQUIRED, "P63 §11.3.3", f"version {reply.number('version'):#04x} in an answer to version {VERSION:#04x}"
                )
            )
        if reply.number("function_id") & 0x1FF_FFFF != asked.number("function_id") & 0x1FF_FFFF:
            notes.append(
                Note(
                    REQUIRED,
                    "P63 §11.3.2",
                    f"the answer is for interface {reply.number('function_id'):#x}, the request was for {asked.number('function_id'):#x}",
                )
            )
        if reply.number("reserved") or (reply.number("reserved_id") and reply["reserved_id"] != asked["reserved_id"]):
            notes.append(Note(RECOMMENDED, "P63 §11.3.3", "reserved bits that are not zero"))

    def content(self, event: str, asked: Message, reply: Message, memory: Memory, notes: list[Note]) -> Iterator[Term]:
        """What is so in the responder's state, as a granted request for the ``event`` says; the memory keeps what it needs later."""
        match event:
            case "get_tdisp_version":
                if VERSION not in reply.data("versions"):
                    notes.append(
                        Note(
                            REQUIRED,
                            "P63 §11.3.5",
                            f"versions {reply.data('versions').hex() or '(none)'}: 1.0 is not among them",
                        )
                    )
            case "get_tdisp_capabilities":
                requests = reply.data("requests")
                if requests[0] & 0xFE != 0xFE:
                    notes.append(
                        Note(REQUIRED, "P63 §11.3.7", f"required requests are missing: {requests[0]:#04x}, not 0xfe")
                    )
                if not reply.number("num_req_this") or not reply.number("num_req_all"):
                    notes.append(
                        Note(
                            RECOMMENDED,
                            "P63 §11.3.7, §11.2.3",
                            "NUM_REQ_THIS or NUM_REQ_ALL is 0: no request may be outstanding",
                        )
                    )
                optional = requests[1] & 0x07
                supports = self.term.get("optional_requests")
                if supports is not None and optional in (0, 7):
                    yield supports if optional else neg(supports)
            case "lock_interface":
                nonce = reply.data("nonce")
                if nonce in memory.nonces:
                    notes.append(Note(RECOMMENDED, "P63 §11.3.9", "the nonce of an earlier lock again"))
                memory.nonces.append(nonce)
                memory.nonce = nonce
                memory.offset = memory.asked_offset
                memory.first = memory.total = None
                memory.p2p = 0
            case "get_state":
                state = reply.number("state")
                if state >= len(STATES):
                    notes.append(Note(REQUIRED, "P63 §11.3.13", f"state {state}, which is reserved"))
                else:
                    yield self.term["tdi0.state"] == STATES[state]
            case "get_report":
                yield from self._report(asked, reply, memory, notes)
            case "bind_p2p_stream":
                memory.p2p = asked.number("stream_id")
            case "unbind_p2p_stream":
                memory.p2p = 0

    def _report(self, asked: Message, reply: Message, memory: Memory, notes: list[Note]) -> Iterator[Term]:
        offset, part, left = asked.number("offset"), reply.data("report"), reply.number("remainder")
        if len(part) > asked.number("length"):
            notes.append(
                Note(REQUIRED, "P63 §11.3.11", f"a portion of {len(part)} bytes, {asked.number('length')} were asked for")
            )
        total = offset + len(part) + left
        if memory.total is not None and memory.total != total:
            notes.append(
                Note(
                    REQUIRED,
                    "P63 §11.3.11",
                    f"portion and remainder come to {total} bytes, earlier they came to {memory.total}",
                )
            )
        memory.total = total
        if offset == 0:
            memory.first = part
        whole = (memory.first or b"") + (part if offset else b"")
        if len(whole) >= 6 and memory.first is not None:
            info, msix = int.from_bytes(whole[0:2], "little"), int.from_bytes(whole[4:6], "little")
            yield iff(self.term["tdi0.no_fw_update"], TRUE if info & NO_FW_UPDATE else FALSE)
            if msix:
                yield self.term["tdi0.msix_locked"]
        if left or memory.first is None or len(whole) != total:
            return
        report = decode_report(whole)
        if isinstance(report, Malformed):
            notes.append(Note(REQUIRED, "P63 Table 11-15", f"the report is malformed: {report.reason}"))
            return
        yield from self._ranges(report, memory, notes)

    def _ranges(self, report: Report, memory: Memory, notes: list[Note]) -> Iterator[Term]:
        if any(x.attributes & (MSIX_TABLE | MSIX_PBA) for x in report.ranges):
            yield self.term["tdi0.msix_locked"]
        if report.tph_control:
            yield implies(neg(self.term["tdi0.msix_locked"]), FALSE)
        numbers = [x.range_id for x in report.ranges]
        if numbers != sorted(numbers) or any(n > 7 for n in numbers):
            notes.append(Note(REQUIRED, "P63 Table 11-15", f"ranges {numbers}: not in order of the BARs"))
        base = tuple((x.first_page - (memory.offset >> 12)) % (1 << 52) for x in report.ranges)
        if memory.pages is not None and base != memory.pages:
            notes.append(
                Note(
                    REQUIRED, "P63 §11.3.8", "the addresses are not those of the earlier lock moved by MMIO_REPORTING_OFFSET"
                )
            )
        memory.pages = memory.pages or base
