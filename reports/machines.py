"""Diagrams of the model itself: the states of each machine and the rules between them, and who shares which events.

The edges of a machine are exact with respect to its rules and those of the machines that take part with it:
an edge is drawn when some state of all variables allows the step, whether or not that state can be reached.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import TYPE_CHECKING

from ..explore.explicit import ReachableSet
from ..explore.quotient import projected
from ..model.language import (
    NONE,
    OK,
    TRUE,
    Action,
    Bool,
    Enum,
    Event,
    Family,
    Index,
    IndexMap,
    Int,
    Maybe,
    Model,
    ModelError,
    Op,
    Rule,
    Sort,
    System,
    Term,
    Value,
    conj,
    const,
    lift,
    nearest,
    show,
    substitute,
    support,
    word,
)
from ..model.language.ground import Grounding
from ..model.language.satisfy import Satisfier
from ..model.language.terms import conjuncts, subterms
from .graph import graph_svg, state_dot
from .story import shortened

if TYPE_CHECKING:
    import networkx as nx

_GUARD = 34
"""How much of a guard stands on an edge; its tooltip has the whole."""
_EVENTS = 8


def machine_graph(
    model: Model,
    machine: str,
    *,
    variable: str = "",
    sizes: Mapping[str, int] | None = None,
    knobs: Mapping[str, Value] | None = None,
    honest: bool = True,
    self_loops: bool = False,
    refusals: bool = False,
) -> nx.MultiDiGraph:
    """The values of a machine's main variable as nodes, and what its rules make of them as edges.

    ``variable`` names a variable of the machine; by default it is the first of an enumerated sort. ``sizes``
    is the smallest topology in which every event can happen, unless given. Knobs that are not fixed may have
    any value. ``honest`` assumes that those whom the machine's rules bind keep them, so that the diagram shows
    what the rules say; without it, the edges of those who do not are there too, as far as the knobs allow any.
    Instances of a machine are drawn as one. The graph's attribute ``idle`` lists the rules that
    can do nothing here at all.
    """
    import networkx as nx  # a check that draws nothing need not wait for it

    family = main_family(model, machine, variable)
    given = smallest(model) if sizes is None else sizes
    system = _instantiated(model, tuple(given.items()), tuple((knobs or {}).items()))
    names = {family.ground_name(i) for i in product(*(index.instances(system.topology) for index in family.over))}
    variables = [v.term for v in system.variables if v.name in names]
    sort = variables[0].sort
    assert isinstance(sort, Bool | Int | Enum)
    graph = nx.MultiDiGraph(name=machine, variable=str(family))
    for value in sort.domain:
        initial = family.init is None or family.init == value
        graph.add_node(value, title=word(value), initial=initial, tooltip=f"{family} = {word(value)}")
    fired: set[str] = set()
    satisfier = Satisfier()
    for action in system.actions:
        if action.reply != OK and not refusals:
            continue
        rules = tuple(_own_rules(action, machine))
        guard = conj(action.guard, *(_kept(r, action, system) for r in rules)) if honest else action.guard
        if not rules or satisfier.values(guard) is None:
            continue
        fired |= {r.name for r in rules}
        for a, b in _steps(action, guard, variables, satisfier):
            for r in rules:
                if a != b or self_loops:
                    _add(graph, a, b, r, action, family)
    refusing = {r.name for r in model.rules if r.machine == machine and r.reply != OK} if not refusals else set()
    mine = [r.name for r in model.rules if r.machine == machine and r.name not in refusing]
    graph.graph["idle"] = tuple(name for name in mine if name not in fired)
    return graph


@lru_cache(maxsize=1)
def _instantiated(model: Model, sizes: tuple[tuple[str, int], ...], knobs: tuple[tuple[str, Value], ...]) -> System:
    """The system of a model; kept, since its machines are drawn one after the other."""
    return model.instantiate(dict(sizes), dict(knobs), check=False)


def machine_dot(
    model: Model,
    machine: str,
    *,
    variable: str = "",
    sizes: Mapping[str, int] | None = None,
    knobs: Mapping[str, Value] | None = None,
    honest: bool = True,
    self_loops: bool = False,
    refusals: bool = False,
) -> str:
    """The diagram of a machine as DOT; see `machine_graph`."""
    graph = machine_graph(
        model, machine, variable=variable, sizes=sizes, knobs=knobs, honest=honest, self_loops=self_loops, refusals=refusals
    )
    idle = graph.graph["idle"]
    subtitle = f"The values of {graph.graph['variable']}."
    if any("[" in label for _, _, label in graph.edges(data="label")):
        subtitle += " In brackets: what is asked for besides."
    if idle:
        never = "by honest parties" if honest else "at this size and setting"
        subtitle += f" Never taken {never}: {', '.join(idle)}."
    return state_dot(graph, title=f"{model.name}: {machine}", subtitle=subtitle)


def machine_svg(
    model: Model,
    machine: str,
    *,
    variable: str = "",
    sizes: Mapping[str, int] | None = None,
    knobs: Mapping[str, Value] | None = None,
    honest: bool = True,
    self_loops: bool = False,
    refusals: bool = False,
) -> str:
    """The diagram of a machine as SVG; see `machine_graph`. Raises `RenderError` without a Graphviz."""
    dot = machine_dot(
        model, machine, variable=variable, sizes=sizes, knobs=knobs, honest=honest, self_loops=self_loops, refusals=refusals
    )
    return graph_svg(dot)


def drawable(model: Model) -> tuple[str, ...]:
    """The machines that have a variable to draw."""
    return tuple(m for m in model.machines if _candidates(model, m))


def main_family(model: Model, machine: str, variable: str = "") -> Family:
    """The variable of a machine to draw: the one that is named, else the first of an enumerated sort.

    A machine without such is drawn by its first truth value or reference. Raises `ModelError` when it has
    none of these, or when there is no such machine or variable.
    """
    if machine not in model.machines:
        raise ModelError(f"model {model.name} has no machine {machine!r}{nearest(machine, model.machines)}")
    if variable:
        mine = {f.name: f for f in model.families if f.machine == machine}
        if variable not in mine:
            raise ModelError(f"machine {machine} has no variable {variable!r}{nearest(variable, mine)}")
        return mine[variable]
    found = _candidates(model, machine)
    if not found:
        raise ModelError(f"machine {machine} has no variable with a few named values, so there is nothing to draw")
    return found[0]


def _candidates(model: Model, machine: str) -> list[Family]:
    """The drawable variables of a machine, the most telling kind first."""
    mine = [f for f in model.families if f.machine == machine and not f.rigid]
    return [f for kind in (Enum, Bool, Maybe) for f in mine if isinstance(f.sort, kind)]


def smallest(model: Model) -> dict[str, int]:
    """The smallest topology in which every event finds the instances that it speaks of."""
    sizes: dict[str, int] = {}

    def need(sort: Sort, n: int = 1) -> None:
        index = sort.index if isinstance(sort, Maybe) else sort
        if isinstance(index, Index):
            sizes[index.name] = max(sizes.get(index.name, 1), n)

    for f in model.families:
        for sort in (*f.over, f.sort):
            need(sort)
    for e in model.events.values():
        for sort, n in Counter(p.sort for p in e.params).items():
            need(sort, n)
    for r in model.rules:
        terms = (r.when, *(c.term for c in r.checks), *(x for u in r.updates for x in (u.target, u.value)))
        for t in terms:
            for x in subterms(t):
                need(x.sort)
                if x.op is Op.CONST and isinstance(x.sort, Index | Maybe) and x.data != NONE:
                    # An instance that is named: there must be as many as its number says.
                    index = x.sort.index if isinstance(x.sort, Maybe) else x.sort
                    need(x.sort, int(str(x.data).removeprefix(index.name)) + 1)
                if x.op is Op.APPLY and isinstance(x.data, IndexMap):
                    need(x.data.source)
    return sizes


def _own_rules(action: Action, machine: str) -> Iterator[Rule]:
    """The rules of a machine in an action: those that take part, and the one that refuses."""
    for r in (*action.rules, *([action.refused_by] if action.refused_by else [])):
        if r.machine == machine:
            yield r


def _kept(r: Rule, action: Action, system: System) -> Term:
    """When the party that a rule binds is honest, in the setting of the system."""
    if r.binds is None:
        return TRUE
    ground = Grounding(system.topology)
    values = dict(action.args)
    env = {p.name: lift(values[p.name], ground.sort(p)) for p in r.event.params}
    term = ground.term(r.binds.honest, env, f"party {r.binds}")
    fixed = {v: const(system.knobs[v.name], v.sort) for v in support(term) if v.name in system.knobs}
    return substitute(term, fixed)


def _steps(action: Action, guard: Term, variables: Sequence[Term], satisfier: Satisfier) -> Iterator[tuple[Value, Value]]:
    """What an action can make of the variables under a guard: pairs of values before and after.

    An instance that the action neither asks about nor changes is none of its business.
    """
    asked = frozenset(support(action.guard))
    for v in variables:
        new = action.update_of.get(v)
        if new is None and v not in asked:
            continue
        assert isinstance(v.sort, Bool | Int | Enum)
        for before in v.sort.domain:
            here = guard & (v == before)
            if satisfier.values(here) is None:
                continue
            if new is None:
                yield before, before
            else:
                yield from (
                    (before, after) for after in v.sort.domain if satisfier.values(here & (new == after)) is not None
                )


def _brief(guard: str) -> str:
    """The first conditions of a guard, as many as fit, and whether there are more."""
    first, *rest = guard.split(", ")
    kept = shortened(first, _GUARD)
    while rest and len(f"{kept}, {rest[0]}") <= _GUARD:
        kept += f", {rest.pop(0)}"
    return f"{kept}, …" if rest else kept


def _add(graph: nx.MultiDiGraph, before: Value, after: Value, r: Rule, action: Action, family: Family) -> None:
    """An edge for a rule, once for each reply."""
    refused = action.reply != OK
    label = r.event.name + (f" → {action.reply}" if refused else "")
    guard = _guard(r, family) if not refused else ""
    if guard:
        label += f" [{_brief(guard)}]"
    name = f"{r.machine}.{r.name}"
    for e in graph.get_edge_data(before, after, default={}).values():
        if e["label"] == label:
            if name not in e["rules"]:
                e["rules"].append(name)
            return
    graph.add_edge(before, after, label=label, refused=refused, rules=[name], tooltip=_rule_tooltip(r))


def _guard(r: Rule, family: Family) -> str:
    """What a rule asks for besides the state that the edge leaves: its checks by name, the rest as a formula."""
    conditions = [c for c in conjuncts(r.when) if not _about(c, family)]
    checks = [c.name for c in r.checks if not _about(c.term, family)]
    # Whose instance is meant can be seen from the event, so the indices go.
    formulas = [re.sub(r"\[[^][]*\]", "", show(c)) for c in conditions]
    return ", ".join([*formulas, *checks])


def _about(t: Term, family: Family) -> bool:
    return any(x.op is Op.SELECT and x.data is family for x in subterms(t))


def _rule_tooltip(r: Rule) -> str:
    """A rule in full: who does what, when, what it checks, and on whose authority."""
    lines = [f"{r.machine}.{r.name}, by {r.event.actor}"]
    lines += [f"when {show(r.when)}"] if r.when is not TRUE else []
    lines += [f"checks {c.name}: {show(c.term)}" + (f", else {c.reply}" if c.reply else "") for c in r.checks]
    lines += [f"sets {show(u.target)} := {show(u.value)}" for u in r.updates]
    lines += [r.cite] if r.cite else []
    return "\n".join(lines)


# What an exploration used of a machine.


def covered_graph(model: Model, machine: str, found: ReachableSet) -> nx.MultiDiGraph:
    """The diagram of a machine at the size and setting of a system, with what no reachable step does set back (``faint``).

    The graph's attribute ``taken`` counts the drawn edges that some step takes, of any instance.
    """
    system = found.system
    graph = machine_graph(model, machine, sizes=system.topology, knobs=system.knobs, honest=False)
    family = main_family(model, machine)
    values: set[Value] = set()
    taken: set[tuple[Value, Value, str]] = set()
    for instances in product(*(index.instances(system.topology) for index in family.over)):
        q = projected(found, [family.ground_name(instances)])
        reached = [node[0] for node in q.nodes]
        values |= set(reached)
        for (a, b), actions in q.edges.items():
            for r in (r for i in actions for r in _own_rules(system.actions[i], machine)):
                taken.add((reached[a], reached[b], f"{r.machine}.{r.name}"))
    for node, data in graph.nodes(data=True):
        data["faint"] = node not in values
    for a, b, data in graph.edges(data=True):
        data["faint"] = not any((a, b, rule) in taken for rule in data["rules"])
    graph.graph["taken"] = sum(not faint for _, _, faint in graph.edges(data="faint"))
    return graph


def covered_dot(model: Model, machine: str, found: ReachableSet) -> str:
    """The machine with its coverage, as DOT."""
    graph = covered_graph(model, machine, found)
    subtitle = (
        f"The values of {graph.graph['variable']} in {found.system.name}: {graph.graph['taken']} of {graph.number_of_edges()} "
        "transitions are taken; grey and dotted: never."
    )
    return state_dot(graph, title=f"{model.name}: {machine}", subtitle=subtitle)


def covered_svg(model: Model, machine: str, found: ReachableSet) -> str:
    """The machine with its coverage, as SVG. Raises `RenderError` without a Graphviz."""
    return graph_svg(covered_dot(model, machine, found))


# Who shares which events.


def composition_graph(model: Model) -> nx.DiGraph:
    """The machines as nodes, and an edge where an event passes from one machine to the next.

    Events that one machine has for itself stand in its node. Machines without a rule are left out.
    """
    import networkx as nx  # a check that draws nothing need not wait for it

    graph = nx.DiGraph(name=model.name)
    alone: dict[str, list[str]] = {}
    hops: dict[tuple[str, str], list[Event]] = {}
    for event in model.events.values():
        mine = {r.machine for r in model.rules if r.event is event}
        order = [m for m in dict.fromkeys((*event.route, *model.machines)) if m in mine]
        if len(order) == 1:
            alone.setdefault(order[0], []).append(event.name)
        for hop in pairwise(order):
            hops.setdefault(hop, []).append(event)
    for m in model.machines:
        if any(r.machine == m for r in model.rules):
            graph.add_node(m, title=m, lines=_listed(alone.get(m, [])), tooltip=f"{m}: {_rules_of(model, m)} rules")
    for (a, b), events in hops.items():
        label = "\n".join(_listed([e.name for e in events]))
        tip = "\n".join(e.name + (f": {e.doc}" if e.doc else "") for e in events)
        graph.add_edge(a, b, label=label, tooltip=tip)
    return graph


def composition_dot(model: Model) -> str:
    """Which machines share which events, as DOT."""
    return state_dot(composition_graph(model), title=f"{model.name}: machines and the events they share")


def composition_svg(model: Model) -> str:
    """Which machines share which events, as SVG. Raises `RenderError` without a Graphviz."""
    return graph_svg(composition_dot(model))


def _rules_of(model: Model, machine: str) -> int:
    return sum(r.machine == machine for r in model.rules)


def _listed(names: list[str]) -> list[str]:
    """Names, one a line, at most a few."""
    more = [f"… {len(names) - _EVENTS} more"] if len(names) > _EVENTS else []
    return names[:_EVENTS] + more
