"""The world of confidential device assignment: its parts, composed into models, one for each aspect.

Each part is a machine with its rules as data. Every rule names the event, the party it binds and its
source: ``P63`` is the PCIe Base Specification Rev 6.3 (chapter 11 TDISP, section 6.33 IDE), ``COV`` the
CoVE-IO specification of RISC-V, ``AMD`` the public SEV-TIO host and guest drivers, ``M1`` … ``M20`` the
messages of the list thread "TDISP enablement" (2023); ``[D]`` marks a deduction of ours.
"""

from .aspects import ASPECTS, Aspect, aspect
from .choices import KNOBS, Knob

__all__ = ["ASPECTS", "KNOBS", "Aspect", "Knob", "aspect"]
