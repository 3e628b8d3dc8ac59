"""Certificates: what is proved can be checked by others, and what is not, or not of this system, is refused."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import naive
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import conditions, systems, systems_with_properties
from tdisprove.cli import main
from tdisprove.explore import Limits, Target, check, targets
from tdisprove.explore.certificate import Refused, certificate, checker, verify_document, verify_file
from tdisprove.explore.certificate.text import canonical, digest
from tdisprove.explore.engine import NO_LIMITS
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.explore.smt.fixpoint import FixpointEngine
from tdisprove.explore.smt.induction import verify
from tdisprove.model.language import BOOL, ModelError, System, Term, show
from tdisprove.model.language.written import Written, enumerations, same
from tdisprove.properties import Property, compile_properties
from tdisprove.properties.catalogue import find

SMALL = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
MANY = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
Document = dict[str, Any]


def made(flow: str, name: str, engine: Any = None, **topology: int) -> Document:
    (target,) = targets([flow], [name], topology)
    document, _ = certificate(target, find(name), engine or SatEngine())
    assert document is not None
    return document


@pytest.fixture(scope="module")
def proof() -> Document:
    return made("cove-io", "no-tbit-dma-effective-before-accept")


@pytest.fixture(scope="module")
def trace() -> Document:
    return made("sev-tio-host-run", "no-tbit-dma-emitted-before-accept")


def changed(document: Document, change: Callable[[Document], object], *, hashed: bool = True) -> Document:
    """A copy with a change; with ``hashed``, whoever made it has put the hash right."""
    other = copy.deepcopy(document)
    change(other)
    if hashed:
        other["hash"] = digest(other["system"])
    return other


def refused(document: Document, tmp_path: Path, match: str = ".") -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps(document))
    with pytest.raises((Refused, ModelError), match=match):
        verify_file(file, solvers=("z3",))


# --- What verifies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "name", "verdict"),
    [
        ("cove-io", "no-tbit-dma-effective-before-accept", "holds"),
        ("cove-io", "gates-closed-before-reuse", "holds"),
        ("sev-tio-host-run", "no-tbit-dma-emitted-before-accept", "violated"),
        ("sev-tio-host-run", "a-tdi-can-come-into-use", "holds"),
        ("sev-tio-guest-run", "ide-without-tdisp", "holds"),
        ("tdx-connect", "accepted-evidence-is-of-this-epoch", "holds"),
    ],
)
def test_what_was_found_verifies_by_both_solvers(flow: str, name: str, verdict: str, tmp_path: Path) -> None:
    document = made(flow, name)
    file = tmp_path / "c.json"
    file.write_text(json.dumps(document))
    found = verify_file(file)
    assert (found.verdict, found.prop, found.of) == (verdict, name, flow)
    if any("invariant" in e for e in document["evidence"]):
        assert found.asked.keys() == {"z3", "cvc5"}
        assert len(set(found.asked.values())) == 1


@pytest.mark.parametrize("engine", ["bdd", "explicit"])
@pytest.mark.parametrize(
    ("flow", "name"),
    [
        ("cove-io", "gates-closed-before-reuse"),
        ("cove-io", "accepted-measurements-are-not-replayed"),
        ("sev-tio-host-run", "no-tbit-dma-emitted-before-accept"),
        ("sev-tio-host-run", "a-tdi-can-come-into-use"),
    ],
)
def test_the_reachable_states_make_a_certificate_too(engine: str, flow: str, name: str) -> None:
    document = made(flow, name, FixpointEngine(engine))
    assert document["made by"]["engine"] == engine
    (expected,) = check(targets([flow], [name])[0].system, [find(name)])
    verdict, asked = verify_document(document)
    assert verdict == expected.verdict.value
    assert asked.keys() in (set(), {"z3", "cvc5"})
    for e in document["evidence"]:
        # None of the lemmas can be left out, or stand for its opposite.
        for i, lemma in enumerate(e.get("invariant", ())):
            for tampered in ("true", f"not ({lemma})"):
                other = copy.deepcopy(document)
                other["evidence"][document["evidence"].index(e)]["invariant"][i] = tampered
                with pytest.raises(Refused):
                    verify_document(other, ("z3",))


def test_one_prover_for_several_properties_takes_no_states_of_one_for_those_of_another() -> None:
    # The monitors of different properties have the same names.
    engine = FixpointEngine("bdd")
    for name in ("no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept", "run-only-after-accept"):
        assert verify_document(made("cove-io", name, engine), ("z3",))[0] == "holds"


def test_an_invariant_that_would_be_too_long_is_not_written_and_that_is_said() -> None:
    name = "no-tbit-dma-effective-before-accept"
    (target,) = targets(["cove-io"], [name])
    for engine, limits, why in (
        (
            FixpointEngine("bdd", most=2),
            NO_LIMITS,
            "it holds, but no invariant was written: more than 2 lemmas would be needed",
        ),
        (FixpointEngine("explicit"), Limits(states=10), "unknown: the state limit 10 was reached"),
    ):
        assert certificate(target, find(name), engine, limits) == (None, why)


def test_z3s_own_lemmas_make_a_certificate_too() -> None:
    assert verify_document(made("cove-io", "no-tbit-dma-emitted-before-accept", Z3Engine()))[0] == "holds"


def test_exploration_alone_gives_no_invariant() -> None:
    with pytest.raises(Refused, match=r"consecution|safety"):
        verify_document(made("cove-io", "no-tbit-dma-effective-before-accept", ExplicitEngine()), ("z3",))


@SMALL
@given(systems_with_properties())
def test_every_verdict_has_a_certificate(case: tuple[System, list[Property]]) -> None:
    system, properties = case
    for p in properties[:2]:
        verdicts = set()
        for engine in (SatEngine(), FixpointEngine("bdd"), FixpointEngine("explicit")):
            document, verdict = certificate(Target("random", "", lambda: system, (p,)), p, engine)
            assert document is not None
            assert verify_document(json.loads(json.dumps(document)), ("z3",))[0] == verdict
            verdicts.add(verdict)
        assert len(verdicts) == 1


@SMALL
@given(
    systems_with_properties().flatmap(lambda c: st.lists(conditions(c[0].variables), max_size=3).map(lambda ts: (*c, ts)))
)
def test_no_lemmas_whatever_make_a_false_property_hold(case: tuple[System, list[Property], list[Term]]) -> None:
    system, properties, lemmas = case
    for p in properties[:1]:
        watched, obligations = compile_properties(system, [p])
        form = canonical(watched, obligations)
        fails = naive.explore(watched, obligations).fails_at
        for i, (o, fails_at) in enumerate(zip(obligations, fails, strict=True)):
            evidence = [{"obligation": i, "invariant": [show(t) for t in lemmas]}]
            document = {
                "format": "tdisprove certificate 1",
                "property": p.id,
                "says": p.says,
                "verdict": "?",
                "made from": {},
            }
            document |= {"made by": {}, "hash": digest(form), "system": form, "evidence": evidence}
            with pytest.raises(Refused) as e:
                verify_document(document, ("z3",))
            inductive = "the evidence shows" in str(e.value)
            # The prover's own check, which shares nothing with this one, says the same.
            assert inductive == (verify(watched, o, lemmas) is None)
            assert not (inductive and fails_at is not None)


# --- What is refused --------------------------------------------------------------------------------------------------


def test_a_lemma_less_is_refused(proof: Document, tmp_path: Path) -> None:
    lemmas = proof["evidence"][0]["invariant"]
    assert len(lemmas) > 3
    for i in range(len(lemmas)):
        refused(changed(proof, lambda d, i=i: d["evidence"][0]["invariant"].pop(i)), tmp_path, "consecution|safety")  # type: ignore[misc]


def test_a_lemma_that_is_weakened_to_nothing_is_refused(proof: Document, tmp_path: Path) -> None:
    for i, lemma in enumerate(proof["evidence"][0]["invariant"]):

        def weaken(d: Document, i: int = i, lemma: str = lemma) -> None:
            d["evidence"][0]["invariant"][i] = f"({lemma}) or not ({lemma})"

        refused(changed(proof, weaken), tmp_path, "consecution|safety")


def test_a_lemma_weakened_by_a_case_is_refused_when_the_prover_would_too(proof: Document) -> None:
    watched, (obligation,) = compile_properties(
        targets(["cove-io"], [proof["property"]])[0].system, [find(proof["property"])]
    )
    written = Written({v.name: v.sort for v in watched.variables})
    lemmas = proof["evidence"][0]["invariant"]
    seen = set()
    for i, lemma in enumerate(lemmas):
        for case in ("tdi0.state = RUN", "device0.host_session", "tdi0.nonce"):
            weaker = [*lemmas[:i], f"({lemma}) or {case}", *lemmas[i + 1 :]]
            sound = verify(watched, obligation, [written.truth(t) for t in weaker]) is None
            try:
                verify_document(changed(proof, lambda d, w=weaker: d["evidence"][0].update(invariant=w)), ("z3",))  # type: ignore[misc]
            except Refused:
                assert not sound
            else:
                assert sound
            seen.add(sound)
    assert False in seen


def test_a_lemma_swapped_for_its_opposite_is_refused(proof: Document, tmp_path: Path) -> None:
    for i, lemma in enumerate(proof["evidence"][0]["invariant"]):

        def swap(d: Document, i: int = i, lemma: str = lemma) -> None:
            d["evidence"][0]["invariant"][i] = f"not ({lemma})"

        refused(changed(proof, swap), tmp_path)


def test_evidence_of_another_property_is_refused(proof: Document, tmp_path: Path) -> None:
    other = made("cove-io", "private-dma-only-over-the-tsms-stream")
    refused(changed(proof, lambda d: d.update(evidence=other["evidence"])), tmp_path, "consecution|safety")
    refused(changed(proof, lambda d: d.update(evidence=[])), tmp_path, "the evidence shows")


def _guard(d: Document, n: int) -> None:
    d["system"]["actions"][n]["when"] = "false"


def _update(d: Document) -> None:
    a = next(a for a in d["system"]["actions"] if a["set"])
    a["set"].pop(next(iter(a["set"])))


CHANGES: dict[str, Callable[[Document], object]] = {
    "the initial states": lambda d: d["system"].update(initially="false"),
    "a guard": lambda d: _guard(d, 0),
    "the last guard": lambda d: _guard(d, -1),
    "an update": _update,
    "an action less": lambda d: d["system"]["actions"].pop(),
    "a label": lambda d: d["system"]["actions"][0].update(label="tdi_bind(tdi0)"),
    "a value more": lambda d: d["system"]["variables"][0]["sort"]["Epoch"].append("later"),
    "a variable's meaning": lambda d: d["system"]["variables"][-1].update(doc="nothing"),
    "the obligation": lambda d: d["system"]["obligations"][0].update(state="true", steps={}),
    "the property": lambda d: d.update(property="gates-closed-before-reuse"),
    "what it says": lambda d: d.update(says="All is well."),
    "the flow": lambda d: d["made from"].update(flow="sev-tio-host-run"),
    "a knob": lambda d: d["made from"].update(set={"p2p": True}),
    "the topology": lambda d: d["made from"].update(topology={"device": 1, "tdi": 2, "tvm": 1}),
    "the verdict": lambda d: d.update(verdict="violated"),
    "the kind": lambda d: d["system"]["obligations"][0].update(reach=True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_system_or_property_is_refused(change: str, proof: Document, tmp_path: Path) -> None:
    refused(changed(proof, CHANGES[change]), tmp_path)


def test_the_hash_tells_of_a_change(proof: Document) -> None:
    with pytest.raises(Refused, match="hash"):
        verify_document(changed(proof, lambda d: _guard(d, 0), hashed=False))


def test_a_violated_property_is_not_made_to_hold(trace: Document, tmp_path: Path) -> None:
    for lemmas in ([], ["false"], ["not monitor.seen.0"]):
        evidence = [{"obligation": 0, "invariant": lemmas}]
        refused(changed(trace, lambda d, e=evidence: d.update(evidence=e, verdict="holds")), tmp_path)  # type: ignore[misc]


def test_a_trace_that_is_none_is_refused(trace: Document, tmp_path: Path) -> None:
    steps = trace["evidence"][0]["steps"]
    for i in range(len(steps)):
        refused(changed(trace, lambda d, i=i: d["evidence"][0]["steps"].pop(i)), tmp_path, "not possible|breaks nothing")  # type: ignore[misc]
    refused(changed(trace, lambda d: d["evidence"][0]["steps"].reverse()), tmp_path, "not possible")
    refused(changed(trace, lambda d: d["evidence"][0]["initial"].update({"tdi0.state": "RUN"})), tmp_path, "initial")
    refused(changed(trace, lambda d: d["evidence"][0]["initial"].update({"tdi0.state": "FLYING"})), tmp_path, "domain")
    refused(changed(trace, lambda d: d["evidence"][0]["steps"][0].update(label="x")), tmp_path, "is not x")


# --- What is no certificate -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("system"),
        lambda d: d.update(format="tdisprove certificate 99"),
        lambda d: d["evidence"][0].update(invariant=["tdi0.state ="]),
        lambda d: d["evidence"][0].update(invariant=["tdi9.state = RUN"]),
        lambda d: d["evidence"][0].update(invariant="true"),
        lambda d: d["evidence"][0].update(obligation=7),
        lambda d: d["system"]["variables"][0].update(sort="real"),
        lambda d: d["system"]["actions"][0].update(set={"nothing": "true"}),
        lambda d: d["made from"].update(flow="no-such-flow"),
    ],
)
def test_a_malformed_certificate_is_said_to_be_so_in_one_line(
    change: Callable[[Document], object], proof: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.json"
    broken = changed(proof, change, hashed=False)
    if "system" in broken:
        broken["hash"] = digest(broken["system"])
    file.write_text(json.dumps(broken))
    assert main(["verify-certificate", str(file)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_exit_codes(proof: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, none = (tmp_path / f"{n}.json" for n in ("good", "bad", "none"))
    assert main(["prove", "cove-io", "-p", proof["property"], "--engine", "sat", "--certificate", str(good)]) == 0
    assert main(["verify-certificate", str(good)]) == 0
    assert main(["prove", "cove-io", "-p", proof["property"], "--engine", "bdd", "--certificate", str(good)]) == 0
    assert json.loads(good.read_text())["made by"]["engine"] == "bdd"
    assert main(["verify-certificate", str(good)]) == 0
    bad.write_text(json.dumps(changed(proof, lambda d: _guard(d, 0))))
    assert main(["verify-certificate", str(bad)]) == 1
    assert "REFUSED" in capsys.readouterr().out
    none.write_text("{")
    assert main(["verify-certificate", str(none)]) == 2
    assert main(["verify-certificate", str(tmp_path / "missing.json")]) == 2


def test_a_path_in_a_certificate_is_not_followed(tmp_path: Path) -> None:
    source = Path(__file__).parent.parent / "examples" / "two_phase_commit.py"
    (target,) = targets([str(source)])
    p = target.properties[0]
    document, verdict = certificate(target, p, SatEngine())
    file = tmp_path / "c.json"
    file.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="--source"):
        verify_file(file)
    assert verify_file(file, str(source)).verdict == verdict


# --- The checker and its language -------------------------------------------------------------------------------------


def test_the_checker_is_small_and_knows_nothing_of_the_provers() -> None:
    folder = Path(checker.__file__).parent
    assert len((folder / "checker.py").read_text().splitlines()) <= 300
    form, checks = (1, "form"), (1, "checker")
    mine = {"checker.py": {form}, "form.py": set(), "progress.py": {form, checks, (3, "properties.compile")}}
    for name, others in mine.items():
        for node in ast.walk(ast.parse((folder / name).read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                for module in [node.module] if node.module else [a.name for a in node.names]:
                    assert (node.level, module) in others or module.startswith("model.language"), name


@MANY
@given(systems().flatmap(lambda s: conditions(s.variables, 3).map(lambda t: (s, t))))
def test_what_is_shown_is_read_again(case: tuple[System, Term]) -> None:
    system, term = case
    written = Written({v.name: v.sort for v in system.variables}, enumerations([term]))
    again = written.value(show(term), BOOL)
    assert same([again], [term])
    assert show(again) == show(term)
