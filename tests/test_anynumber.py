"""Any number of instances: what is claimed holds at every topology, and what breaks at a large one is never claimed."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anynumber_models import P, about, history, holds, lock, looking_around, p, places, r, token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from jsonschema import Draft202012Validator
from tdisprove.cli import main
from tdisprove.explore import Limits, Verdict, check, targets
from tdisprove.explore.anynumber import Answer, decide
from tdisprove.explore.anynumber.document import certificate
from tdisprove.explore.anynumber.grounded import Grounded
from tdisprove.explore.certificate import Refused
from tdisprove.explore.certificate.parametric_checker import verify_parametric
from tdisprove.explore.parametric import subject
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Event,
    Index,
    IndexMap,
    Int,
    Machine,
    Maybe,
    Model,
    ModelError,
    System,
    Term,
    after,
    conj,
    disj,
    enum,
    exists,
    for_each,
    forall,
    implies,
    ite,
    neg,
    param,
)
from tdisprove.model.language.parametric import NotParametric, Parametric, parametric
from tdisprove.model.language.written import same
from tdisprove.model.world import ASPECTS
from tdisprove.properties import After, Invariant, Never, Precedence, Property, StepLaw, becomes, occurs
from tdisprove.properties.catalogue import PROPERTIES, aspect_of, expectation, find
from tdisprove.properties.parametric import compile_parametric
from tdisprove.reports.anynumber import document, lines
from tdisprove.reports.json_report import schema

SMALL = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
Document = dict[str, Any]
EXAMPLE = Path(__file__).parent.parent / "examples" / "two_phase_commit.py"

# --- The model for any number is the model ----------------------------------------------------------------------------

SIZES = {"device": 2, "tdi": 3, "tvm": 2, "stream": 2, "k": 2, "substream": 2}


def _parametric(flow: str, aspect: str) -> tuple[Model, Parametric]:
    f, seen = FLOWS[flow], ASPECTS[aspect]
    model = f.models.get(aspect) or seen.model
    return model, parametric(model, {k: v for k, v in f.knobs().items() if k in seen.knobs})


def _alike(a: System, b: System) -> None:
    """The same variables, and the same actions but for their order and that of what is joined by `and` and `or`."""
    assert [(v.name, v.sort, v.rigid) for v in a.variables] == [(v.name, v.sort, v.rigid) for v in b.variables]
    assert same([a.init], [b.init])
    sides: list[dict[object, list[Any]]] = []
    for system in (a, b):
        found = defaultdict(list)
        for x in system.actions:
            by = x.refused_by and (x.refused_by.machine, x.refused_by.name)
            found[x.event, x.args, x.reply, tuple((rule.machine, rule.name) for rule in x.rules), by].append(x)
        sides.append(found)
    assert sides[0].keys() == sides[1].keys()
    for key, actions in sides[0].items():
        for x, y in zip(actions, sides[1][key], strict=True):
            assert same([x.guard], [y.guard]), x.label
            changes = [{t.name: value for t, value in action.updates} for action in (x, y)]
            assert changes[0].keys() == changes[1].keys(), x.label
            assert same(list(changes[0].values()), [changes[1][name] for name in changes[0]]), x.label


@pytest.mark.parametrize("aspect", [a for a in ASPECTS if a != "responder"])
def test_the_model_for_any_number_is_at_each_topology_the_system(aspect: str) -> None:
    for flow in ("arm-cca-rsi", "sev-tio-guest-run"):
        model, general = _parametric(flow, aspect)
        for most in (1, 3):
            sizes = {i: min(most, SIZES[i]) for i in ASPECTS[aspect].topology}
            if sizes.get("k") == 1:
                sizes["k"] = 2  # the rules name both key sets
            _alike(model.instantiate(sizes, general.knobs, check=False), general.at(sizes)[0])


def test_the_responder_for_any_number_is_at_a_topology_the_system() -> None:
    model, general = _parametric("hyperv", "responder")
    _alike(model.instantiate({"device": 1, "tdi": 2}, general.knobs, check=False), general.at({"device": 1, "tdi": 2})[0])


@pytest.mark.parametrize(("flow", "tdis", "every"), [("cove-io", 1, 3), ("linux-tsm", 1, 3), ("cove-io", 2, 9)])
def test_properties_for_any_number_are_at_a_topology_the_properties(flow: str, tdis: int, every: int) -> None:
    """With two TDIs, one of the property's and one of the action's are told apart."""
    _, general = _parametric(flow, "lifecycle")
    sizes = {"device": 1, "tdi": tdis, "tvm": 1}
    system = FLOWS[flow].system(sizes)
    chosen = [
        x
        for x in PROPERTIES.values()
        if aspect_of(x) == "lifecycle" and isinstance(x.formula, Invariant | Never | Precedence | StepLaw)
    ]
    for prop, result in zip(chosen[::every], check(system, chosen[::every]), strict=True):
        watched, obligations = compile_parametric(general, prop)
        found = _decided(Grounded(watched, sizes, obligations))
        assert all(x.verdict is not Verdict.UNKNOWN for x in found)
        depths = [x.depth for x in found if x.verdict is Verdict.VIOLATED]
        assert (bool(depths), min(depths, default=None)) == (
            result.verdict is Verdict.VIOLATED,
            result.depth if result.trace else None,
        ), prop.id


def _decided(at: Grounded) -> Any:
    from tdisprove.explore.explicit import ExplicitEngine

    return ExplicitEngine().check(at.part.system, at.part.obligations).outcomes


# --- What holds for any number ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [lock, looking_around, token, history])
def test_it_is_proved_for_any_number(of: Callable[[], tuple[Model, Property]]) -> None:
    model, prop = of()
    answer = decide(about(model), prop)
    assert answer.verdict is Verdict.HOLDS, answer.note
    assert verify_parametric(answer.document)[1].keys() == {"z3", "cvc5"}
    _holds_everywhere(answer, {"p": 4})


def test_of_some_there_may_be_any_number_and_of_others_as_many_as_are_said() -> None:
    model, prop = places()
    answer = decide(about(model, q=2), prop)
    assert answer.verdict is Verdict.HOLDS, answer.note
    answer = decide(about(model, q=3), prop)
    assert answer.verdict is Verdict.VIOLATED
    assert answer.trace is not None
    assert answer.trace.system.topology["q"] == 3


def test_two_phase_commit_is_consistent_for_any_number() -> None:
    (target,) = targets([str(EXAMPLE)])
    answer = decide(subject(target, ["rm"]), target.properties[0])
    assert answer.verdict is Verdict.HOLDS
    assert len(answer.lemmas) == 2


def _holds_everywhere(answer: Answer, most: dict[str, int]) -> None:
    model, prop = answer.about.model, answer.prop
    watched, obligations = compile_parametric(model, prop)
    ((index, n),) = most.items()
    for k in range(1, n + 1):
        at = Grounded(watched, {**answer.about.fixed, index: k}, obligations)
        assert all(x.verdict is Verdict.HOLDS for x in _decided(at)), f"{index} {k}"


# --- What breaks at a large topology ----------------------------------------------------------------------------------


def counter(k: int) -> tuple[Model, Property]:
    """So many may enter, and one more breaks it."""
    m = Machine("m")
    count = m.var("count", Int(0, k + 1), init=0)
    inside = m.array("inside", BOOL, over=(P,), init=False)
    m.rule(Event("enter", (p,)), when=[neg(inside[p])], set={inside[p]: True, count: ite(count <= k, count + 1, count)})
    return Model.of("counter", m), holds(count <= k)


def ladder(k: int) -> tuple[Model, Property]:
    """A step up takes somebody else on the same rung, so the top takes one more than there are rungs."""
    m = Machine("m")
    rung = m.array("rung", Int(0, k), over=(P,), init=0)
    together = exists(r, (r != p) & (rung[r] == rung[p]))
    m.rule(Event("climb", (p,)), when=[rung[p] < k, together], set={rung[p]: ite(rung[p] < k, rung[p] + 1, rung[p])})
    return Model.of("ladder", m), holds(rung[p] != k, (p,))


def crowd(k: int) -> tuple[Model, Property]:
    """Different ones are named one after the other; nobody is named twice."""
    m = Machine("m")
    names = [m.var(f"name{i}", Maybe(P), init="none") for i in range(k + 1)]
    for i, name in enumerate(names):
        before = [names[j] != p for j in range(i)] + [names[j] != "none" for j in range(i)]
        m.rule(Event(f"name{i}", (p,)), when=[name == "none", *before], set={name: p})
    return Model.of("crowd", m), holds(names[-1] == "none")


def everybody(k: int) -> tuple[Model, Property]:
    """A wave goes on while somebody has not been reached, and all are told at once."""
    m = Machine("m")
    told = m.array("told", BOOL, over=(P,), init=False)
    waves = m.var("waves", Int(0, k + 1), init=0)
    m.rule(
        Event("wave", (p,)), when=[neg(told[p]), waves <= k],
        each=[for_each(r, told[r], told[r] | (r == p))], set={waves: ite(waves <= k, waves + 1, waves)},
    )  # fmt: skip
    return Model.of("everybody", m), holds(waves <= k)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("of", [counter, ladder, crowd, everybody])
def test_what_breaks_with_one_more_is_never_claimed(of: Callable[[int], tuple[Model, Property]], k: int) -> None:
    model, prop = of(k)
    answer = decide(about(model), prop, Limits(seconds=5))
    assert answer.verdict is (Verdict.VIOLATED if k == 1 else answer.verdict)  # one more than one is always looked at
    assert answer.verdict is not Verdict.HOLDS
    if answer.verdict is Verdict.VIOLATED:
        assert answer.trace is not None
        assert answer.trace.system.topology["p"] > k
    else:
        assert answer.note
        assert answer.failure is None or answer.failure.reachable is not True


# --- The checker accepts nothing that is not so -----------------------------------------------------------------------


@st.composite
def conditions(draw: DrawFn, names: tuple[Term, ...], depth: int = 2) -> Term:
    """A truth value over the variables of `random_model` and some instances."""
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        some = [lambda: FLAG, lambda: POINTER == "none"]
        if names:
            x, y = draw(st.sampled_from(names)), draw(st.sampled_from(names))
            some += [
                lambda: A[x],
                lambda: B[x] == draw(st.sampled_from(["x", "y", "z"])),
                lambda: x == POINTER,
                lambda: x == y,
            ]
        found = draw(st.sampled_from(some))()
        return found if draw(st.booleans()) else neg(found)
    kind = draw(st.sampled_from(["and", "or", "forall", "exists"]))
    if kind in ("and", "or"):
        parts = [draw(conditions(names, depth - 1)) for _ in range(2)]
        return conj(*parts) if kind == "and" else disj(*parts)
    bound = param(draw(st.sampled_from(["s", "p"])), P)
    others = tuple(n for n in names if n is not bound)
    return (forall if kind == "forall" else exists)(bound, draw(conditions((*others, bound), depth - 1)))


M = Machine("m")
A = M.array("a", BOOL, over=(P,), init=False)
B = M.array("b", enum("B", "x", "y", "z"), over=(P,), init="x")
FLAG = M.var("flag", BOOL, init=False)
POINTER = M.var("pointer", Maybe(P), init="none")


@st.composite
def random_models(draw: DrawFn) -> Model:
    m = Machine("m", families=M.families.copy())
    for i in range(draw(st.integers(1, 3))):
        params = draw(st.sampled_from([(), (p,), (p, r)]))
        where = p != r if len(params) == 2 and draw(st.booleans()) else TRUE
        updates: dict[Term, Any] = {}
        each = []
        if draw(st.booleans()):
            updates[FLAG] = draw(conditions(params, 1))
        if params and draw(st.booleans()):
            updates[POINTER] = draw(st.sampled_from([*params, "none"]))
        for family, values in ((A, [True, False]), (B, ["x", "y", "z"])):
            how = draw(st.sampled_from(["set", "each", "idle"] if params else ["each", "idle"]))
            if how == "set":
                updates[family[draw(st.sampled_from(params))]] = draw(st.sampled_from(values))
            elif how == "each":
                s = param("s", P)
                each.append(
                    for_each(s, family[s], ite(draw(conditions((*params, s), 1)), draw(st.sampled_from(values)), family[s]))
                )
        m.rule(Event(f"e{i}", params, where=where), when=[draw(conditions(params))], set=updates, each=each)
    return Model.of("random", m)


@st.composite
def random_properties(draw: DrawFn, model: Model) -> Property:
    over = draw(st.sampled_from([(), (p,), (p, r)]))
    events = list(model.events.values())
    steps = [occurs(e, **{x.name: x for x in e.params if any(x is o for o in over)}) for e in events] + [
        becomes(draw(conditions(over, 1)))
    ]
    step, other = draw(st.sampled_from(steps)), draw(st.sampled_from(steps))
    formula = draw(
        st.sampled_from([
            Invariant(draw(conditions(over))),
            StepLaw(step, implies(draw(conditions(over, 1)), after(draw(conditions(over, 1))))),
            Never(step, After(other)),
            Precedence(other, step),
        ])
    )  # fmt: skip
    return Property("it", "It is so.", formula, over)


ACCEPTED = {True: 0, False: 0}


@SMALL
@given(st.data())
def test_what_the_checker_accepts_holds_at_every_topology(data: st.DataObject) -> None:
    model = data.draw(random_models())
    prop = data.draw(random_properties(model))
    general = parametric(model, {})
    watched, obligations = compile_parametric(general, prop)
    x, y = param("x_1", P), param("x_2", P)
    lemmas = data.draw(st.lists(conditions((x, y), 1), max_size=3))
    document = certificate(watched, obligations, lemmas, {}, prop, {})
    try:
        verify_parametric(document, ("z3",), seconds=0.5)
    except Refused:
        ACCEPTED[False] += 1
        return
    ACCEPTED[True] += 1
    for n in (1, 2, 3, 4):
        at = Grounded(watched, {"p": n}, obligations)
        assert all(o.verdict is Verdict.HOLDS for o in _decided(at)), f"{n} instances"


@settings(SMALL, max_examples=15)
@given(st.data())
def test_a_verdict_is_that_of_exploration(data: st.DataObject) -> None:
    model = data.draw(random_models())
    prop = data.draw(random_properties(model))
    answer = decide(about(model), prop, Limits(seconds=3))
    if answer.verdict is Verdict.HOLDS:
        _holds_everywhere(answer, {"p": 4})
    elif answer.verdict is Verdict.VIOLATED:
        assert answer.trace is not None
        watched, obligations = compile_parametric(answer.about.model, prop)
        at = Grounded(watched, answer.trace.system.topology, obligations)
        (x,) = _decided(at)
        assert x.verdict is Verdict.VIOLATED
        assert x.depth <= len(answer.trace)


# --- What cannot be done is said --------------------------------------------------------------------------------------


def test_a_named_instance_is_refused_where_there_may_be_any_number() -> None:
    (target,) = targets(["cove-io"], ["no-gap-in-a-refresh"])
    answer = decide(subject(target, ["k"]), target.properties[0])
    assert answer.verdict is Verdict.UNKNOWN
    assert "names k" in answer.note


def test_kinds_of_property_that_are_not_proved_this_way_are_unknown() -> None:
    for name in ("a-tdi-can-come-into-use", "unlock-is-always-possible"):
        (target,) = targets(["cove-io"], [name])
        answer = decide(subject(target, ["tdi"]), find(name))
        assert answer.verdict is Verdict.UNKNOWN
        assert name in answer.note


def test_an_update_that_does_not_say_which_variable_is_refused() -> None:
    m = Machine("m")
    last = m.var("last", Maybe(P), init="none")
    m.rule(Event("all"), each=[for_each(p, last, p)])
    with pytest.raises(NotParametric, match="repeated over p"):
        parametric(Model.of("all", m), {})


def test_updates_that_might_meet_in_one_variable_are_refused() -> None:
    """At one P they never do, at two of them the model is refused, and which of the two came last decided the verdict."""
    shelf, r = Index("shelf"), param("r", P)
    place = IndexMap("place", P, shelf, lambda n, sizes: n % sizes["shelf"])
    m = Machine("m")
    a = m.array("a", BOOL, over=(shelf,), init=False)
    m.rule(Event("e", (p, r), where=p != r), set={a[place(p)]: False, a[place(r)]: True})
    model = Model.of("meeting", m)
    model.instantiate({"p": 1, "shelf": 1})
    with pytest.raises(ModelError, match="is updated twice in one step"):
        model.instantiate({"p": 2, "shelf": 1})
    with pytest.raises(NotParametric, match=r"is updated more than once in one step"):
        parametric(model, {})


def test_a_counterexample_to_induction_is_shown_and_said_to_be_reachable_or_not() -> None:
    model, prop = ladder(8)
    answer = decide(about(model), prop, Limits(seconds=6))
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.failure is not None
    assert answer.failure.reachable is not True
    assert answer.failure.event.startswith("climb(p")
    assert 7 in answer.failure.state.values()
    said = " ".join(lines(answer))
    assert "counterexample to induction with p " in said
    assert "= 7" in said


def test_a_violation_at_a_larger_topology_is_found_and_is_a_run() -> None:
    model, prop = crowd(4)
    answer = decide(about(model), prop)
    assert answer.verdict is Verdict.VIOLATED
    assert answer.trace is not None
    assert answer.trace.system.topology["p"] == 5


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_and_its_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.json"
    assert main(["prove", str(EXAMPLE), "--any", "rm", "--certificate", str(file)]) == 0
    assert "holds for any number of rm" in capsys.readouterr().out
    assert main(["verify-certificate", str(file), "--source", str(EXAMPLE)]) == 0
    assert "consistent holds in two_phase_commit for any number of rm" in capsys.readouterr().out
    assert main(["verify-certificate", str(file)]) == 2
    assert main(["prove", "cove-io", "-p", "gates-closed-before-reuse", "--any", "tdi", "--any", "tvm", "-q"]) == 0
    assert "holds for any number of tdi and tvm, device 1" in capsys.readouterr().out
    central = "no-tbit-dma-emitted-before-accept"
    assert main(["prove", "sev-tio-host-run", "-p", central, "--any", "all", "--format", "json"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["verdict"], result["depth"], result["topology"]["tdi"]) == ("violated", 5, 1)
    assert main(["prove", "cove-io", "-p", "a-tdi-can-come-into-use", "--any", "tdi"]) == 3
    capsys.readouterr()
    for wrong in (
        ["--any", "foo"],
        ["--any", "tdi", "--tdis", "2"],
        ["--any", "tdi", "--why"],
        ["--any", "tdi", "--engine", "z3"],
    ):
        assert main(["prove", "cove-io", "-p", central, *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_document_is_as_its_published_schema_says() -> None:
    described = schema("anynumber")
    Draft202012Validator.check_schema(described)
    validator = Draft202012Validator(described)
    kept, broken = token(), crowd(2)
    answers = [decide(about(m), p) for m, p in (kept, broken, ladder(7))]
    answers.append(decide(about(kept[0]), kept[1], Limits(seconds=0.0)))
    found = json.loads(json.dumps(document("1", {"a flow": answers}, ["a note"])))
    validator.validate(found)
    assert {r["verdict"] for r in found["results"]} == {"holds", "violated", "unknown"}
    assert any(r["counterexample_to_induction"] for r in found["results"])
    for key, value in (("verdict", "maybe"), ("trace", {}), ("surprise", 1), ("questions", {"z3": -1})):
        wrong = copy.deepcopy(found)
        wrong["results"][0][key] = value
        assert not validator.is_valid(wrong)


# --- What the documentation says --------------------------------------------------------------------------------------

DOCS = (Path(__file__).parent.parent / "docs" / "anynumber.md").read_text(encoding="utf-8")


def _rows() -> Iterator[tuple[str, str, str]]:
    """Property, flow and what the table in the documentation says."""
    flows: list[str] = []
    for line in DOCS.splitlines():
        cells = [c.strip().strip("`") for c in line.strip("|").split("|")]
        if cells[0] == "property" and cells[1] in FLOWS:
            flows = cells[1:]
        elif flows and cells[0] in PROPERTIES:
            yield from ((cells[0], f, c) for f, c in zip(flows, cells[1:], strict=True))


def test_the_table_agrees_with_the_record() -> None:
    rows = list(_rows())
    assert len(rows) >= 100
    for name, flow, says in rows:
        recorded = expectation(flow, name) if aspect_of(find(name)) in FLOWS[flow].aspects else None
        if recorded is None:
            assert says == "–", (name, flow)
        elif recorded.verdict == "violated":
            assert says == f"violated at {recorded.depth}", (name, flow)
        else:
            assert says.startswith(("any number", "violated at", "unknown")), (name, flow)


@pytest.mark.parametrize("flow", ["tdx-connect", "hyperv"])
def test_the_table_is_what_the_command_prints(flow: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("no-tbit-dma-emitted-before-accept", "gates-closed-before-reuse", "run-needs-a-secure-stream")
    main(["prove", flow, *(x for name in chosen for x in ("-p", name)), "--any", "all", "--format", "markdown"])
    printed = capsys.readouterr().out
    for name, other, says in _rows():
        if other == flow and name in chosen:
            assert f"| `{name}` | {says} |" in printed
