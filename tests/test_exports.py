"""What is exported means the same to other checkers: reachable states, verdicts, shortest depths."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from random_systems import systems_with_properties
from read_btor2 import read_btor2
from read_smv import read_smv
from tdisprove.bench.peers import abc, rumur, spin, tlc
from tdisprove.bench.peers.peer import Answer
from tdisprove.cli import main
from tdisprove.explore import Statistics, Verdict
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import BOOL, FALSE, TRUE, Action, Int, ModelError, System, Variable, conj, disj, iff
from tdisprove.model.language.terms import lift, variable
from tdisprove.properties import Invariant, Property
from tdisprove.properties.catalogue import of_aspect
from tdisprove.reports.exports import TARGETS, Job, aiger, btor2, job, murphi, promela, smv, tla
from tdisprove.reports.exports.infix import OLD, in_sequence
from tdisprove.reports.exports.names import Names, ascii_only

Case = tuple[System, list[Property]]


def needs(missing: Callable[[], str]) -> pytest.MarkDecorator:
    """Left out, and said so, where the peer is not installed; but not where TDISPROVE_PEERS says that it must be."""
    why = missing()
    return pytest.mark.skipif(bool(why) and os.environ.get("TDISPROVE_PEERS") != "required", reason=why)


SPIN, RUMUR, ABC, TLC = needs(spin.missing), needs(rumur.missing), needs(abc.missing), needs(tlc.missing)


def ours(j: Job) -> tuple[Statistics, dict[int, int]]:
    """What our own engine says: the statistics, and the depth at which each check fails that does."""
    one_by_one = [dataclasses.replace(j.obligations[c.obligation], state=c.state, steps=c.steps) for c in j.checks]
    report = ExplicitEngine(symmetry="off", dead_variables="off").check(j.system, one_by_one)
    assert report.statistics is not None
    return report.statistics, {k: o.depth for k, o in enumerate(report.outcomes) if o.verdict is Verdict.VIOLATED}


def only(j: Job, keep: Callable[[int], bool]) -> Job:
    """The job with some of its checks: what is judged elsewhere is not judged here."""
    kept = [
        dataclasses.replace(j.obligations[c.obligation], state=c.state, steps=c.steps)
        for k, c in enumerate(j.checks)
        if keep(k)
    ]
    return Job(j.name, j.title, j.system, tuple(kept))


def agree(j: Job, answer: Answer) -> None:
    statistics, fails_at = ours(j)
    assert answer.violated == fails_at
    assert answer.states in (None, statistics.states)
    assert answer.depth in (None, statistics.depth)


def of_flow(flow: str, aspect: str) -> Job:
    return job("model", f"{flow}, {aspect}", FLOWS[flow].system(aspect=aspect), of_aspect(aspect))


def of_case(case: Case) -> Job:
    return job("model", "random", *case)


@contextmanager
def in_parts(much: bool) -> Iterator[None]:
    """Terms are divided into parts that have names of their own: large ones only, or (``much``) nearly all."""
    if not much:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for target in ("promela", "murphi", "smv", "tla"):
            module = importlib.import_module(f"tdisprove.reports.exports.{target}")
            patch.setattr(module, "large_parts", partial(module.large_parts, large=1))
        yield


def few(n: int) -> settings:
    # Without shrinking, which takes too long where an example is a compiled program; the systems are small as they are.
    return settings(
        deadline=None, max_examples=n, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
    )


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    return lambda: tmp_path_factory.mktemp("peer")


Folder = Callable[[], Path]

# --- SPIN -------------------------------------------------------------------------------------------------------------

# Every flow, and every aspect but the responder, whose verifier takes long to compile (ABC has it).
IN_SPIN = [
    ("sev-tio-host-run", "lifecycle"),
    ("sev-tio-host-run", "resources"),
    ("sev-tio-guest-run", "lifecycle"),
    ("cove-io", "lifecycle"),
    ("cove-io", "ide"),
    ("tdx-connect", "lifecycle"),
    ("tdx-connect", "proxy"),
    ("arm-cca", "lifecycle"),
    ("arm-cca-rsi", "evidence"),
    ("linux-tsm", "spdm"),
    ("hyperv", "channel"),
    ("ide-only", "lifecycle"),
    ("cma-only", "spdm"),
]


@SPIN
@pytest.mark.parametrize(("flow", "aspect"), IN_SPIN)
def test_spin_finds_the_same_on_the_flows(flow: str, aspect: str, folder: Folder) -> None:
    j = of_flow(flow, aspect)
    agree(j, spin.run_spin(j, promela(j), folder(), flags=["-O0"]))


@SPIN
def test_spin_finds_the_same_on_random_systems(folder: Folder) -> None:
    @few(24)
    @given(systems_with_properties(), st.booleans())
    def law(case: Case, much: bool) -> None:
        j = of_case(case)
        assume(ours(j)[0].states > 0)
        with in_parts(much):
            agree(j, spin.run_spin(j, promela(j), folder(), flags=["-O0"]))

    law()


# --- Rumur ------------------------------------------------------------------------------------------------------------


def _rumur(j: Job, folder: Folder, *, most: int = 99) -> None:
    """Rumur ends at the first violation, so the checks that hold are counted together, and the others come one by one."""
    statistics, fails_at = ours(j)
    holding = only(j, lambda k: k not in fails_at)
    answer = rumur.run_rumur(holding, murphi(holding), folder(), flags=["-O0"])
    assert (answer.states, answer.transitions, answer.violated) == (statistics.states, statistics.transitions, {})
    for wrong in sorted(fails_at, key=lambda k: -fails_at[k])[:most]:
        one = only(j, lambda k, wrong=wrong: k == wrong)  # type: ignore[misc]
        assert rumur.run_rumur(one, murphi(one), folder(), flags=["-O0"]).violated == {0: fails_at[wrong]}


IN_RUMUR = [
    ("sev-tio-guest-run", "lifecycle"),
    ("cove-io", "spdm"),
    ("tdx-connect", "evidence"),
    ("arm-cca", "proxy"),
    ("linux-tsm", "resources"),
    ("arm-cca-rsi", "channel"),
]


@RUMUR
@pytest.mark.parametrize(("flow", "aspect"), IN_RUMUR)
def test_rumur_finds_the_same_on_the_flows(flow: str, aspect: str, folder: Folder) -> None:
    _rumur(of_flow(flow, aspect), folder, most=1)


@RUMUR
def test_rumur_finds_the_same_on_random_systems(folder: Folder) -> None:
    @few(20)
    @given(systems_with_properties(), st.booleans())
    def law(case: Case, much: bool) -> None:
        j = of_case(case)
        assume(ours(j)[0].states > 0)
        with in_parts(much):
            _rumur(j, folder, most=1)

    law()


@RUMUR
def test_rumur_can_count_below_zero(folder: Folder) -> None:
    x, y = Variable("x", Int(0, 3)), Variable("y", Int(0, 3))
    up = Action("up", (), y.term < 3, ((y.term, y.term + 1),))
    down = Action("down", (), (x.term - y.term) < 1, ((y.term, lift(0, y.sort)),))
    system = System("below", (x, y), (x.term == 0) & (y.term == 0), (up, down))
    never = Property("p", "P.", Invariant(x.term < 1))
    _rumur(job("below", "Below zero.", system, [never]), folder, most=1)


# --- ABC --------------------------------------------------------------------------------------------------------------

IN_ABC = [(f.name, a) for f in FLOWS.values() for a in f.aspects if a not in ("ide", "responder")]
"""PDR takes half a minute for an ide aspect, and the responder is the same in all flows but in one."""


@ABC
@pytest.mark.parametrize(("flow", "aspect"), [*IN_ABC, ("hyperv", "responder")])
def test_abc_finds_the_same_on_the_flows(flow: str, aspect: str, folder: Folder) -> None:
    j = of_flow(flow, aspect)
    agree(j, abc.run_abc(j, aiger(j), folder(), count=aspect == "spdm"))


@ABC
def test_abc_finds_the_same_on_random_systems(folder: Folder) -> None:
    @few(60)
    @given(systems_with_properties())
    def law(case: Case) -> None:
        j = of_case(case)
        assume(j.checks)
        agree(j, abc.run_abc(j, aiger(j), folder(), count=any(width > 1 for width in map(_values, j.system.variables))))

    law()


def _values(v: Variable) -> int:
    return len(v.sort.domain)


def test_both_aiger_formats_are_the_same_circuit() -> None:
    export = aiger(of_flow("cma-only", "spdm"))
    assert export.binary is not None
    head, *lines = export.text.splitlines()
    _, inputs, latches, _, gates, bad = map(int, head.split()[1:])
    body = [tuple(map(int, line.split())) for line in lines[inputs + latches + bad :][:gates]]
    rest = export.binary.split(b"\n", 1 + latches + bad)[-1]
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = rest[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    for lhs, a, b in body:
        assert lhs > a >= b
        assert (number(), number()) == (lhs - a, a - b)
    assert rest[at:].decode().splitlines() == lines[inputs + latches + bad + gates :]


# --- TLC --------------------------------------------------------------------------------------------------------------


def _tlc(j: Job, folder: Folder, *, most: int = 99) -> None:
    statistics, fails_at = ours(j)
    holding = only(j, lambda k: k not in fails_at)
    answer = tlc.run_tlc(holding, tla(holding), folder())
    assert (answer.states, answer.depth, answer.violated) == (statistics.states, statistics.depth, {})
    for wrong in sorted(fails_at, key=lambda k: -fails_at[k])[:most]:
        one = only(j, lambda k, wrong=wrong: k == wrong)  # type: ignore[misc]
        assert tlc.run_tlc(one, tla(one), folder()).violated == {0: fails_at[wrong]}


@TLC
@pytest.mark.parametrize(("flow", "aspect"), [("cove-io", "lifecycle"), ("arm-cca-rsi", "spdm")])
def test_tlc_finds_the_same_on_the_flows(flow: str, aspect: str, folder: Folder) -> None:
    _tlc(of_flow(flow, aspect), folder, most=1)


@TLC
def test_tlc_finds_the_same_on_random_systems(folder: Folder) -> None:
    @few(5)
    @given(systems_with_properties(), st.booleans())
    def law(case: Case, much: bool) -> None:
        j = of_case(case)
        assume(ours(j)[0].states > 1)
        with in_parts(much):
            _tlc(j, folder, most=1)

    law()


# --- SMV and BTOR2: read by independent readers of what is written ----------------------------------------------------


@few(100)
@given(systems_with_properties(), st.booleans())
def test_what_smv_says_is_the_same_on_random_systems(case: Case, much: bool) -> None:
    j = of_case(case)
    with in_parts(much):
        text = smv(j).text
    agree(j, read_smv(text, [c.of_steps for c in j.checks]))


@few(100)
@given(systems_with_properties())
def test_what_btor2_says_is_the_same_on_random_systems(case: Case) -> None:
    j = of_case(case)
    agree(j, read_btor2(btor2(j).text, [c.of_steps for c in j.checks]))


SMALL = [("ide-only", "lifecycle"), ("cma-only", "evidence"), ("cma-only", "spdm"), ("cove-io", "spdm")]


@pytest.mark.parametrize(("flow", "aspect"), SMALL)
def test_what_smv_says_is_the_same_on_the_flows(flow: str, aspect: str) -> None:
    j = of_flow(flow, aspect)
    agree(j, read_smv(smv(j).text, [c.of_steps for c in j.checks]))


@pytest.mark.parametrize(("flow", "aspect"), SMALL[:3])
def test_what_btor2_says_is_the_same_on_the_flows(flow: str, aspect: str) -> None:
    j = of_flow(flow, aspect)
    agree(j, read_btor2(btor2(j).text, [c.of_steps for c in j.checks]))


# --- The parts --------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=6), unique=True))
def test_no_two_names_become_one(wanted: list[str]) -> None:
    names = Names("if do")
    given_ = [names.give(w, w) for w in wanted]
    assert len({n.casefold() for n in given_}) == len(wanted)
    assert all(n.isascii() and n.isidentifier() and n[0].isalpha() and n.casefold() not in ("if", "do") for n in given_)
    assert [names[w] for w in wanted] == given_


def test_names_that_are_legal_stay_as_they_are() -> None:
    names = Names()
    assert names.give(1, "tdi0.state") == "tdi0_state"
    assert names.give(2, "tdi0_state") == "tdi0_state_2"
    assert names.give(3, "Tdi0_State") == "Tdi0_State_3"
    assert names.give(4, "CONFIG_LOCKED") == "CONFIG_LOCKED"


@given(st.text())
def test_comments_are_one_line_of_ascii(text: str) -> None:
    assert ascii_only(text).isascii()
    assert "\n" not in ascii_only(text)


@given(st.data())
def test_updates_in_sequence_do_what_they_do_at_once(data: st.DataObject) -> None:
    from tdisprove.explore.evaluate import evaluate

    names = ["a", "b", "c", "d"]
    variables = [variable(n, Int(0, 3)) for n in names]
    targets = data.draw(st.lists(st.sampled_from(variables), unique_by=lambda v: v.name, min_size=1))
    updates = [(t, data.draw(st.sampled_from(variables)) + data.draw(st.sampled_from(variables))) for t in targets]
    before = {n: data.draw(st.integers(0, 3)) for n in names}
    expected = {**before, **{t.name: evaluate(u, before) for t, u in updates}}
    aside, assignments = in_sequence(updates)
    now: dict[str, object] = {**before, **{OLD + n: before[n] for n in aside}}
    for name, value in assignments:
        now[name] = evaluate(value, now)  # type: ignore[arg-type]
    assert {n: now[n] for n in names} == expected


def test_every_export_names_every_check_once() -> None:
    j = of_flow("sev-tio-host-run", "lifecycle")
    for target, write in TARGETS.items():
        names = write(j).check_names
        assert len(set(names)) == len(names) == len(j.checks), target


def test_exports_are_the_same_bytes_whenever_they_are_written(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom tdisprove.cli import main\n"
        "for t in sys.argv[1:]: main(['export', 'ide-only', '--aspect', 'spdm', '-q', '--to', t])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, *TARGETS],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert found.pop().isascii()


def test_too_many_initial_states_are_refused_where_they_are_written_one_by_one() -> None:
    variables = tuple(Variable(f"x{i}", BOOL) for i in range(10))
    j = job("m", "m", System("free", variables, TRUE, ()), [])
    for write in (promela, murphi):
        with pytest.raises(ModelError, match="more than 256 initial states"):
            write(j)
    for write in (smv, tla, aiger, btor2):
        assert write(j).text


def test_a_system_that_cannot_begin_is_refused() -> None:
    x = Variable("x", BOOL)
    j = job("m", "m", System("none", (x,), conj(x.term, ~x.term), ()), [])
    for write in (promela, murphi):
        with pytest.raises(ModelError, match="no initial state"):
            write(j)


def test_names_in_the_way_of_a_target_are_got_round(folder: Folder) -> None:
    words = ("do", "next", "Next", "begin", "module", "int", "x y", "x_y", "é", "1st", "must", "event", "now", "vars")
    variables = tuple(Variable(w, BOOL) for w in words)
    system = System("words", variables, conj(*(~v.term for v in variables)), ())
    j = job("model", "words */ -- ; \\", system, [Property("p", 'Says */ " \\ %s.', Invariant(~variables[0].term))])
    for run, write, missing in (
        (spin.run_spin, promela, spin.missing),
        (rumur.run_rumur, murphi, rumur.missing),
        (abc.run_abc, aiger, abc.missing),
        (tlc.run_tlc, tla, tlc.missing),
    ):
        if not missing():
            answer = run(j, write(j), folder())
            assert answer.violated == {}
            assert answer.states in (None, 1)
    assert read_smv(smv(j).text, [False]).states == 1
    assert read_btor2(btor2(j).text, [False]).states == 1


@pytest.mark.parametrize("holds", [False, True])
def test_checks_that_are_the_same_in_every_state_are_decided_too(holds: bool, folder: Folder) -> None:
    x = Variable("x", BOOL)
    # A term that is constant only to who looks into it, and one that is written as a constant.
    hidden = disj(x.term, iff(x.term, False)) if holds else FALSE
    j = job("model", "m", System("m", (x,), x.term, ()), [Property("p", "Constant.", Invariant(hidden))])
    assert [c.state for c in j.checks] == ([] if holds else [FALSE])
    expected = {} if holds else {0: 0}
    for run, write, missing in (
        (spin.run_spin, promela, spin.missing),
        (rumur.run_rumur, murphi, rumur.missing),
        (tlc.run_tlc, tla, tlc.missing),
    ):
        if not missing():
            assert run(j, write(j), folder()).violated == expected
    if j.checks and not abc.missing():
        assert abc.run_abc(j, aiger(j), folder()).violated == expected


# --- The command line -------------------------------------------------------------------------------------------------


def _run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    try:
        code = main(args)
    except SystemExit as e:
        code = int(e.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_export_writes_a_model_and_what_belongs_to_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = _run(capsys, "export", "cove-io", "--to", "tla", "-o", str(tmp_path / "Cove.tla"))
    assert code == 0
    assert (tmp_path / "Cove.tla").read_text().startswith("---- MODULE Cove ----")
    assert "INVARIANT p_no_tbit_dma_emitted_before_accept" in (tmp_path / "Cove.cfg").read_text()
    assert "error-is-left-in-the-end is a promise of progress" in err
    code, _, _ = _run(capsys, "export", "cove-io", "--to", "aiger", "-o", str(tmp_path / "c.aig"), "-q")
    assert code == 0
    assert (tmp_path / "c.aig").read_bytes().startswith(b"aig ")


def test_export_prints_one_document_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    p = "no-tbit-dma-emitted-before-accept"
    code, out, _ = _run(
        capsys, "export", "cove-io", "--to", "promela", "-p", p, "--sliced", "--tdis", "2", "--format", "json"
    )
    assert code == 0
    document: Mapping[str, object] = json.loads(out)
    assert {c["property"] for c in document["checks"]} == {p}  # type: ignore[attr-defined,index]
    assert document["topology"]["tdi"] == 2  # type: ignore[index]
    (file,) = document["files"]  # type: ignore[misc]
    assert "active proctype model()" in file["text"]  # type: ignore[has-type]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["cove-io", "--to", "basic"], "invalid choice: 'basic'"),
        (["cove-oi", "--to", "smv"], "did you mean cove-io"),
        (["cma-only", "--to", "smv", "--aspect", "lifecycle"], "has no aspect lifecycle"),
        (["cove-io", "--to", "smv", "-p", "error-is-left-in-the-end"], "only safety can be exported"),
        (["cove-io", "--to", "tla", "-o", "a-b.tla"], "try a_b.tla"),
        (["cove-io", "--to", "smv", "-o", "/nowhere/m.smv"], "cannot write /nowhere/m.smv"),
    ],
)
def test_export_refuses_in_one_line(capsys: pytest.CaptureFixture[str], args: list[str], said: str) -> None:
    code, out, err = _run(capsys, "export", *args)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]


# --- The page ---------------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parent.parent / "docs" / "exports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", TARGETS)
def test_the_pages_examples_are_in_what_is_written(capsys: pytest.CaptureFixture[str], target: str) -> None:
    (command,) = re.findall(rf"^    tdisprove (export cove-io .*--to {target}) -o", PAGE, re.M)
    code, out, _ = _run(capsys, *command.split())
    assert code == 0
    (example,) = re.findall(rf"```{target}\n(.*?)```", PAGE, re.S)
    written = out.splitlines()
    assert [line for line in example.splitlines() if line not in written] == []
