"""A small world for the tests of pictures: a host, a monitor between, a device with ports, and a guest that has to agree; and runs in it."""

from __future__ import annotations

import runpy
from collections import deque
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import strategies as st
from tdisprove.explore.evaluate import enabled, initial_states, named, successor
from tdisprove.explore.verdict import Trace
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    Check,
    Event,
    Index,
    Machine,
    Model,
    Party,
    System,
    Term,
    Variable,
    conj,
    enum,
    implies,
    neg,
    param,
)
from tdisprove.model.language.mutate import DropWhen, mutated
from tdisprove.properties import After, Precedence, Property, compile_properties, occurs

EXAMPLE = runpy.run_path(str(Path(__file__).parent.parent / "examples" / "two_phase_commit.py"))
NASTY = 'a<&">|{}[]\\`;#:*_%\x01é'


# A small world of its own: a host, a monitor between, a device with interfaces, and a guest that has to agree.

PORT = Index("port")
p, q = param("p", PORT), param("q", PORT)
_trust = Machine("trust")
GUEST, HOST, TSM = Party("guest"), Party("host"), Party("tsm")
DEVICE = Party("device", _trust.var("device", enum("Honesty", "honest", "hostile"), rigid=True) == "honest")
ROOT = Party("root_complex")

_guest = Machine("guest", over=(PORT,))
_tsm = Machine("tsm", over=(PORT,))
_root = Machine("root", over=(PORT,))
_port = Machine("port", over=(PORT,))
_agreed = _guest.array("agreed", BOOL, init=False)
_owned = _tsm.array("owned", BOOL, init=False)
_gate = _root.array("gate", enum("Gate", "closed", "open"), init="closed")
_state = _port.array("state", enum("PortState", "IDLE", "LOCKED", "RUN", "ERROR"), init="IDLE")
_sent = _port.array("sent", BOOL, init=False)

lock = Event("lock", (p,), HOST)
run = Event("run", (p,), HOST)
agree = Event("agree", (p,), GUEST)
dma = Event("dma", (p,), DEVICE)
peer = Event("peer", (p, q), DEVICE, where=p != q)
reset = Event("reset", (p,), HOST, "the host resets a port")

_tsm.rule(lock, checks=[Check("free", ~_owned[p], "BUSY", cite="T 1")], set={_owned[p]: True}, binds=TSM, cite="T 2")
_port.rule(
    lock, checks=[Check("idle", _state[p] == "IDLE", "BAD_STATE")], set={_state[p]: "LOCKED"}, binds=DEVICE, cite="D 1"
)
_port.rule(run, checks=[Check("locked", _state[p] == "LOCKED", "BAD_STATE")], set={_state[p]: "RUN"}, binds=DEVICE)
_guest.rule(agree, set={_agreed[p]: True}, binds=GUEST)
_tsm.rule(agree, when=[_owned[p]], binds=TSM)
_root.rule(agree, set={_gate[p]: "open"}, binds=ROOT)
_port.rule(dma, when=[_state[p] == "RUN"], set={_sent[p]: True}, binds=DEVICE)
_root.rule(dma, checks=[Check("gate", _gate[p] == "open", "BLOCKED", cite="R 1")], binds=ROOT)
_port.rule(dma, name="dma/BLOCKED", when=[_state[p] == "RUN"], set={_sent[p]: True}, reply="BLOCKED", binds=DEVICE)
_port.rule(peer, when=[_state[p] == "RUN", _state[q] == "RUN"], binds=DEVICE)
_port.rule(reset, set={_state[p]: "IDLE", _sent[p]: False}, binds=DEVICE)
_tsm.rule(reset, set={_owned[p]: False}, binds=TSM)

WORLD = Model.of("ports", _trust, _guest, _tsm, _port, _root)
SYSTEM = WORLD.instantiate({"port": 1}, {"device": "honest"})


def play(system: System, labels: list[str], broken: Term | None = None, at_step: bool = False) -> Trace:
    """The run with these actions."""
    state = next(initial_states(system))
    states, actions = [state], []
    for label in labels:
        action = next(a for a in system.actions if a.label == label and enabled(system, a, state))
        state = successor(system, action, state)
        states.append(state)
        actions.append(action)
    return Trace(system, tuple(states), tuple(actions), broken, at_step)


def two_phase_trace() -> Trace:
    """The manager changes its mind, and one resource commits what another has aborted."""
    model = mutated(Model.of("two-phase commit", EXAMPLE["tm"], EXAMPLE["rm"]), DropWhen("tm", "commit"))
    system, (obligation,) = compile_properties(model.instantiate({"rm": 2}, check=False), [EXAMPLE["CONSISTENT"]])
    steps = ["prepare(rm1)", "abort()", "learn(rm0)", "commit()", "learn(rm1)"]
    return play(system, steps, obligation.state)


def blocked_trace() -> Trace:
    """Refusals on the way; in the last step the device sends although nobody agreed, and the root complex blocks it."""
    broken = implies(SYSTEM["port0.sent"], SYSTEM["guest.port0.agreed"])
    steps = ["lock(port0)", "lock(port0) → BUSY", "run(port0)", "run(port0) → BAD_STATE", "dma(port0) → BLOCKED"]
    return play(SYSTEM, steps, broken)


def forbidden_step_trace() -> Trace:
    """A step that a precedence property forbids, with its monitor in the system."""
    prop = Property(
        "agree-first",
        "No DMA before the guest agrees.",
        Precedence((occurs(agree, p=p),), occurs(dma, p=p, reply=None), After((occurs(lock, p=p),))),
        over=(p,),
    )
    system, (obligation,) = compile_properties(SYSTEM, [prop])
    trace = play(system, ["lock(port0)", "run(port0)", "dma(port0) → BLOCKED"])
    law = obligation.steps[next(i for i, a in enumerate(system.actions) if a is trace.actions[-1])]
    return Trace(system, trace.states, trace.actions, law, at_step=True)


def nasty_trace() -> Trace:
    """Names in which everything is that some format takes for markup."""
    v = Variable(NASTY, BOOL)
    action = Action(NASTY, ((NASTY, NASTY),), TRUE, ((v.term, TRUE),), NASTY)
    system = System(NASTY, (v,), neg(v.term), (action,))
    return Trace(system, ((False,), (True,)), (action,), neg(v.term))


def initial_trace() -> Trace:
    """A property that the initial state breaks."""
    return play(SYSTEM, [], SYSTEM["port0.sent"])


TRACES: dict[str, Callable[[], Trace]] = {
    "two-phase": two_phase_trace,
    "blocked": blocked_trace,
    "forbidden": forbidden_step_trace,
    "nasty": nasty_trace,
    "empty": initial_trace,
}
every_trace = pytest.mark.parametrize("trace", [make() for make in TRACES.values()], ids=list(TRACES))


@st.composite
def walks(draw: st.DrawFn) -> Trace:
    """Runs of the small world with two ports, wherever they lead."""
    system = WORLD.instantiate({"port": 2}, {"device": draw(st.sampled_from(["honest", "hostile"]))})
    state = next(initial_states(system))
    states, actions = [state], []
    for _ in range(draw(st.integers(0, 9))):
        action = draw(st.sampled_from([a for a in system.actions if enabled(system, a, state)]))
        state = successor(system, action, state)
        states.append(state)
        actions.append(action)
    last = dict(zip(system.index, state, strict=True))
    wrong = neg(conj(*(system[n] if v is True else neg(system[n]) for n, v in last.items() if isinstance(v, bool))))
    return Trace(system, tuple(states), tuple(actions), wrong)


def changes_of(trace: Trace) -> list[set[str]]:
    return [
        {f"{n}: {str(b).lower() if isinstance(b, bool) else b} → {str(a).lower() if isinstance(a, bool) else a}"
         for n, (b, a) in trace.changed(i).items()}
        for i in range(len(trace))
    ]  # fmt: skip


def explored(system: System) -> nx.MultiDiGraph:
    """All reachable states, by hand."""
    graph = nx.MultiDiGraph()
    start = next(initial_states(system))
    graph.add_node(start, values=named(system, start), initial=True)
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for a in system.actions:
            if enabled(system, a, state):
                after = successor(system, a, state)
                if after not in graph:
                    graph.add_node(after, values=named(system, after))
                    queue.append(after)
                graph.add_edge(state, after, label=a.label, actor=a.actor)
    return graph
