"""All settings of rigid variables at once: in which of them does an obligation fail?

A rigid variable never changes, so a reachable state says in which setting it is reached. The reachable states of all settings
are found as one Boolean function; those in which an obligation fails (or from which a step breaks it), projected on the
rigid variables, are the settings in which it fails. Where not all states were found, these are some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.language import System, Value
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits
from ..layout import code_of, size
from ..slice import Cones, batches, sliced
from .encoding import Encoding
from .manager import Function, Manager
from .search import Search


@dataclass(frozen=True, eq=False)
class Broken:
    """The settings in which an obligation is known to fail. Variables that are not among ``names`` do not matter to it."""

    number: int
    names: tuple[str, ...]
    stopped: str
    """Why there may be more of them; empty when these are all."""
    encoding: Encoding
    function: Function

    def __bool__(self) -> bool:
        return bool(self.function != self.encoding.manager.false)

    def where(self, values: Mapping[str, Value]) -> bool:
        """Whether it fails in some setting in which the variables have these values."""
        index, variables = self.encoding.system.index, self.encoding.system.variables
        codes = {index[n]: code_of(v, variables[index[n]].sort) for n, v in values.items()}
        return bool(self.function & self.encoding.codes(codes) != self.encoding.manager.false)

    def table(self) -> NDArray[np.bool_]:
        """One axis per name, in the order of the variable's domain."""
        e = self.encoding
        numbers = [e.system.index[n] for n in self.names]
        bits = [e.names[i] for i in numbers]
        wanted = {name for names in bits for name in names}
        order = [name for name in e.manager.order() if name in wanted]
        place = {name: i for i, name in enumerate(order)}
        table = _expanded(e.manager, self.function, order, {})
        table = table.transpose([place[name] for names in bits for name in reversed(names)])
        table = table.reshape([1 << len(names) for names in bits])
        return np.ascontiguousarray(table[tuple(slice(size(e.system.variables[i].sort)) for i in numbers)])


def broken(
    system: System,
    obligations: Sequence[Obligation],
    rigid: Sequence[str],
    limits: Limits = NO_LIMITS,
    backend: str | None = None,
    done: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Broken]:
    """The settings of the variables ``rigid`` in which each obligation fails, one obligation after the other, in no order.

    Obligations that depend on nearly the same variables are decided together. ``limits.seconds`` is for all of them, limits of
    states and depth are not heeded. After an interruption all that are left come with that as reason. ``done`` hears how
    many obligations were decided, of how many.
    """
    for name in rigid:
        assert not any(t.name == name for a in system.actions for t, _ in a.updates), f"{name} is not rigid"
    limits = limits.begun()
    interrupted, decided = "", 0
    cones = Cones(system)
    for batch in batches(system, obligations, cones):
        part = sliced(system, [obligations[n] for n in batch.numbers], cones)
        names = tuple(n for n in rigid if n in part.system.index)
        search = Search(part.system, part.obligations, limits, backend)
        e, m = search.encoding, search.encoding.manager
        if interrupted:
            yield from (Broken(n, names, interrupted, e, m.false) for n in batch.numbers)
            continue
        search.close()
        if search.interrupted:
            interrupted = search.stopped
        kept = {bit for n in names for bit in e.names[part.system.index[n]]}
        others = [bit for bits in e.names for bit in bits if bit not in kept]
        for k, n in enumerate(batch.numbers):
            yield Broken(n, names, search.stopped, e, m.and_exists(search.breaking(k), e.domain, others))
        decided += len(batch.numbers)
        done(decided, len(obligations))


def _expanded(
    m: Manager, f: Function, order: Sequence[str], known: dict[int, dict[Function, NDArray[np.bool_]]]
) -> NDArray[np.bool_]:
    """One axis of two for each bit of the order. Equal parts of the diagram are worked out once."""
    if f in (m.true, m.false) or not order:
        return np.full((2,) * len(order), f == m.true)
    first, rest = order[0], order[1:]
    halves = []
    deeper = known.setdefault(len(order), {})
    for value in (False, True):
        g = m.cofactor(f, {first: value})
        if g not in deeper:
            deeper[g] = _expanded(m, g, rest, known)
        halves.append(deeper[g])
    return np.stack(halves)
