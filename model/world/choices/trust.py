"""The parties, and whether each keeps the rules that bind it."""

from __future__ import annotations

from .knob import party

HOST = party("host", "hostile", "the host VMM keeps to the flow, or does whatever it can reach")
DEVICE_PARTY = party("device", "honest", "the device keeps the rules of TDISP and IDE, or sends what it likes")
TSM = party("tsm", "honest", "the TSM makes the checks that bind it, or none")
GUEST = party("guest", "honest", "the TVM guest makes the checks that bind it, or none")
ROOT_COMPLEX = party("root_complex", "honest", "root complex and IOMMU enforce their gates, or let everything pass")

PARTIES = (HOST, DEVICE_PARTY, TSM, GUEST, ROOT_COMPLEX)
