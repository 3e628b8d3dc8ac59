"""In which line of a TOML file each of its keys stands, which `tomllib` does not say.

Only for texts that `tomllib` has read: what is not checked here, it has checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""From the top: the keys, and the numbers of elements of arrays (of tables)."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.S)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\r\n]*")


def positions(text: str) -> Mapping[Path, int]:
    """The line (from 1) of each key, each table and each element of an array."""
    reader = _Reader(text)
    reader.document()
    return reader.lines


@dataclass
class _Reader:
    text: str
    at: int = 0
    lines: dict[Path, int] = field(default_factory=dict)
    arrays: dict[Path, int] = field(default_factory=dict)
    """How many tables an array of tables has so far."""

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def mark(self, path: Path) -> None:
        """All that leads there stands here, unless it has stood earlier."""
        line = self.text.count("\n", 0, self.at) + 1
        for n in range(1, len(path) + 1):
            self.lines.setdefault(path[:n], line)

    def document(self) -> None:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                start, self.at = self.at, self.at + 2
                named = self.inside(self.keys())
                number = self.arrays.get(named, -1) + 1
                self.arrays[named] = number
                end, self.at = self.at + 2, start
                table = (*named, number)
                self.mark(table)
                self.at = end
            elif self.text[self.at] == "[":
                start, self.at = self.at, self.at + 1
                table = self.inside(self.keys())
                end, self.at = self.at + 1, start
                self.mark(table)
                self.at = end
            else:
                self.pair(table)
            self.skip()

    def inside(self, keys: Path) -> Path:
        """The path of a table's header: of an array of tables, the last one is meant."""
        path: Path = ()
        for i, key in enumerate(keys):
            path = (*path, key)
            if path in self.arrays and i < len(keys) - 1:
                path = (*path, self.arrays[path])
        return path

    def keys(self) -> Path:
        """A key, dotted perhaps, with the blanks around it."""
        found: list[str] = []
        while True:
            self.skip()
            string = _STRING.match(self.text, self.at)
            if string is not None:
                found.append(tomllib.loads(f"key = {string[0]}")["key"])
                self.at = string.end()
            else:
                bare = _BARE.match(self.text, self.at)
                assert bare is not None
                found.append(bare[0])
                self.at = bare.end()
            self.skip()
            if self.text[self.at] != ".":
                return tuple(found)
            self.at += 1

    def pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self.keys())
        end, self.at = self.at + 1, start
        self.mark(path)
        self.at = end
        self.value(path)

    def value(self, path: Path) -> None:
        self.skip()
        opening = self.text[self.at]
        string = _STRING.match(self.text, self.at)
        if string is not None:
            self.at = string.end()
        elif opening in "[{":
            closing = "]" if opening == "[" else "}"
            self.at += 1
            number = 0
            self.skip()
            while self.text[self.at] != closing:
                if opening == "[":
                    self.mark((*path, number))
                    self.value((*path, number))
                    number += 1
                else:
                    self.pair(path)
                self.skip()
                if self.text[self.at] == ",":
                    self.at += 1
                    self.skip()
            self.at += 1
        else:
            scalar = _SCALAR.match(self.text, self.at)
            assert scalar is not None
            self.at = scalar.end()
