"""A guest driver as Linux has it: the operations of the PCI/TSM core of a TVM over a TSM, with every check that the model asks of a guest.

Each operation is what the user (or user space, or the driver core) asks for; it returns "ok" or "refused". The names are those of the
kernel's documents where these have one: ``lock``, ``accept``, ``run``, ``enable_dma``, ``unlock``; ``attest`` is the reading and appraising of
evidence, which the kernel leaves to user space. Usable as a test double of a guest: give it a ``call`` of your own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .calls import Answer, Call
from .evidence import Wanted, decode_certificates, decode_interface_report, decode_measurements, digest

Caller = Callable[[Call], Answer]
LOCKED = ("CONFIG_LOCKED", "RUN")


@dataclass(frozen=True)
class Info:
    """What the TSM says of the TDI."""

    state: str
    epoch: str
    certificates: str
    measurements: str
    fresh: bool
    report: str
    stream: int


class GuestDriver:
    """The driver of one TDI, as it is after the guest has booted."""

    controls = (
        "lock", "attest", "accept", "run", "enable_dma", "map_mmio", "probe", "probe_shared", "remove", "release_secret", "unlock",
    )  # fmt: skip

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self.wanted = Wanted.of_words(wanted)
        self.own_nonce = wanted["nonce"] == "guest"
        """Whether measurements are signed with a nonce of the guest's; otherwise the TSM's word says that they are fresh."""
        self.driver = "none"
        self.nonces = 0
        self._forget()

    def _forget(self) -> None:
        """Nothing is known of the TDI."""
        self.epoch = ""
        """The TSM's mark of the lock that the evidence is of."""
        self.ranges = 0
        """How many MMIO ranges the report has."""
        self.approved = self.accepted = self.dma = self.mmio = False

    def do(self, name: str, call: Caller) -> str:
        """A request of the user's. Raises `AttributeError` for one that there is not."""
        self.call = call
        return "ok" if getattr(self, name)() else "refused"

    # --- Evidence ---------------------------------------------------------------------------------------------------------

    def lock(self) -> bool:
        """Have the TDI locked. What was known is of an earlier lock."""
        if self.accepted or self.driver != "none":
            return False
        self._forget()
        return self.call(Call("lock")).status == "ok"

    def attest(self) -> bool:
        """Read evidence, and appraise it."""
        if self.accepted:
            return False
        self._forget()
        certificates, report = self.read("certificates"), self.read("report")
        nonce = self.new_nonce()
        measurements = self.read("measurements", nonce.hex())
        info = self.info()
        if info is None or certificates is None or report is None or measurements is None:
            return False
        self.epoch = info.epoch
        self.approved = (
            self.is_locked(info)
            and self.chain_is_good(certificates, info)
            and self.report_is_good(report, info)
            and self.measurements_are_good(measurements, nonce, info)
            and self.link_is_good(info)
        )
        return self.approved

    def info(self) -> Info | None:
        """Ask the TSM; None when there is no answer of it."""
        a = self.call(Call("info"))
        if a.status != "ok":
            return None
        v = a.values
        return Info(
            v["state"], v["epoch"], v["certificates"], v["measurements"], v["fresh"] == "yes", v["report"], int(v["stream"])
        )

    def read(self, what: str, nonce: str = "") -> bytes | None:
        """A part of the evidence, from the host; None when there is none."""
        a = self.call(Call("read", {"object": what, **({"nonce": nonce} if nonce else {})}))
        return bytes.fromhex(a.values["data"]) if a.status == "ok" else None

    def new_nonce(self) -> bytes:
        self.nonces += 1
        return hashlib.sha256(f"nonce of the guest {self.nonces}".encode()).digest()

    def is_locked(self, info: Info) -> bool:
        return info.state in LOCKED

    def chain_is_good(self, data: bytes, info: Info) -> bool:
        found = decode_certificates(data)
        return (
            found is not None
            and digest(data) == info.certificates
            and found.root == self.wanted.root
            and found.device == self.wanted.device
        )

    def report_is_good(self, data: bytes, info: Info) -> bool:
        found = decode_interface_report(data)
        if found is None or digest(data) != info.report:
            return False
        self.ranges = len(found.ranges)
        return found.info & self.wanted.flags == self.wanted.flags and found.device_info == self.wanted.configuration

    def measurements_are_good(self, data: bytes, nonce: bytes, info: Info) -> bool:
        found = decode_measurements(data)
        return found is not None and self.is_recent(data, nonce, info) and found.value == self.wanted.measured

    def is_recent(self, data: bytes, nonce: bytes, info: Info) -> bool:
        """Taken in this lock: the device signed the nonce, or the TSM has a digest of them and says so."""
        found = decode_measurements(data)
        if self.own_nonce:
            return found is not None and found.nonce == nonce
        return info.fresh and digest(data) == info.measurements

    def link_is_good(self, info: Info) -> bool:
        return info.stream == self.wanted.stream

    # --- Acceptance -------------------------------------------------------------------------------------------------------

    def accept(self) -> bool:
        """Accept the TDI on the strength of the evidence, which must be of the lock that is now."""
        if self.accepted or not self.approved or self.driver != "none":
            return False
        info = self.info()
        if info is None or not self.is_locked(info) or info.epoch != self.epoch:
            return False
        self.accepted = True
        return True

    def run(self) -> bool:
        """Have the host have the TDI started."""
        return self.accepted and self.call(Call("run")).status == "ok"

    def enable_dma(self) -> bool:
        """Have the TSM open the DMA gate."""
        if not self.accepted or self.dma or self.driver == "private":
            return False
        self.dma = self.call(Call("enable_dma", {"epoch": self.epoch})).status == "ok"
        return self.dma

    def map_mmio(self) -> bool:
        """Have the TSM validate every MMIO range; when one is refused, nothing stays open."""
        if not self.accepted or self.mmio or self.driver == "private":
            return False
        for n in range(self.ranges):
            if self.call(Call("validate", {"range": str(n), "epoch": self.epoch})).status != "ok":
                self.close_gates()
                self._forget()
                return False
        self.mmio = True
        return True

    def close_gates(self) -> None:
        self.call(Call("disable_dma"))
        for n in range(self.ranges):
            self.call(Call("invalidate", {"range": str(n)}))
        self.dma = self.mmio = False

    def unlock(self) -> bool:
        """Take the acceptance back, and have the TDI unlocked."""
        if self.driver == "private":
            return False
        if self.accepted:
            self.close_gates()
        done = self.call(Call("unlock")).status in ("ok", "NOT_BOUND")
        self._forget()
        return done

    # --- Drivers and secrets --------------------------------------------------------------------------------------------------

    def probe(self) -> bool:
        """Bind a driver that uses private memory."""
        if self.driver != "none" or not (self.accepted and self.dma and self.mmio):
            return False
        info = self.info()
        if info is None or info.state != "RUN" or info.epoch != self.epoch:
            return False
        self.driver = "private"
        return True

    def probe_shared(self) -> bool:
        """Bind a driver that bounces through shared memory, for a device that is not trusted."""
        if self.driver != "none" or self.accepted:
            return False
        self.driver = "shared"
        return True

    def remove(self) -> bool:
        """Unbind the driver."""
        done, self.driver = self.driver != "none", "none"
        return done

    def release_secret(self) -> bool:
        """Fetch a secret, which the device may reach."""
        return self.driver == "private" and self.approved
