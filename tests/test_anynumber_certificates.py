"""Certificates for any number of instances: those that show something else are refused, by a small checker that trusts nobody."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anynumber_models import about, places
from tdisprove.explore import targets
from tdisprove.explore.anynumber import decide
from tdisprove.explore.certificate import Refused, parametric_checker, verify_file
from tdisprove.explore.certificate.parametric_checker import verify_parametric
from tdisprove.explore.certificate.text import digest
from tdisprove.explore.parametric import subject
from tdisprove.model.language import (
    ModelError,
)

Document = dict[str, Any]


@pytest.fixture(scope="module")
def proof() -> Document:
    (target,) = targets(["cove-io"], ["no-tbit-dma-effective-before-accept"])
    answer = decide(subject(target, ["all"]), target.properties[0])
    assert answer.document is not None
    return json.loads(json.dumps(answer.document))  # type: ignore[no-any-return]


def changed(document: Document, change: Callable[[Document], object]) -> Document:
    """A copy with a change, by somebody who has put right what says of it that it is as it was."""
    other = copy.deepcopy(document)
    change(other)
    other["hash"] = digest(other["system"])
    return other


def refused(document: Document, tmp_path: Path, match: str = ".") -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps(document))
    with pytest.raises((Refused, ModelError), match=match):
        verify_file(file, solvers=("z3",))


def test_a_certificate_is_verified_by_both_solvers(proof: Document, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps(proof))
    found = verify_file(file)
    assert (found.verdict, found.asked.keys()) == ("holds", {"z3", "cvc5"})
    assert "any number of tdi" in found.of


def test_a_lemma_dropped_weakened_or_turned_round_is_refused(proof: Document, tmp_path: Path) -> None:
    lemmas = proof["evidence"]["invariant"]
    assert len(lemmas) > 3
    for i, lemma in enumerate(lemmas):
        for others in ([], [f"({lemma}) or not ({lemma})"], [f"not ({lemma})"]):
            rest = [*lemmas[:i], *others, *lemmas[i + 1 :]]
            refused(changed(proof, lambda d, r=rest: d["evidence"].update(invariant=r)), tmp_path, "consecution|initiation")  # type: ignore[misc]


def _action(d: Document, label: str) -> Document:
    return next(a for a in d["system"]["actions"] if a["label"] == label)  # type: ignore[no-any-return]


CHANGES: dict[str, Callable[[Document], object]] = {
    "a guard": lambda d: _action(d, "start_interface(v, t)").update(when="false"),
    "another guard": lambda d: _action(d, "dma(t, v, tbit=true)").update(when="true"),
    "an update": lambda d: _action(d, "tdi_unbind(t)")["set"].popitem(),
    "an action less": lambda d: d["system"]["actions"].pop(),
    "the first action less": lambda d: d["system"]["actions"].pop(0),
    "a label": lambda d: d["system"]["actions"][0].update(label="nothing"),
    "what is for all": lambda d: _action(d, "dma(t, v, tbit=true)").update({"for all": ["t"]}),
    "an initial value": lambda d: d["system"]["variables"][0].update(initially="current"),
    "no initial value": lambda d: d["system"]["variables"][0].pop("initially"),
    "a variable's indices": lambda d: d["system"]["variables"][0].update(over=["tdi"]),
    "an index of one": lambda d: d["system"]["indices"].update(tdi=1),
    "no index": lambda d: d["system"]["indices"].pop("tdi"),
    "no map": lambda d: d["system"].update(maps={}),
    "a map of another index": lambda d: d["system"]["maps"].update(device_of=["device", "device"]),
    "the obligation": lambda d: d["system"]["obligations"][0].update(state="true", steps={}),
    "no obligation": lambda d: d["system"].update(obligations=[]),
    "whom the obligation is for": lambda d: d["system"]["obligations"][0].update({"for all": []}),
    "the property": lambda d: d.update(property="gates-closed-before-reuse"),
    "what it says": lambda d: d.update(says="All is well."),
    "what it covers": lambda d: d.update(covers="any number of everything"),
    "the verdict": lambda d: d.update(verdict="violated"),
    "the flow": lambda d: d["made from"].update(flow="arm-cca"),
    "the aspect": lambda d: d["made from"].update(aspect="resources"),
    "a knob": lambda d: d["made from"].update(set={"p2p": True}),
    "of what there is any number": lambda d: d["made from"].update({"any number of": ["tdi"]}),
    "what is fixed": lambda d: d["made from"].update(fixed={"device": 1}),
    "the format": lambda d: d.update(format="tdisprove certificate 1"),
    "a name that is more than one": lambda d: d["system"]["variables"][0].update(name="a|) (assert false) (declare-const |b.c"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_another_model_or_property_is_refused(change: str, proof: Document, tmp_path: Path) -> None:
    refused(changed(proof, CHANGES[change]), tmp_path)


def test_the_hash_tells_of_a_change(proof: Document) -> None:
    other = copy.deepcopy(proof)
    _action(other, "dma(t, v, tbit=true)").update(when="false")
    with pytest.raises(Refused, match="hash"):
        verify_parametric(other, ("z3",))


def test_what_is_proved_for_a_number_is_not_proved_for_any() -> None:
    model, prop = places()
    document = json.loads(json.dumps(decide(about(model, q=2), prop).document))
    assert verify_parametric(document, ("z3",))[0] == "holds"
    for n, covers in ((3, "any number of p; q 3"), ("any", "any number of p; any number of q")):
        if n == "any":
            document["system"]["indices"] = {"p": "any", "q": "any"}
        other = changed(document, lambda d, n=n, c=covers: (d["system"]["indices"].update(q=n), d.update(covers=c)))  # type: ignore[misc]
        with pytest.raises(Refused, match=r"breaks|any number"):
            verify_parametric(other, ("z3",), seconds=2)


def test_the_checker_is_small_and_knows_nothing_of_the_provers() -> None:
    folder = Path(parametric_checker.__file__).parent
    assert len((folder / "parametric_checker.py").read_text().splitlines()) <= 300
    for name in ("parametric_checker.py", "parametric_form.py"):
        for node in ast.walk(ast.parse((folder / name).read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                known = node.module in ("checker", "form", "parametric_form") and node.level == 1
                assert known or (node.module in ("model.language", "model.language.parse", "model.language.sorts")), (
                    node.module
                )
