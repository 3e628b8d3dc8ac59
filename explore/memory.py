"""How much memory this process occupies."""

from __future__ import annotations

import sys
from pathlib import Path

from ..model.language import ModelError


def resident_memory() -> int:
    """The bytes of memory that this process occupies (the most it ever did, where the system tells only that).

    Raises `ModelError` on systems that tell neither.
    """
    try:
        import resource
    except ImportError:
        raise ModelError("a memory limit cannot be kept on this system; leave --memory out") from None
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
