"""Messages as data: a protocol is a table of layouts, a layout a list of fields.

Reserved fields are kept as they came, so that what is decoded encodes to the same bytes again, whoever sent it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from ....model.language import ModelError, nearest

Content: TypeAlias = int | bytes

_REMEMBERED = 4096
"""So many messages made and read last are not made and read again: most of what is said is said often."""


@dataclass(frozen=True)
class Malformed:
    """Bytes that are no message: why, and what they are."""

    reason: str
    data: bytes
    kind: str = ""
    """The kind of message that they claim to be, if they claim one."""

    def __str__(self) -> str:
        return f"{self.kind or 'bytes'} {self.data.hex() or '(none)'}: {self.reason}"


@dataclass(frozen=True)
class Field:
    """A field of a layout.

    ``width`` bytes hold an integer (``words``: 32-bit words, the most significant first, each little-endian) or, with
    ``raw``, bytes. ``counted`` names an earlier field that says how many bytes there are; with neither, all that is left.
    """

    name: str
    width: int | None = None
    raw: bool = False
    words: bool = False
    counted: str = ""
    unit: int = 1
    """Of what size the bytes are that an open field consists of."""

    @cached_property
    def is_int(self) -> bool:
        return self.width is not None and not self.raw


def number(name: str, width: int) -> Field:
    """A little-endian integer."""
    return Field(name, width)


def words(name: str, count: int) -> Field:
    """An integer in 32-bit words, the most significant word first."""
    return Field(name, 4 * count, words=True)


def raw(name: str, width: int) -> Field:
    """So many bytes."""
    return Field(name, width, raw=True)


def counted(name: str, count: str) -> Field:
    """As many bytes as an earlier field says."""
    return Field(name, raw=True, counted=count)


def rest(name: str, unit: int = 1) -> Field:
    """All bytes that are left, in whole units."""
    return Field(name, raw=True, unit=unit)


@dataclass(frozen=True)
class Layout:
    """One kind of message of a protocol, told from the others by a code."""

    kind: str
    code: int
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Message:
    """A message: its kind, and the value of every field of the layout, in order."""

    protocol: Protocol
    kind: str
    values: tuple[Content, ...]

    def __getitem__(self, name: str) -> Content:
        return self.values[self.protocol.position(self.kind, name)]

    def number(self, name: str) -> int:
        """The value of a numeric field."""
        value = self[name]
        assert isinstance(value, int)
        return value

    def data(self, name: str) -> bytes:
        """The value of a field of bytes."""
        value = self[name]
        assert isinstance(value, bytes)
        return value

    @property
    def layout(self) -> Layout:
        return self.protocol.layout(self.kind)

    def encode(self) -> bytes:
        """The bytes of the message."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        return b"".join([_encode(f, v) for f, v in zip(self.layout.fields, self.values, strict=True)])

    def but(self, **fields: Content) -> Message:
        """The message with other values of some fields."""
        return self.protocol.message(
            self.kind, **{f.name: v for f, v in zip(self.layout.fields, self.values, strict=True)} | fields
        )

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        shown = [
            f"{f.name}={_shown(v)}"
            for f, v in zip(self.layout.fields, self.values, strict=True)
            if v and not f.name.startswith("reserved") and f.name != "code" and (f.name, v) != ("version", 0x10)
        ]
        return f"{self.kind}({', '.join(shown)})"

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, eq=False)
class Protocol:
    """A table of layouts. The code that tells them apart is the byte at ``code_at``, a field named ``code``."""

    name: str
    code_at: int
    layouts: tuple[Layout, ...]

    @cached_property
    def _by_kind(self) -> Mapping[str, Layout]:
        return {x.kind: x for x in self.layouts}

    @cached_property
    def _by_code(self) -> Mapping[int, Layout]:
        return {x.code: x for x in self.layouts}

    @cached_property
    def _positions(self) -> Mapping[tuple[str, str], int]:
        return {(x.kind, f.name): i for x in self.layouts for i, f in enumerate(x.fields)}

    def __str__(self) -> str:
        return self.name

    def layout(self, kind: str) -> Layout:
        if kind not in self._by_kind:
            raise ModelError(f"{self.name} has no message {kind!r}{nearest(kind, self._by_kind)}")
        return self._by_kind[kind]

    def position(self, kind: str, name: str) -> int:
        at = self._positions.get((kind, name))
        if at is None:
            raise ModelError(f"{kind} has no field {name!r}{nearest(name, [f.name for f in self.layout(kind).fields])}")
        return at

    def kinds(self) -> Iterable[str]:
        return self._by_kind

    def message(self, kind: str, **fields: Content) -> Message:
        """A message; fields that are left out are zero or empty, counts are counted.

        Raises `ModelError` for an unknown field, a number that does not fit, or bytes of another length.
        """
        return _made(self, kind, tuple(fields.items()))

    def _message(self, kind: str, fields: Mapping[str, Content]) -> Message:
        layout = self.layout(kind)
        for name in fields:
            self.position(kind, name)
        count = {f.counted: len(_bytes(fields.get(f.name, b""))) for f in layout.fields if f.counted}
        values: list[Content] = []
        for f in layout.fields:
            default: Content = layout.code if f.name == "code" else 0 if f.is_int else bytes(f.width or 0)
            value = fields.get(f.name, count.get(f.name, default))
            if isinstance(value, int) != f.is_int:
                raise ModelError(f"{kind}.{f.name} is {'a number' if f.is_int else 'bytes'}, not {value!r}")
            if isinstance(value, int) and f.width is not None and not 0 <= value < 1 << 8 * f.width:
                raise ModelError(f"{kind}.{f.name}={value} does not fit into {f.width} byte(s)")
            if isinstance(value, bytes) and f.width is not None and len(value) != f.width:
                raise ModelError(f"{kind}.{f.name} has {len(value)} byte(s): it has {f.width}")
            values.append(value)
        found = Message(self, kind, tuple(values))
        if found.values[self.position(kind, "code")] != layout.code:
            raise ModelError(f"{kind} has the code {layout.code:#04x}, and no other")
        for f in layout.fields:
            if f.counted and found.number(f.counted) != len(found.data(f.name)):
                raise ModelError(
                    f"{kind}.{f.counted} says {found.number(f.counted)}, but {f.name} has {len(found.data(f.name))} byte(s)"
                )
            if f.width is None and len(found.data(f.name)) % f.unit:
                raise ModelError(f"{kind}.{f.name} has {len(found.data(f.name))} byte(s): give a multiple of {f.unit}")
        return found

    def decode(self, data: bytes) -> Message | Malformed:
        """What the bytes are. Never raises."""
        return _read(self, bytes(data))

    def _decoded(self, data: bytes) -> Message | Malformed:
        if len(data) <= self.code_at:
            return Malformed(f"too short to be of {self.name}: {len(data)} byte(s)", data)
        layout = self._by_code.get(data[self.code_at])
        if layout is None:
            return Malformed(f"{self.name} has no message with code {data[self.code_at]:#04x}", data)
        values: dict[str, Content] = {}
        at = 0
        for f in layout.fields:
            if f.counted:
                width = values[f.counted]
                assert isinstance(width, int)
            else:
                width = len(data) - at if f.width is None else f.width
            part = data[at : at + width]
            if len(part) < width:
                return Malformed(
                    f"{f.name} needs {width} byte(s) from offset {at}, there are {len(part)}", data, layout.kind
                )
            if f.width is None and width % f.unit:
                return Malformed(f"{f.name} has {width} byte(s), no multiple of {f.unit}", data, layout.kind)
            values[f.name] = _decode(f, part)
            at += width
        if at < len(data):
            return Malformed(f"{len(data) - at} byte(s) too many", data, layout.kind)
        return Message(self, layout.kind, tuple(values.values()))


@lru_cache(maxsize=_REMEMBERED)
def _made(protocol: Protocol, kind: str, fields: tuple[tuple[str, Content], ...]) -> Message:
    return protocol._message(kind, dict(fields))


@lru_cache(maxsize=_REMEMBERED)
def _read(protocol: Protocol, data: bytes) -> Message | Malformed:
    return protocol._decoded(data)


def _shown(value: Content) -> str:
    """A field for people: long ones are cut."""
    if isinstance(value, int):
        return str(value) if value < 1 << 16 else f"{value:#x}" if value < 1 << 64 else f"{value:x}"[:8] + "…"
    text = value.hex() or "-"
    return text if len(text) <= 24 else f"{text[:16]}… ({len(value)} bytes)"


def _bytes(value: Content) -> bytes:
    return value if isinstance(value, bytes) else b""


def _encode(f: Field, value: Content) -> bytes:
    if isinstance(value, bytes):
        return value
    assert f.width is not None
    if f.words:
        big = value.to_bytes(f.width, "big")
        return b"".join(big[i : i + 4][::-1] for i in range(0, f.width, 4))
    return value.to_bytes(f.width, "little")


def _decode(f: Field, part: bytes) -> Content:
    if not f.is_int:
        return part
    if f.words:
        return int.from_bytes(b"".join(part[i : i + 4][::-1] for i in range(0, len(part), 4)), "big")
    return int.from_bytes(part, "little")
