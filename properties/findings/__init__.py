"""Where the computed answer is not the one that a source leads one to expect: the sources' side of it, as data."""

from . import central, ide, link, teardown
from .finding import Case, Finding, Refines, Section

SECTIONS: tuple[Section, ...] = tuple(s.SECTION for s in (central, teardown, ide, link))

__all__ = ["SECTIONS", "Case", "Finding", "Refines", "Section"]
