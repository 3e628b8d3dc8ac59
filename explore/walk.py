"""Walking through a system step by step: choose an enabled action, go back, and see at each state which properties broke."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..model.language import Action, ModelError, State, System
from ..properties.compile import Obligation, compile_properties
from ..properties.formulas import LeadsTo, Recurs, Sometimes
from ..properties.property import Property
from .evaluate import enabled, evaluate, initial_states, named, successor
from .verdict import Trace


@dataclass(frozen=True)
class Broken:
    """A property that the walk has broken, and at which step (0: in the initial state)."""

    prop: Property
    instance: str
    step: int


class Walk:
    """A run under way. Safety properties are watched; promises of liveness say nothing about a run that goes on.

    The states carry the properties' monitors, which decide nothing about what is enabled.
    """

    def __init__(self, system: System, properties: Iterable[Property] = ()) -> None:
        self.properties = tuple(p for p in properties if not isinstance(p.formula, LeadsTo | Recurs | Sometimes))
        watched, obligations = compile_properties(system, self.properties)
        self.system = watched
        self._obligations: tuple[Obligation, ...] = tuple(obligations)
        self.states: list[State] = [next(initial_states(watched))]
        self.actions: list[Action] = []
        self._numbers = {id(a): i for i, a in enumerate(watched.actions)}

    @property
    def state(self) -> State:
        return self.states[-1]

    def choices(self) -> list[Action]:
        """What is possible now, in the order of the system."""
        return [a for a in self.system.actions if enabled(self.system, a, self.state)]

    def take(self, action: Action) -> list[Broken]:
        """Take a step; what it breaks that was not broken before. Raises `ModelError` when it is not possible."""
        if not enabled(self.system, action, self.state):
            raise ModelError(f"{action.label} is not possible now")
        before = {(b.prop.id, b.instance) for b in self.broken()}
        self.states.append(successor(self.system, action, self.state))
        self.actions.append(action)
        return [b for b in self.broken() if (b.prop.id, b.instance) not in before]

    def back(self) -> bool:
        """Undo the last step; whether there was one."""
        if not self.actions:
            return False
        self.actions.pop()
        self.states.pop()
        return True

    def broken(self) -> list[Broken]:
        """The properties that the run so far breaks, each with the first step that does."""
        return [
            Broken(o.prop, o.instance, step)
            for o in self._obligations
            if (step := self._first(o, len(self.actions))) is not None
        ]

    def _first(self, o: Obligation, end: int) -> int | None:
        for i in range(end + 1):
            if i and not self._step_kept(o, i - 1):
                return i
            if not evaluate(o.state, named(self.system, self.states[i])):
                return i
        return None

    def _step_kept(self, o: Obligation, i: int) -> bool:
        law = o.steps.get(self._numbers[id(self.actions[i])])
        return law is None or bool(evaluate(law, named(self.system, self.states[i])))

    def trace(self, broken: Broken | None = None) -> Trace:
        """The run so far; with ``broken``, up to the step that breaks the property, and with what breaks."""
        if broken is None:
            return Trace(self.system, tuple(self.states), tuple(self.actions))
        o = next(o for o in self._obligations if (o.prop.id, o.instance) == (broken.prop.id, broken.instance))
        states, actions = tuple(self.states[: broken.step + 1]), tuple(self.actions[: broken.step])
        if actions and not self._step_kept(o, broken.step - 1):
            return Trace(self.system, states, actions, o.steps[self._numbers[id(actions[-1])]], at_step=True)
        return Trace(self.system, states, actions, o.state)
