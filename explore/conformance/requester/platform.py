"""The bench around a guest: a TSM and a device that keep the rules, and the host between them, which does as it is told.

A requester under test calls it; every call has an answer, whatever the guest asks. What the TSM says is true (it is sealed for the
guest, so that the host can keep it back, but not change it); what the host says or hands over is what the stimulus wants it to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from .calls import Answer, Call
from .evidence import RANGES, WANTED, Certificates, Measurements, Wanted, digest, report_bytes

LOCKED = ("CONFIG_LOCKED", "RUN")


TO_TSM = ("info", "enable_dma", "disable_dma", "validate", "invalidate")
"""Calls whose answers are the TSM's."""
TO_HOST = ("lock", "unlock", "run", "read")
CALLS = (*TO_TSM, *TO_HOST)

SPOILT = ("error", "silence")
"""What a host can make of any answer."""


@dataclass
class Lies:
    """What the host does with the calls of one request of the user's."""

    false_part: str = "none"
    """The part of the evidence that it replaces: chain, measurements, report."""
    form: str = ""
    """How: "cut" or "empty" where it does not even look like the thing; otherwise what hides best."""
    spoil: str = ""
    """The call that it spoils, and into what: ``run: error``. The TSM then hears nothing of it."""
    pretend: str = ""
    """The call that it answers with ok, without doing anything."""
    wrong: str = "none"
    """What is wrong with the TDI that it locks when asked to."""
    mapping: str = "right"
    """Which MMIO range it has mapped wrongly."""


class Platform:
    """The TDI and its device, the TSM's record of it, the gates, and what the host keeps."""

    def __init__(self, *, nonce_of: str = "verifier", epoch_bound: bool = False, wanted: Wanted = WANTED) -> None:
        self.wanted = wanted
        self.nonce_of_verifier = nonce_of == "verifier"
        self.epoch_bound = epoch_bound
        self.state = "CONFIG_UNLOCKED"
        self.wrong = "none"
        self.patched = False
        self.locks = 0
        self.dma = False
        self.validated: set[int] = set()
        self.kept: Measurements | None = None
        """The measurements of which the TSM has a digest."""
        self.kept_fresh = False
        self.report: bytes | None = None
        self.lies = Lies()
        self.calls: list[tuple[Call, Answer]] = []
        """Those of the request under way."""
        self.times_measured = 0

    # --- What is so -------------------------------------------------------------------------------------------------------

    @property
    def bound(self) -> bool:
        return self.state != "CONFIG_UNLOCKED"

    @property
    def mmio(self) -> str:
        """closed, part, open."""
        return "open" if len(self.validated) == len(RANGES) else "part" if self.validated else "closed"

    @property
    def epoch(self) -> str:
        """The TSM's mark of the lock."""
        return hashlib.sha256(f"lock {self.locks}".encode()).hexdigest()[:16]

    # --- What the host has happen -------------------------------------------------------------------------------------------

    def cause(self, event: str, wrong: str = "none") -> str:
        """An event of the host's; what the TSM or the device says to it."""
        match event:
            case "tdi_bind":
                if self.bound:
                    return "ALREADY_BOUND"
                self.state, self.wrong = "CONFIG_LOCKED", wrong
                self.locks += 1
                self.kept_fresh, self.report = False, None
            case "measure":
                self.kept, self.kept_fresh = self._measured(b""), self.state in LOCKED
            case "report":
                if not self.bound:
                    return "NOT_BOUND"
                if self.state not in LOCKED:
                    return "INVALID_INTERFACE_STATE"
                self.report = self._report()
            case "tdi_run":
                if not self.bound:
                    return "NOT_BOUND"
                if self.state != "CONFIG_LOCKED":
                    return "INVALID_INTERFACE_STATE"
                self.state = "RUN"
            case "tdi_unbind":
                if not self.bound:
                    return "NOT_BOUND"
                self.state, self.wrong, self.dma = "CONFIG_UNLOCKED", "none", False
                self.validated.clear()
            case "config_write":
                self.state = "ERROR"
            case "firmware_update":
                if self.state in LOCKED and self.wrong != "flags":
                    return "REFUSED"
                self.patched = True
        return "ok"

    # --- What the guest calls ------------------------------------------------------------------------------------------------

    def begin(self, lies: Lies) -> None:
        """A request of the user's is about to be made."""
        self.lies = lies
        self.calls = []

    def answer(self, call: Call) -> Answer:
        found = self._answer(call)
        self.calls.append((call, found))
        return found

    def _answer(self, call: Call) -> Answer:
        name, _, into = self.lies.spoil.partition(": ")
        if name == call.name and not (name == "read" and call.args.get("object") == "certificates"):
            return Answer(into)
        if self.lies.pretend == call.name:
            return Answer("ok", self._told_by_host(call.name))
        match call.name:
            case "info":
                return self._info()
            case "read":
                return self._read(call.args)
            case "lock":
                return self._of_host("lock", self.cause("tdi_bind", self.lies.wrong))
            case "run":
                return self._of_host("run", self.cause("tdi_run"))
            case "unlock":
                return self._of_host("unlock", self.cause("tdi_unbind"))
            case "enable_dma":
                return self._gate(call) or self._enable()
            case "disable_dma":
                self.dma = False
                return Answer("ok")
            case "validate":
                return self._gate(call) or self._validate(call.args)
            case "invalidate":
                self.validated.discard(_number(call.args.get("range", "")))
                return Answer("ok")
        return Answer("NO_SUCH_CALL")

    def _told_by_host(self, name: str) -> dict[str, str]:
        """A field that the host fills, as it likes: what the guest would like to read there."""
        return (
            {"state": {"lock": "CONFIG_LOCKED", "run": "RUN", "unlock": "CONFIG_UNLOCKED"}[name]} if name in TO_HOST else {}
        )

    def _of_host(self, name: str, status: str) -> Answer:
        return Answer(status, self._told_by_host(name))

    def _info(self) -> Answer:
        if not self.bound:
            return Answer("NOT_BOUND")
        fresh = "yes" if self.kept is not None and self.kept_fresh else "no"
        return Answer(
            "ok",
            {
                "state": self.state,
                "epoch": self.epoch,
                "certificates": digest(self._certificates().encode()),
                "measurements": digest(self.kept.encode()) if self.kept is not None else "-",
                "fresh": fresh,
                "report": digest(self.report) if self.report is not None else "-",
                "stream": str(self.wanted.stream + (self.wrong == "link")),
            },
        )

    def _read(self, args: Mapping[str, str]) -> Answer:
        what = args.get("object", "")
        false = {"certificates": "chain"}.get(what, what) == self.lies.false_part
        if false and self.lies.form == "empty":
            return Answer("ok", {"data": ""})
        match what:
            case "certificates":
                found: bytes | None = self._certificates().encode()
                if false:
                    found = Certificates(self.wanted.root, self.wanted.device, slot=1).encode()
            case "measurements":
                found = self._measurements(args.get("nonce", ""), false)
            case "report":
                found = self.report
                if false:
                    # An earlier one, of an honest lock: other places in the address space.
                    moved = tuple(type(r)(r.first_page + 0x1000, r.pages, r.attributes, r.range_id) for r in RANGES)
                    found = report_bytes(self.wanted.flags, self.wanted.configuration, moved)
            case _:
                return Answer("NO_SUCH_OBJECT")
        if found is None:
            return Answer("NOT_READY")
        if false and self.lies.form == "cut":
            found = found[:-1]
        return Answer("ok", {"data": found.hex()})

    def _certificates(self) -> Certificates:
        root = hashlib.sha384(b"root of nobody").digest() if self.wrong == "fake" else self.wanted.root
        return Certificates(root, b"another device.." if self.wrong == "identity" else self.wanted.device)

    def _measured(self, nonce: bytes) -> Measurements:
        self.times_measured += 1
        if not nonce:
            nonce = hashlib.sha256(f"nonce of the host {self.times_measured}".encode()).digest()
        value = hashlib.sha384(b"firmware 2").digest() if self.patched else self.wanted.measured
        return Measurements(nonce, value)

    def _measurements(self, nonce: str, false: bool) -> bytes | None:
        if false:
            # Kept from earlier, when all was well.
            return Measurements(hashlib.sha256(b"an earlier nonce").digest(), self.wanted.measured).encode()
        if not self.nonce_of_verifier:
            return self.kept.encode() if self.kept is not None else None
        if not self.bound:
            return None
        try:
            own = bytes.fromhex(nonce)
        except ValueError:
            own = b""
        return self._measured(own if len(own) == 32 else b"").encode()

    def _report(self) -> bytes:
        flags = 0 if self.wrong == "flags" else self.wanted.flags
        return report_bytes(flags, b"as the host likes" if self.wrong == "config" else self.wanted.configuration)

    # --- Gates ------------------------------------------------------------------------------------------------------------

    def _gate(self, call: Call) -> Answer | None:
        if not self.bound:
            return Answer("NOT_BOUND")
        if self.epoch_bound and call.args.get("epoch") != self.epoch:
            return Answer("STALE_EPOCH")
        return None

    def _enable(self) -> Answer:
        self.dma = True
        return Answer("ok")

    def _validate(self, args: Mapping[str, str]) -> Answer:
        n = _number(args.get("range", ""))
        if n not in range(len(RANGES)):
            return Answer("OUT_OF_RANGE")
        wrong = {"first_wrong": 0, "last_wrong": len(RANGES) - 1}.get(self.lies.mapping)
        if n == wrong:
            return Answer("NOT_REPORTED")
        self.validated.add(n)
        return Answer("ok")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
