"""Machines as their rules say, and who takes part in events with whom."""

from __future__ import annotations

from itertools import product
from xml.etree import ElementTree

import networkx as nx
import pytest
from ports import (
    WORLD,
)
from tdisprove.explore.evaluate import evaluate, named, successor
from tdisprove.model.language import (
    ModelError,
    State,
    System,
    support,
)
from tdisprove.reports.machines import (
    composition_graph,
    composition_svg,
    drawable,
    machine_dot,
    machine_graph,
    machine_svg,
    main_family,
    smallest,
)


def edges(graph: nx.MultiDiGraph) -> set[tuple[object, object, str]]:
    return {(a, b, d["label"].split(" [")[0]) for a, b, d in graph.edges(data=True)}


RULES = {("IDLE", "LOCKED", "lock"), ("LOCKED", "RUN", "run")} | {(s, "IDLE", "reset") for s in ("LOCKED", "RUN", "ERROR")}


def test_a_machine_is_drawn_as_its_rules_say() -> None:
    graph = machine_graph(WORLD, "port")
    assert list(graph) == ["IDLE", "LOCKED", "RUN", "ERROR"]
    assert [n for n, d in graph.nodes(data=True) if d["initial"]] == ["IDLE"]
    assert edges(graph) == RULES
    assert graph.graph["idle"] == ()
    (locking,) = [d for a, b, d in graph.edges(data=True) if b == "LOCKED"]
    assert locking["tooltip"].split("\n") == [
        "port.lock, by host",
        "checks idle: port.state[p] = IDLE, else BAD_STATE",
        "sets port.state[p] := LOCKED",
        "D 1",
    ]


def test_the_edges_of_a_machine_are_those_of_its_actions() -> None:
    """Against all states of the system: an edge is drawn exactly when some state allows it."""
    system = WORLD.instantiate(smallest(WORLD))
    for honest in (True, False):
        drawn = edges(machine_graph(WORLD, "port", honest=honest, self_loops=True, refusals=True))
        found = set()
        for values in all_states(system):
            state = named(system, values)
            for a in system.actions:
                mine = [r for r in (*a.rules, a.refused_by) if r is not None and r.machine == "port"]
                if not mine or (honest and state["device"] != "honest") or not evaluate(a.guard, state):
                    continue
                after = named(system, successor(system, a, values))
                for v in ("port0.state", "port1.state"):
                    if v in {x.name for x, _ in a.updates} or v in {x.name for x in support(a.guard)}:
                        label = a.event + (f" → {a.reply}" if a.reply != "ok" else "")
                        found.add((state[v], after[v], label))
        assert drawn == found


def all_states(system: System) -> list[State]:
    """All states of the ports and of what guards ask for; the other variables matter to no guard."""
    used = {x.name for a in system.actions for x in support(a.guard)}
    domains = [v.sort.domain if v.name in used else v.sort.domain[:1] for v in system.variables]
    return list(product(*domains))


def test_a_hostile_party_has_more_edges() -> None:
    assert edges(machine_graph(WORLD, "port", honest=False)) > RULES
    assert edges(machine_graph(WORLD, "port", honest=False, knobs={"device": "honest"})) == RULES


def test_rules_that_never_fire_are_named() -> None:
    graph = machine_graph(WORLD, "port", sizes={"port": 1})
    assert graph.graph["idle"] == ("peer",)
    assert "Never taken by honest parties: peer" in machine_dot(WORLD, "port", sizes={"port": 1}).replace("\\l", " ")
    assert smallest(WORLD) == {"port": 2}


def test_each_machine_has_a_variable_to_draw() -> None:
    assert drawable(WORLD) == ("guest", "tsm", "port", "root")
    assert str(main_family(WORLD, "guest")) == "guest.agreed"
    assert str(main_family(WORLD, "port", "sent")) == "port.sent"
    for machine in drawable(WORLD):
        ElementTree.fromstring(machine_svg(WORLD, machine, self_loops=True, refusals=True))
    with pytest.raises(ModelError, match="no machine 'prt'; did you mean port"):
        machine_svg(WORLD, "prt")
    with pytest.raises(ModelError, match="no variable 'stat'; did you mean state"):
        machine_svg(WORLD, "port", variable="stat")
    with pytest.raises(ModelError, match="nothing to draw"):
        machine_svg(WORLD, "trust")


def test_the_composition_has_every_event_in_its_machines() -> None:
    graph = composition_graph(WORLD)
    for event in WORLD.events.values():
        machines = {r.machine for r in WORLD.rules if r.event is event}
        hops = [(a, b) for a, b, d in graph.edges(data=True) if event.name in d["label"].split("\n")]
        alone = [n for n, d in graph.nodes(data=True) if event.name in d["lines"]]
        assert {m for hop in hops for m in hop} | set(alone) == machines
    ElementTree.fromstring(composition_svg(WORLD))
