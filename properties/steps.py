"""Step predicates: which steps of a system a property speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeAlias

from ..model.language import FALSE, OK, TRUE, Action, Event, ModelError, Op, Operand, Term, after, conj, nearest, neg
from ..model.language.ground import Grounding
from ..model.language.parametric import ParametricAction, Symbolic
from ..model.language.terms import lift, substitute, subterms, variable

REFUSED = "refused"
"""As the reply of a `Step`: any reply but `OK`."""


@dataclass(frozen=True)
class Step:
    """Steps in which ``event`` happens with the given arguments, and ``where`` holds.

    ``event=None``: any event. ``reply=None``: granted or refused; `REFUSED`: refused, with whatever code.
    ``where`` may mention the event's own parameters, and `after` for the state after the step.
    """

    event: Event | None = None
    args: Mapping[str, Term] = field(default_factory=dict)
    reply: str | None = OK
    where: Term = TRUE

    def on(self, action: Action | ParametricAction, ground: Grounding | Symbolic, env: Mapping[str, Term]) -> Term:
        """When a step by ``action`` is such a step: a ground term over the state before it."""
        if self.event is not None and action.event != self.event.name:
            return FALSE
        if self.reply == REFUSED:
            if action.reply == OK:
                return FALSE
        elif self.reply is not None and action.reply != self.reply:
            return FALSE
        condition = TRUE
        if self.event is not None and self.args:
            actual = self._arguments(action, ground)
            for name, wanted in self.args.items():
                condition = condition & (actual[name] == ground.term(wanted, env, self._named))
                if condition is FALSE:
                    return FALSE
        if self.where is TRUE:
            return condition
        return condition & before_step(ground.term(self.where, self.scope(action, ground, env), self._named), action)

    def scope(
        self, action: Action | ParametricAction, ground: Grounding | Symbolic, env: Mapping[str, Term]
    ) -> Mapping[str, Term]:
        """The values of the event's own parameters in ``action`` and of the property's.

        The property's win where both have one of the same name: `args` is what ties the two.
        """
        if self.event is None:
            return env
        return {**self._arguments(action, ground), **env}

    def _arguments(self, action: Action | ParametricAction, ground: Grounding | Symbolic) -> Mapping[str, Term]:
        """The values of the event's own parameters."""
        assert self.event is not None
        try:
            if isinstance(ground, Symbolic):
                return ground.arguments(self.event.params, action.args)
            assert isinstance(action, Action), "what is ground is so in both"
            return ground.arguments(self.event.params, action.args)
        except KeyError as e:
            raise ModelError(
                f"step {self}: the event {action.event} of this system has no parameter {e.args[0]!r}: the property is about "
                "another model's event of that name; leave it out"
            ) from None

    @cached_property
    def _named(self) -> str:
        return f"step {self}"

    def __str__(self) -> str:
        inner = ", ".join(f"{k}={v}" for k, v in self.args.items())
        name = f"{self.event.name}({inner})" if self.event is not None else "any step"
        reply = "" if self.reply in (OK, None) else f" → {self.reply}"
        return name + reply + (f" where {self.where}" if self.where is not TRUE else "")


def occurs(event: Event, *, reply: str | None = OK, where: Term = TRUE, **args: Operand) -> Step:
    """Steps in which ``event`` happens with these arguments. ``reply=None``: whatever the reply."""
    sorts = {p.name: p.sort for p in event.params}
    for name in args:
        if name not in sorts:
            raise ModelError(f"event {event.name} has no parameter {name!r}{nearest(name, sorts)}")
    return Step(event, {k: lift(v, sorts[k]) for k, v in args.items()}, reply, where)


Steps: TypeAlias = Step | tuple[Step, ...]
"""One kind of step, or any of several."""


def any_of(steps: Steps) -> tuple[Step, ...]:
    """The alternatives."""
    return steps if isinstance(steps, tuple) else (steps,)


def becomes(condition: Term) -> Step:
    """Steps after which ``condition`` holds and before which it did not."""
    return Step(None, {}, None, neg(condition) & after(condition))


def unchanged(*variables: Term) -> Term:
    """The step leaves these as they are."""
    return conj(*(after(x) == x for x in variables))


def before_step(t: Term, action: Action | ParametricAction) -> Term:
    """A two-state term as a term over the state before a step by ``action`` (variables after the step replaced)."""
    if isinstance(action, ParametricAction):
        return action.before(t)
    later, unchanged = _after_idling(t)
    updates = action.update_of
    if not any(v in updates for _, v in later):
        return unchanged
    key = ("before", id(t))
    found = action.known.get(key)
    if found is None:
        found = action.known[key] = substitute(t, {x: updates.get(v, v) for x, v in later}), t
    result: Term = found[0]
    return result


@lru_cache(maxsize=1 << 14)
def _after_idling(t: Term) -> tuple[tuple[tuple[Term, Term], ...], Term]:
    """The variables after the step that a term mentions, each with the variable itself; and the term of a step that changes none."""
    later = tuple((x, variable(x.name, x.sort)) for x in subterms(t) if x.op is Op.NEXT)
    return later, substitute(t, dict(later)) if later else t
