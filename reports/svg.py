"""The few SVG shapes that hand-made charts need. Every text knows the box that it fills."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape as _escape

from . import style

# XML 1.0 knows no control characters, not even escaped, and neither surrogates nor the two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """``text`` without the characters that XML has no way to write."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def escape(text: str) -> str:
    """``text`` for the inside of an element or of an attribute."""
    return _escape(printable(text), quote=True)


def number(x: float) -> str:
    """A coordinate: to a tenth of a pixel, so that equal pictures are equal bytes."""
    return f"{x:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Box:
    """A rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Whether the insides of the two have a point in common."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Text:
    """A line of text that starts at ``x``, or has its middle there, on the baseline ``y``."""

    x: float
    y: float
    text: str
    size: float
    colour: str = style.INK
    mono: bool = True
    bold: int = 0
    """How many characters, from the first, are bold."""
    centred: bool = False

    @property
    def width(self) -> float:
        bold, plain = self.text[: self.bold], self.text[self.bold :]
        return style.text_width(bold, self.size, mono=self.mono, bold=True) + style.text_width(
            plain, self.size, mono=self.mono
        )

    @property
    def box(self) -> Box:
        """What the text fills at most: from the top of the capitals to the bottom of the descenders."""
        left = self.x - self.width / 2 if self.centred else self.x
        return Box(left, self.y - 0.8 * self.size, self.width, 1.05 * self.size)

    def svg(self) -> str:
        bold, plain = escape(self.text[: self.bold]), escape(self.text[self.bold :])
        content = f'<tspan font-weight="bold">{bold}</tspan>{plain}' if bold and plain else bold or plain
        weight = ' font-weight="bold"' if bold and not plain else ""
        family = style.MONO if self.mono else style.SANS
        anchor = ' text-anchor="middle"' if self.centred else ""
        return (
            f'<text x="{number(self.x)}" y="{number(self.y)}" font-family="{family}" font-size="{number(self.size)}"'
            f'{weight}{anchor} fill="{self.colour}" xml:space="preserve">{content}</text>'
        )


@dataclass
class Group:
    """Shapes with texts on top of them, and a tooltip for all. ``step``: the step that they show, for pages that move."""

    tooltip: str = ""
    step: int | None = None
    shapes: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def svg(self) -> str:
        title = [f"<title>{escape(self.tooltip)}</title>"] if self.tooltip else []
        start = "<g>" if self.step is None else f'<g data-step="{self.step}">'
        return "\n".join([start, *title, *self.shapes, *(t.svg() for t in self.texts), "</g>"])


def rect(box: Box, fill: str, *, stroke: str = "none", radius: float = 0) -> str:
    """A filled rectangle."""
    r = f' rx="{number(radius)}"' if radius else ""
    return (
        f'<rect x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}" height="{number(box.height)}"{r} '
        f'fill="{fill}" stroke="{stroke}"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1.0, dashes: str = "") -> str:
    """A straight line."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{colour}" '
        f'stroke-width="{number(width)}"{dashed}/>'
    )


def path(d: str, colour: str, *, width: float = 1.0, dashes: str = "") -> str:
    """A path that is not filled."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{number(width)}"{dashed}/>'


def arrowhead(x: float, y: float, towards: int, colour: str) -> str:
    """A filled arrowhead with its tip at (x, y), pointing right (+1) or left (-1)."""
    back = x - 8 * towards
    return (
        f'<polygon points="{number(x)},{number(y)} {number(back)},{number(y - 3.8)} {number(back)},{number(y + 3.8)}" '
        f'fill="{colour}"/>'
    )


def dot(x: float, y: float, colour: str, *, hollow: bool = False) -> str:
    """A small disc, or ring."""
    fill = style.PAPER if hollow else colour
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="2.8" fill="{fill}" stroke="{colour}" stroke-width="1.4"/>'


def document(
    width: float,
    height: float,
    title: str,
    description: str,
    groups: Iterable[Group],
    data: Mapping[str, float] | None = None,
) -> str:
    """A complete SVG file on white paper, with a title and a description for those who cannot see it.

    ``data`` goes with it for pages that move in it (``data-…`` attributes).
    """
    more = "".join(f' data-{k}="{number(v)}"' for k, v in (data or {}).items())
    w, h = number(width), number(height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img"{more}>',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            rect(Box(0, 0, width, height), style.PAPER),
            *(g.svg() for g in groups),
            "</svg>",
            "",
        ]
    )
