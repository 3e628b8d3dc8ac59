"""Growth curves: what a run takes over the number of states, both logarithmic, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from math import ceil, floor, log10

from .contest import Measured

_COLOURS = ("#0b6e99", "#b3541e", "#5a7d2a", "#7a3b8f", "#444444", "#a08000")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 720, 440, 80, 40, 130, 60


def curves(measured: Sequence[Measured], of: Callable[[Measured], float | None], title: str, unit: str) -> str:
    """One line per tool, through one point per model."""
    points: dict[str, list[tuple[float, float]]] = {}
    for m in measured:
        value = of(m)
        if value is not None and value > 0:
            points.setdefault(m.tool, []).append((log10(m.states), log10(value)))
    every = [p for ps in points.values() for p in ps] or [(0.0, 0.0)]
    x0, x1 = _ends(x for x, _ in every)
    y0, y1 = _ends(y for _, y in every)

    def px(x: float) -> float:
        return _LEFT + (x - x0) / (x1 - x0) * (_WIDTH - _LEFT - _RIGHT)

    def py(y: float) -> float:
        return _HEIGHT - _BOTTOM - (y - y0) / (y1 - y0) * (_HEIGHT - _TOP - _BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for x in range(x0, x1 + 1):
        out.append(f'<line x1="{px(x):.1f}" x2="{px(x):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="#dddddd"/>')
        out.append(f'<text x="{px(x):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{_power(x)}</text>')
    for y in range(y0, y1 + 1):
        out.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{py(y):.1f}" y2="{py(y):.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{_LEFT - 8}" y="{py(y) + 4:.1f}" text-anchor="end">{_power(y)}</text>')
    out.append(f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 18}" text-anchor="middle">states</text>')
    out.append(f'<text x="14" y="{_TOP - 8}">{escape(unit)}</text>')
    for ps, colour in zip(points.values(), _COLOURS, strict=False):
        ps.sort()
        path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in ps)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in ps]
    # Names beside the last points, pushed apart where they would meet.
    at = float(_TOP)
    for tool, colour in sorted(zip(points, _COLOURS, strict=False), key=lambda t: -points[t[0]][-1][1]):
        at = max(at, py(points[tool][-1][1]) + 4)
        out.append(f'<text x="{_WIDTH - _RIGHT + 10}" y="{at:.1f}" fill="{colour}">{escape(tool)}</text>')
        at += 16
    return "\n".join([*out, "</svg>", ""])


def _ends(values: Iterable[float]) -> tuple[int, int]:
    """The powers of ten between which the logarithms lie."""
    numbers = list(values)
    low, high = floor(min(numbers)), ceil(max(numbers))
    return low, max(high, low + 1)


def _power(x: int) -> str:
    return f"{10**x:,}" if x >= 0 else str(10**x)
