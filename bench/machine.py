"""What this machine allows: how many places of a large memory can be read in a second, in no order."""

from __future__ import annotations

import time

import numpy as np

_READS = 1 << 22


def random_reads(megabytes: int = 512, rounds: int = 5) -> float:
    """Reads a second, of 8 bytes each, at random places of so much memory, on one core. The best of some rounds.

    The reads do not wait for each other, as those of the explorer's hash table do not.
    """
    memory = np.zeros(megabytes << 17, np.uint64)
    memory[:] = 1
    generator = np.random.default_rng(1)
    places = generator.integers(0, memory.size, _READS, np.int64)
    out = np.empty(_READS, np.uint64)
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        np.take(memory, places, out=out, mode="clip")
        best = min(best, time.perf_counter() - start)
    return _READS / best
