"""Properties proved for any number of instances, with lemmas that small topologies suggest."""

from .decide import Answer, InductionFailure, decide

__all__ = ["Answer", "InductionFailure", "decide"]
