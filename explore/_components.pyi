"""Strongly connected components, compiled (components.c)."""

from typing import Any

from numpy.typing import NDArray

def strong(first: NDArray[Any], target: NDArray[Any], component: NDArray[Any], /) -> int: ...
