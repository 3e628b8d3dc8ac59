"""A Hypothesis state machine made from the model: its ``TestCase`` runs under pytest like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from ...model.language import Value
from .adapters import Adapter, Setup
from .alphabet import Alphabet, Stimulus
from .guide import Guide, charted
from .protocols import alphabet_for, subject_of
from .run import Finding, Run


class NotConforming(AssertionError):
    """An implementation answered what no reading of the specification allows."""

    def __init__(self, finding: Finding) -> None:
        clauses = "; ".join(finding.clauses)
        super().__init__(f"{finding}\n  clause: {clauses or 'none'}\n  steps: {', '.join(finding.steps)}")
        self.finding = finding


def state_machine(
    setup: Setup | str,
    protocol: str = "tdisp",
    *,
    adapter: Callable[[], Adapter] | None = None,
    fixed: Mapping[str, Value] | None = None,
) -> type[RuleBasedStateMachine]:
    """The state machine of an implementation: a rule for each event, and one that walks to a state of the model.

    ``setup`` says how to reach it; ``adapter`` makes one where that cannot be said in a `Setup` (a `Setup` is still needed for what
    stands in requests). Settings, database and ``@seed`` are Hypothesis's own. A violation raises `NotConforming`.
    """
    given = Setup(setup) if isinstance(setup, str) else setup
    shared = adapter() if adapter is not None else subject_of(protocol, given, fixed)
    alphabet: Alphabet = alphabet_for(protocol, given, shared.controls, fixed)
    chart = charted(alphabet, {v.name: alphabet.preferred[v.name] for v in alphabet.oracle.knobs})
    guide = Guide(chart, pairs=False)
    by_event: dict[str, list[Stimulus]] = {}
    for s in alphabet.stimuli:
        by_event.setdefault(s.event, []).append(s)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run = Run(alphabet, shared, [alphabet.oracle.open_reading])
            guide.begin()

        def _do(self, s: Stimulus) -> None:
            if not self.run.applicable(s):
                return
            guide.suppose(guide.at(self.run.belief), s)
            step = self.run.apply(s)
            if step is not None and step.finding is not None:
                raise NotConforming(replace(step.finding, blame=alphabet.blame(step.finding.trail)))

        @rule(target_state=st.sampled_from(list(chart.nodes)))
        def walk(self, target_state: Any) -> None:
            """By the shortest way to a state of the model, so that what lies deep is tried as well."""
            at = guide.at(self.run.belief)
            for _, s, _ in (chart.way(at, lambda x: x == target_state) or []) if at is not None else []:
                self._do(s)

    for event, stimuli in by_event.items():
        setattr(Machine, event, _rule(event, stimuli))
    Machine.__name__ = Machine.__qualname__ = f"{protocol.replace('-', '_').title()}Machine"
    return Machine


def _rule(event: str, stimuli: list[Stimulus]) -> Any:
    def apply(self: Any, stimulus: Stimulus) -> None:
        self._do(stimulus)

    apply.__name__ = event
    return rule(stimulus=st.sampled_from(stimuli))(apply)
