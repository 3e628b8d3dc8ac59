"""The words that all parts of the world share: instances, enumerations, parties."""

from __future__ import annotations

from collections.abc import Mapping

from ..language import Index, IndexMap, enum, param
from .choices.trust import DEVICE_PARTY, GUEST, HOST, ROOT_COMPLEX, TSM

DEVICE = Index("device")
TDI = Index("tdi")
TVM = Index("tvm")

d = param("d", DEVICE)
t = param("t", TDI)
u = param("u", TDI)
v = param("v", TVM)
w = param("w", TVM)


def _device_of(tdi: int, sizes: Mapping[str, int]) -> int:
    return tdi * sizes["device"] // sizes["tdi"]


device_of = IndexMap("device_of", TDI, DEVICE, _device_of)
"""The device that hosts a TDI: the TDIs are dealt out evenly, in order."""


def _function0_of(tdi: int, sizes: Mapping[str, int]) -> int:
    per_device = sizes["tdi"] // sizes["device"]
    return tdi - tdi % per_device


def _pf_of(tdi: int, sizes: Mapping[str, int]) -> int:
    return tdi - (tdi - _function0_of(tdi, sizes)) % 2


function0_of = IndexMap("function0_of", TDI, TDI, _function0_of)
"""The first TDI of the same device, which is that of Function 0: it carries DOE and the IDE capability."""

pf_of = IndexMap("pf_of", TDI, TDI, _pf_of)
"""The physical function of a TDI: of each device's TDIs, every second is a virtual function of the one before it."""

STATE = enum("TdiState", "CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR")
"""P63 §11.2, §11.3.13."""

EPOCH = enum("Epoch", "none", "current", "stale")
"""To which lock epoch of a TDI something belongs: to the one that the last LOCK began, or to an earlier one.

Epochs are unbounded in the world; only "the current one or not" ever matters, and every LOCK makes what was
current stale.
"""

HOLDER = enum("SessionHolder", "none", "tsm", "host")
"""Who is the requester of an SPDM session."""

LOCKED_STATES = ("CONFIG_LOCKED", "RUN")
"""P63 §11.2: a TDI counts as locked in these."""

__all__ = [
    "DEVICE", "DEVICE_PARTY", "EPOCH", "GUEST", "HOLDER", "HOST", "LOCKED_STATES", "ROOT_COMPLEX", "STATE", "TDI", "TSM", "TVM",
    "d", "device_of", "function0_of", "pf_of", "t", "u", "v", "w",
]  # fmt: skip
