"""A system as tables: what the kernel of native search works on.

Whatever depends on few variables is worked out for all their values beforehand. The conjuncts of guards, of laws on
steps and of state properties are gathered in *groups* of variables of a few bits each; a group's bits select a row
that says, for every one of these truth values ("columns"), whether the group's conjuncts of it are true. The value
holds where all groups say so. A conjunct over too many variables becomes an *expression* over columns of its parts;
an update whose value depends on too many becomes a choice between simpler ones. What even that cannot hold (arithmetic
over large ranges) is refused with `NotTabular`, and is for the search that needs no tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...model.language import TRUE, Action, Bool, Int, ModelError, Op, Term, conj, disj
from ...model.language.terms import conjuncts, rebuild
from ...properties.compile import Obligation
from ..layout import Field, Layout
from ..reduction.independence import asleep
from .all_values import Bits, Place, all_values

MOST_WORDS = 8
"""The kernel's ``MAX_WORDS``."""

GROUP_BITS = 12
"""Groups are merged up to this size: larger tables leave the processor's cache."""

TABLE_BITS = 20
"""No table has more than two to this many entries, even of what cannot be taken apart."""

_AT_ONCE = 1 << 18
"""Numbers that are worked on at a time."""

_UPDATE_BITS = 10
"""Updates of one action are looked up together up to this size."""

_PART_BITS = 10
"""Parts of a conjunct that is too wide are put together up to this size."""

_OUTSIDE = 1 << 63
"""In a table of updates: the value leaves its variable's domain."""

_NOT, _AND, _OR, _CHOICE, _YES, _NO, _SAME = range(-1, -8, -1)

_SETS = 255
"""Different sleep sets that the kernel takes, beside the empty one."""

Truths = NDArray[np.bool_]


class NotTabular(Exception):
    """A system that tables cannot hold, with the reason."""


@dataclass(frozen=True)
class Tables:
    """The arguments of the kernel's ``Search``, in their order."""

    words: int
    actions: int
    columns: int
    obligations: int
    arrays: tuple[NDArray[Any], ...]

    @property
    def bytes(self) -> int:
        return sum(a.nbytes for a in self.arrays)


def tables(layout: Layout, obligations: Sequence[Obligation], *, sleep_sets: bool = True) -> Tables:
    """The tables of the layout's system with the obligations; without ``sleep_sets``, the kernel takes every step.

    Raises `NotTabular` when they would be too large, and `ModelError` for updates of the wrong sort.
    """
    return _Builder(layout, obligations).tables(sleep_sets)


_Update: TypeAlias = "tuple[int, Place, list[tuple[Term, Field]]]"
"""What an action looks up: for which word, by which bits, and the values that they give which fields."""


class _Builder:
    def __init__(self, layout: Layout, obligations: Sequence[Obligation]) -> None:
        self.layout = layout
        self.system = layout.system
        self.obligations = obligations
        self.all_values = all_values(layout)
        # For each conjunct that a group holds: the columns that need it.
        self.needs: dict[Term, list[int]] = {}
        self.columns = len(self.system.actions)
        self.column_of: dict[Term, tuple[int, int]] = {}
        self.atoms: dict[Term, int] = {}
        self.code: list[int] = []
        self.starts: list[int] = [0]
        self.expression_of: dict[Term, int] = {}
        self.runs: list[tuple[int, int, int, int]] = []
        self.run_of: dict[Place, int] = {}
        self.pool: list[NDArray[np.uint64]] = []
        self.pool_size = 0
        self.table_of: dict[bytes, int] = {}
        self.nodes: list[list[int]] = []

    def tables(self, sleep_sets: bool) -> Tables:
        layout, system = self.layout, self.system
        if layout.words > MOST_WORDS:
            raise NotTabular(f"it has {layout.words} words of state, and the kernel takes {MOST_WORDS}")
        for t in self._laws():
            self._column(t)
        rests = [self._require(i, a.guard) for i, a in enumerate(system.actions)]
        laws: list[list[int]] = []
        rows: list[list[int]] = []
        law_of: list[list[tuple[int, Term]]] = [[] for _ in system.actions]
        for k, o in enumerate(self.obligations):
            for i, law in o.steps.items():
                if law is not TRUE:
                    law_of[i].append((k, law))
        set_of, sets = _sleep_sets(asleep(system) if sleep_sets else np.zeros((0, 0), np.bool_), len(system.actions))
        for i, a in enumerate(system.actions):
            first = len(laws)
            laws += [[*self._column(law), k] for k, law in law_of[i]]
            keep, fixed, roots = self._updates(a)
            start = len(self.nodes)
            # Roots must lie side by side; what they choose between may lie anywhere.
            self.nodes += [[] for _ in roots]
            for j, root in enumerate(roots):
                self.nodes[start + j] = self._node(root)
            moves = int(any(k != -1 for k in keep))
            rows.append([*keep, *fixed, start, len(roots), first, len(laws) - first, rests[i], moves, set_of[i]])
        states = [[*self._column(o.state), k] for k, o in enumerate(self.obligations) if o.state is not TRUE]
        groups, row_of, matrix = self._groups()
        width = layout.words
        return Tables(
            layout.words, len(system.actions), self.columns, len(self.obligations),
            (
                _array(groups, width + 6), _array(rows, 2 * width + 7), _array(self.nodes, width + 7), _array(laws, 3),
                row_of, matrix, np.concatenate([*self.pool, np.zeros(1, np.uint64)]),
                np.array(self.code, np.int32), np.array(self.starts, np.int32), _array(states, 3), _array(self.runs, 4), sets,
            ),
        )  # fmt: skip

    # --- columns and expressions ------------------------------------------------------------------------------------

    def _laws(self) -> list[Term]:
        """What must hold, of states and of steps, without repeats."""
        return list(dict.fromkeys(t for o in self.obligations for t in o.terms if t is not TRUE))

    def _column(self, t: Term) -> tuple[int, int]:
        """The column of a truth value, and the expression that must hold beside it (-1: none)."""
        found = self.column_of.get(t)
        if found is None:
            column = self.columns
            self.columns += 1
            found = self.column_of[t] = (column, self._require(column, t))
        return found

    def _require(self, column: int, t: Term) -> int:
        """The column needs the term: its narrow conjuncts now, the rest as an expression (-1: there is no rest)."""
        rest = []
        for c in conjuncts(t):
            if self._narrow(c):
                self.needs.setdefault(c, []).append(column)
            else:
                rest.append(c)
        return self._expression(conj(*rest)) if rest else -1

    def _narrow(self, t: Term) -> bool:
        """Whether a truth value is tabulated as it is: its variables are few, or few enough where it cannot be taken apart."""
        width = self.all_values.support(t).bit_count()
        return width <= GROUP_BITS or (width <= TABLE_BITS and not _has_parts(t))

    def _expression(self, t: Term) -> int:
        """The number of the expression of a truth value that is too wide for a column; each is worked out once a state."""
        found = self.expression_of.get(t)
        if found is None:
            code = self._code(t)
            self.code += code
            self.starts.append(len(self.code))
            found = self.expression_of[t] = len(self.starts) - 2
        return found

    def _operand(self, t: Term) -> int:
        """The code that brings a truth value: of a constant, a column, or another expression."""
        if t.op is Op.CONST:
            return _YES if t.value else _NO
        if not self._narrow(t):
            return 2 * self._expression(t) + 1
        column = self.atoms.get(t)
        if column is None:
            column = self.atoms[t] = self.columns
            self.columns += 1
            self.needs.setdefault(t, []).append(column)
        return 2 * column

    def _code(self, t: Term) -> list[int]:
        """The operator of a wide truth value, and its operands."""
        match t.op:
            case Op.NOT:
                return [_NOT, self._operand(t.args[0])]
            case Op.AND | Op.OR:
                return [_AND if t.op is Op.AND else _OR, *map(self._operand, self._gathered(t))]
            case Op.IMPLIES:
                return [_CHOICE, *map(self._operand, t.args), _YES]
            case Op.EQ if isinstance(t.args[0].sort, Bool):
                return [_SAME, *map(self._operand, t.args)]
            case Op.ITE:
                return [_CHOICE, *map(self._operand, t.args)]
            case Op.EQ | Op.LT | Op.LE if _has_parts(t):
                # A comparison of cases is a case of comparisons.
                at = 0 if t.args[0].op is Op.ITE else 1
                condition, *branches = t.args[at].args
                cases = [rebuild(t, (*t.args[:at], x, *t.args[at + 1 :])) for x in branches]
                return [_CHOICE, *map(self._operand, (condition, *cases))]
            case _:
                raise NotTabular(f"`{t}` depends on {self.all_values.support(t).bit_count()} bits")

    def _gathered(self, t: Term) -> list[Term]:
        """The parts of a conjunction or disjunction, those over few variables put together."""
        joined: list[tuple[Place, list[Term]]] = []
        wide = []
        for a in t.args:
            place = self.all_values.support(a)
            if place.bit_count() > _PART_BITS:
                wide.append(a)
                continue
            for i, (there, terms) in enumerate(joined):
                if (there | place).bit_count() <= _PART_BITS:
                    joined[i] = (there | place, [*terms, a])
                    break
            else:
                joined.append((place, [a]))
        join = conj if t.op is Op.AND else disj
        return [*(join(*terms) for _, terms in joined), *wide]

    # --- groups -----------------------------------------------------------------------------------------------------

    def _groups(self) -> tuple[list[list[int]], NDArray[np.uint32], NDArray[np.uint64]]:
        """The groups' records, the row of each of their indices, and the rows."""
        members: list[tuple[Place, list[Term]]] = []
        by_support: dict[Place, list[Term]] = {}
        for t in self.needs:
            by_support.setdefault(self.all_values.support(t), []).append(t)
        for place in sorted(by_support, key=lambda n: (-n.bit_count(), n)):
            best, least = -1, 0
            for i, (there, _) in enumerate(members):
                both = (there | place).bit_count()
                grown = both - there.bit_count()
                if (grown == 0 or both <= GROUP_BITS) and (best < 0 or grown < least):
                    best, least = i, grown
            if best < 0:
                members.append((place, list(by_support[place])))
            else:
                members[best] = (members[best][0] | place, members[best][1] + by_support[place])
        records, row_of, rows = [], [np.zeros(0, np.uint32)], [np.zeros(0, np.uint64)]
        index_at = row_at = 0
        for place, terms in members:
            bits = self.all_values.bits(place)
            choice, matrix, first = self._group(bits, terms)
            records.append([*self._encoded(place), index_at, row_at, first, matrix.shape[1]])
            row_of.append(choice)
            rows.append(matrix.reshape(-1))
            index_at += choice.size
            row_at += matrix.size
        return records, np.concatenate(row_of), np.concatenate(rows)

    def _group(self, bits: Bits, terms: Sequence[Term]) -> tuple[NDArray[np.uint32], NDArray[np.uint64], int]:
        """For each index of the group its row; the rows; and the first word of columns of which they speak."""
        choice, false = self._kinds(bits, terms)
        words = {c >> 6 for t in terms for c in self.needs[t]}
        first, last = min(words), max(words)
        needed = [[0] * (last - first + 1) for _ in terms]
        for t, masks in zip(terms, needed, strict=True):
            for c in self.needs[t]:
                masks[(c >> 6) - first] |= 1 << (c & 63)
        masked = np.array(needed, np.uint64)
        rows = np.zeros((false.shape[1], last - first + 1), np.uint64)
        at_once = max(_AT_ONCE // rows.size, 1)
        for i in range(0, len(terms), at_once):
            lost = np.where(false[i : i + at_once, :, None], masked[i : i + at_once, None, :], np.uint64(0))
            rows |= np.bitwise_or.reduce(lost, axis=0)
        return choice, ~rows, first

    def _kinds(self, bits: Bits, terms: Sequence[Term]) -> tuple[NDArray[np.uint32], Truths]:
        """For each index of a group its kind, where the same terms are true; and per term, the kinds for which it is false."""

        def made() -> tuple[NDArray[np.uint32], Truths]:
            truths: list[Truths] = [self.all_values.flat(t, bits) for t in terms]
            kind = np.zeros(1 << bits.bits, np.int64)
            for i, truth in enumerate(truths):
                kind = kind * 2 + truth
                if i % 40 == 39:
                    kind = np.unique(kind, return_inverse=True)[1].reshape(-1)
            _, example, choice = np.unique(kind, return_index=True, return_inverse=True)
            return choice.reshape(-1).astype(np.uint32), np.stack([~truth[example] for truth in truths])

        choice, false = self.all_values.once(("kinds", id(bits), *map(id, terms)), (bits, terms), made)
        return choice, false

    def _encoded(self, place: Place) -> list[int]:
        """Which bits of the state an index is made of: a mask per word, and the runs."""
        bits = self.all_values.bits(place)
        if place not in self.run_of:
            self.run_of[place] = len(self.runs)
            self.runs += bits.runs()
        return [*bits.masks, self.run_of[place], len(bits.runs())]

    # --- updates ----------------------------------------------------------------------------------------------------

    def _updates(self, action: Action) -> tuple[list[int], list[int], list[_Update]]:
        """The bits that an action keeps, those that it sets, and what must be looked up: (word, fields, updates)."""
        keep, fixed = [-1] * self.layout.words, [0] * self.layout.words
        found: list[_Update] = []
        wide: list[_Update] = []
        for target, value in action.updates:
            f = self.layout.field[target.name]
            if not (isinstance(f.sort, Int) and isinstance(value.sort, Int)) and value.sort != f.sort:
                raise ModelError(f"action {action.label}: {target} := {value} is of sort {value.sort}, not {f.sort}")
            if value is target:
                continue
            keep[f.word] &= ~f.mask
            place = self.all_values.support(value)
            if place.bit_count() > _UPDATE_BITS:
                wide.append((f.word, place, [(value, f)]))
                continue
            if not place:
                entry = int(self._table(place, [(value, f)])[0])
                if not entry & _OUTSIDE:
                    fixed[f.word] |= entry
                    continue
            for i, (word, there, updates) in enumerate(found):
                if word == f.word and (there | place).bit_count() <= _UPDATE_BITS:
                    found[i] = (word, there | place, [*updates, (value, f)])
                    break
            else:
                found.append((f.word, place, [(value, f)]))
        return keep, fixed, found + wide

    def _node(self, update: _Update) -> list[int]:
        """The record of an update: a table, or a choice between two others."""
        word, place, parts = update
        if place.bit_count() <= TABLE_BITS:
            entries = self._table(place, parts)
            key = entries.tobytes()
            if key not in self.table_of:
                self.table_of[key] = self.pool_size
                self.pool.append(entries)
                self.pool_size += entries.size
            return [-1, 0, 0, *self._encoded(place), self.table_of[key], word]
        ((value, f),) = parts
        if isinstance(value.sort, Bool):
            condition, yes, no = value, TRUE, ~TRUE
        elif value.op is Op.ITE:
            condition, yes, no = value.args
        else:
            raise NotTabular(f"`{value}` depends on {place.bit_count()} bits")
        branches = []
        for x in (yes, no):
            node = self._node((word, self.all_values.support(x), [(x, f)]))
            branches.append(len(self.nodes))
            self.nodes.append(node)
        return [self._expression(condition), *branches, *[0] * (self.layout.words + 4)]

    def _table(self, place: Place, parts: Sequence[tuple[Term, Field]]) -> NDArray[np.uint64]:
        """For each index of some fields, the bits that the updates set."""

        def made() -> tuple[NDArray[np.uint64]]:
            bits = self.all_values.bits(place)
            entries = np.zeros(1 << bits.bits, np.uint64)
            for value, f in parts:
                codes = self.all_values.flat(value, bits).astype(np.int64)
                if isinstance(f.sort, Int):
                    outside = (codes < f.sort.lo) | (codes > f.sort.hi)
                    codes = np.where(outside, 0, codes - f.sort.lo)
                    entries[outside] |= np.uint64(_OUTSIDE)
                entries |= codes.astype(np.uint64) << np.uint64(f.shift)
            return (entries,)

        key = ("table", place, *((id(value), f.word, f.shift) for value, f in parts))
        (entries,) = self.all_values.once(key, parts, made)
        return entries


def _sleep_sets(rows: Truths, actions: int) -> tuple[list[int], NDArray[np.uint64]]:
    """Which sleep set each action leads to, and the sets, as bits of 64-bit words: first the empty one, then the largest."""
    words = (actions + 63) // 64
    if not rows.size:
        return [0] * actions, np.zeros((1, words), np.uint64)
    bits = np.zeros((actions, 64 * words), np.bool_)
    bits[:, :actions] = rows
    packed = np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    of_each = [row.tobytes() for row in packed]
    example = {sleeping: i for i, sleeping in enumerate(of_each)}
    largest = sorted(example, key=lambda sleeping: -int(rows[example[sleeping]].sum()))[:_SETS]
    number = {sleeping: n for n, sleeping in enumerate(largest, 1)}
    sets = packed[[example[sleeping] for sleeping in largest]]
    return [number.get(sleeping, 0) for sleeping in of_each], np.concatenate((np.zeros((1, words), np.uint64), sets))


def _has_parts(t: Term) -> bool:
    """Whether a truth value is made of others."""
    if t.op in (Op.EQ, Op.LT, Op.LE):
        return isinstance(t.args[0].sort, Bool) or any(a.op is Op.ITE for a in t.args)
    return t.op in (Op.NOT, Op.AND, Op.OR, Op.IMPLIES, Op.ITE)


def _array(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.int64]:
    """Rows of equal length; numbers of 64 bits, whether they are meant with a sign or without."""
    flat = [x - (1 << 64) if x >= 1 << 63 else x for row in rows for x in row]
    return np.array(flat, np.int64).reshape(len(rows), width)
