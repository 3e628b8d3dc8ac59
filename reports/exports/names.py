"""Names that a target allows, one for each of ours, and no two alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable

_PLAIN = {
    "→": "->", "↔": "<->", "≠": "/=", "≤": "<=", "≥": ">=", "∈": "in", "∉": "not in", "–": "-", "—": "-", "…": "...",
    "×": "x", "§": "section ", "“": '"', "”": '"', "’": "'", "‘": "'", "¬": "not ", "∧": "and", "∨": "or",
}  # fmt: skip


def ascii_only(text: str) -> str:
    """The text in ASCII, on one line: not every tool reads anything else, not even in comments."""
    plain = "".join(_PLAIN.get(c, c) for c in text)
    decomposed = unicodedata.normalize("NFKD", plain)
    kept = "".join(c if " " <= c <= "~" else " " if c.isspace() else "?" for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"  +", " ", kept).strip()


class Names:
    """Hands out identifiers. What was asked for first keeps its name; who comes later with the same gets a number.

    Identifiers are letters, digits and underscores, begin with a letter, and differ in more than upper and lower case, since
    some tools compare them without; so no two of ours can become one. ``reserved``: words that are none, with blanks between them.
    """

    def __init__(self, reserved: str = "") -> None:
        self._taken = {word.casefold() for word in reserved.split()}
        self._given: dict[Hashable, str] = {}

    def give(self, key: Hashable, wanted: str) -> str:
        """The identifier of ``key``, which is made from ``wanted`` when it is asked for first."""
        known = self._given.get(key)
        if known is not None:
            return known
        stem = re.sub(r"\W+", "_", ascii_only(wanted), flags=re.ASCII).strip("_")
        if not stem or not stem[0].isalpha():
            stem = f"x_{stem}".rstrip("_")
        name, number = stem, 2
        while name.casefold() in self._taken:
            name, number = f"{stem}_{number}", number + 1
        self._taken.add(name.casefold())
        self._given[key] = name
        return name

    def __getitem__(self, key: Hashable) -> str:
        return self._given[key]
