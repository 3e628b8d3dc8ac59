"""Systems and their properties written for other checkers (see `docs/exports.md`).

Each target is a module that turns a `Job` into an `Export`. The law for all of them: the same reachable states, the same verdicts and
the same shortest depths as with our own engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .aiger import aiger
from .btor2 import btor2
from .job import Check, Export, Job, job
from .murphi import murphi
from .promela import promela
from .smv import smv
from .tla import tla

TARGETS: Mapping[str, Callable[[Job], Export]] = {
    "promela": promela,
    "murphi": murphi,
    "smv": smv,
    "tla": tla,
    "aiger": aiger,
    "btor2": btor2,
}

__all__ = ["TARGETS", "Check", "Export", "Job", "aiger", "btor2", "job", "murphi", "promela", "smv", "tla"]
