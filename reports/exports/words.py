"""Values as bit vectors, for targets that know nothing else.

A truth value is one bit; a value of an enumeration is its position; a whole number is in two's complement. A number is worked with
in as many bits as the widest of the numbers in the same comparison or update, so nothing overflows.
"""

from __future__ import annotations

from ...model.language import Bool, Enum, Int, Sort, Term, Value
from ...model.language.terms import subterms


def width(sort: Sort) -> int:
    """The bits of a value of a ground sort."""
    if isinstance(sort, Bool):
        return 1
    if isinstance(sort, Int):
        return 1 + max(
            (-sort.lo - 1 if sort.lo < 0 else sort.lo).bit_length(), (sort.hi if sort.hi >= 0 else -sort.hi - 1).bit_length()
        )
    assert isinstance(sort, Enum)
    return max((len(sort.values) - 1).bit_length(), 1)


def code(value: Value, sort: Sort) -> int:
    """A value as an unsigned number of `width` bits."""
    if isinstance(sort, Enum):
        return sort.values.index(str(value))
    return int(value) % (1 << width(sort))


def widest(*terms: Term) -> int:
    """The bits in which all numbers of the terms can be worked with."""
    # Below a comparison or a condition other numbers begin, which do not meet these; to count them does no harm.
    return max(width(x.sort) for t in terms for x in subterms(t) if isinstance(x.sort, Int))
