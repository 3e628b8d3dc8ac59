"""Searches that did not come to their end, kept in files, so that they can be gone on with.

A file is named after what is searched: the system, the obligations and the use of symmetry, word for word. So a search is
never gone on with for another system, nor after a change of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...model.language import ModelError, System
from ...properties.compile import Obligation

_FORMAT = 1


class Kept(NamedTuple):
    """What a search had found: the kernel's numbers, the first state of each level, and how many states were expanded."""

    states: NDArray[Any]
    parents: NDArray[Any]
    counts: NDArray[Any]
    fired: NDArray[Any]
    bad_states: NDArray[Any]
    bad_steps: NDArray[Any]
    bad_actions: NDArray[Any]
    levels: NDArray[Any]
    expanded: NDArray[Any]


def identity(system: System, obligations: Sequence[Obligation], symmetry: int) -> str:
    """What is searched, as a hash."""
    import hashlib  # here, like `zipfile` below, since hardly a search is kept

    text = hashlib.sha256(f"{_FORMAT} {symmetry}\n{system}\n".encode())
    for o in obligations:
        text.update(f"{o} {o.reach} {o.state}\n".encode())
        text.update("".join(f"{i} {t}\n" for i, t in sorted(o.steps.items())).encode())
    return text.hexdigest()


def _path(folder: Path, what: str) -> Path:
    return folder / f"{what[:32]}.search.npz"


def keep(folder: Path, what: str, found: Kept) -> None:
    """Write what was found; an older file of the same search is replaced only when the new one is complete."""
    path = _path(folder, what)
    partial = path.with_suffix(".part")
    with partial.open("wb") as f:
        np.savez(f, what=np.array(what), **found._asdict())
    partial.replace(path)


def find(folder: Path, what: str) -> Kept | None:
    """What an earlier search of the same had found. Raises `ModelError` for a file that cannot be read."""
    import zipfile

    path = _path(folder, what)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["what"]) == what:
                return Kept(*(file[name] for name in Kept._fields))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        raise ModelError(f"checkpoint {path}: cannot be read ({e}); remove the file to begin anew") from None
    return None


def forget(folder: Path, what: str) -> None:
    """Remove the file of a search that has come to its end."""
    _path(folder, what).unlink(missing_ok=True)
