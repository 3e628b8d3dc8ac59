"""Why two systems are not branching bisimilar, as a play: one side moves, the other must do what looks the same, and in the end cannot.

The sides may change: who moves is whoever can do what the other cannot. An answer leads to a pair of states that were told apart in
an earlier round of the refinement than the pair before it, so every play ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .lts import SILENT, Lts, Numbers
from .partition import Partition

_Ways = dict[tuple[int, int], list[tuple[int, ...]]]
"""Label and block -> all steps that have that label and lead there, each after a way to it, shortest ways first."""


@dataclass(frozen=True)
class Move:
    """``side`` (0 or 1) can make ``steps``, the last of which is seen as ``label`` (or is silent, and leads to what is not the same).

    ``answer``: the other side's steps that look the same (none are needed for a silent move); None: it has none, and the play is over.
    With ``detour``, the other side could only answer after the silent steps ``answer``, which lead to what is not the same as
    the state before the last of ``steps``: the play goes on from these two.
    """

    side: int
    label: int
    steps: tuple[int, ...]
    answer: tuple[int, ...] | None
    detour: bool = False


def play(sides: tuple[Lts, Lts], partition: Partition, offset: int, watch: Callable[[], None] = lambda: None) -> list[Move]:
    """A play from the roots, which must not be bisimilar. ``partition`` is of both, the second's states numbered from ``offset`` on."""
    game = _Game(sides, partition, offset)
    at = [sides[0].root, sides[1].root]
    moves: list[Move] = []
    while not moves or moves[-1].answer is not None:
        watch()
        move = game.move(at)
        moves.append(move)
        if move.answer is not None:
            at[move.side] = game.end(move.side, at[move.side], move.steps[:-1] if move.detour else move.steps)
            at[1 - move.side] = game.end(1 - move.side, at[1 - move.side], move.answer)
    return moves


class _Game:
    def __init__(self, sides: tuple[Lts, Lts], partition: Partition, offset: int) -> None:
        self.sides, self.partition, self.offset = sides, partition, (0, offset)

    def end(self, side: int, state: int, steps: Sequence[int]) -> int:
        """Where the steps lead."""
        return int(self.sides[side].target[steps[-1]]) if steps else state

    def parted(self, side: int, state: int, other: int) -> int:
        """The round in which a state of a side is told apart from one of the other side."""
        return self.partition.parted(state + self.offset[side], other + self.offset[1 - side])

    def ways(self, before: int, side: int, state: int) -> _Ways:
        """What can be done by silent steps within the state's block of a round, and one step more."""
        lts = self.sides[side]
        block: Numbers = self.partition.rounds[before][self.offset[side] :]
        found: _Ways = {}
        seen = {state}
        level: list[tuple[int, tuple[int, ...]]] = [(state, ())]
        while level:
            following: list[tuple[int, tuple[int, ...]]] = []
            for s, way in level:
                for step in range(int(lts.first[s]), int(lts.first[s + 1])):
                    label, t = int(lts.label[step]), int(lts.target[step])
                    if label != SILENT or block[t] != block[s]:
                        found.setdefault((label, int(block[t])), []).append((*way, step))
                    elif t not in seen:
                        seen.add(t)
                        following.append((t, (*way, step)))
            level = following
        return found

    def move(self, at: Sequence[int]) -> Move:
        """A move that the other side cannot answer or, failing that, one after whose best answer the play is over soonest."""
        before = self.parted(0, at[0], at[1]) - 1
        ways = [self.ways(before, side, at[side]) for side in (0, 1)]
        options = []
        for side in (0, 1):
            for what in ways[side].keys() - ways[1 - side].keys():
                steps = ways[side][what][0]
                rank, move = self.answered(before, side, at, steps, what[0], ways[1 - side])
                options.append((rank, len(steps) + len(move.answer or ()), side, what[0], steps, move))
        return min(options, key=lambda o: o[:5])[-1]

    def answered(
        self, before: int, side: int, at: Sequence[int], steps: tuple[int, ...], label: int, theirs: _Ways
    ) -> tuple[int, Move]:
        """The move with the answer whose end is told apart latest, and the round in which it is (0: there is no answer)."""
        end, other = self.end(side, at[side], steps), at[1 - side]
        answers = [way for (mine, _), ways in theirs.items() if mine == label for way in ways]
        if label == SILENT:
            answers.append(())
        if answers:
            rank, _, best = max((self.parted(side, end, self.end(1 - side, other, w)), -len(w), w) for w in answers)
            return rank, Move(side, label, steps, best)
        stay = self.end(side, at[side], steps[:-1])
        detours = [
            way
            for (mine, _), ways in theirs.items()
            for way in ways
            if mine == SILENT and self.can(1 - side, self.end(1 - side, other, way), label)
        ]
        if not detours:
            return 0, Move(side, label, steps, None)
        rank, _, best = max((self.parted(side, stay, self.end(1 - side, other, w)), -len(w), w) for w in detours)
        return rank, Move(side, label, steps, best, detour=True)

    def can(self, side: int, state: int, label: int) -> bool:
        """Whether a step with the label can be taken after silent steps from the state."""
        lts = self.sides[side]
        seen, todo = {state}, [state]
        while todo:
            s = todo.pop()
            for step in range(int(lts.first[s]), int(lts.first[s + 1])):
                t = int(lts.target[step])
                if lts.label[step] == label:
                    return True
                if lts.label[step] == SILENT and t not in seen:
                    seen.add(t)
                    todo.append(t)
        return False
