"""The compiled kernel (kernel.c)."""

from typing import Any

from numpy.typing import NDArray

class Search:
    """Breadth-first exploration over packed states; the arguments are those of `tables.Tables`."""

    def __new__(
        cls, words: int, actions: int, columns: int, obligations: int, pext: bool, /, *arrays: NDArray[Any]
    ) -> Search: ...
    @property
    def count(self) -> int: ...
    @property
    def pext(self) -> bool: ...
    def add(self, states: NDArray[Any], /) -> None: ...
    def restore(
        self,
        states: NDArray[Any],
        parents: NDArray[Any],
        counts: NDArray[Any],
        fired: NDArray[Any],
        bad_states: NDArray[Any],
        bad_steps: NDArray[Any],
        bad_actions: NDArray[Any],
        /,
    ) -> None: ...
    def expand(self, begin: int, end: int, threads: int, seconds: float, judge_only: bool, /) -> int: ...
    def copy(self, states: NDArray[Any] | None, parents: NDArray[Any] | None, /) -> None: ...
    def state(self, number: int, /) -> tuple[tuple[int, ...], int]: ...
    def found(self) -> tuple[int, int, int, bytes, bytes, bytes, bytes, tuple[int, int] | None, int]: ...
