"""Flows compared by what an observer sees: what the page says of them, alphabets, refinements, and the command."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import naive
import pytest
from tdisprove.cli import main
from tdisprove.explore import Limits, Verdict, check
from tdisprove.explore.engine import NO_LIMITS
from tdisprove.explore.equivalence import Chosen, Comparison, Side, compare, compare_over
from tdisprove.explore.equivalence.lts import Labels
from tdisprove.explore.equivalence.observe import observed
from tdisprove.explore.equivalence.partition import branching
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import FALSE, ModelError, System, Term
from tdisprove.model.language.mutate import DropUpdate, mutated
from tdisprove.model.world import ASPECTS
from tdisprove.properties.alphabets import ALPHABETS, Alphabet, Observer
from tdisprove.properties.refinements import REFINEMENTS
from tdisprove.reports.refinement import last_step
from test_equivalence import Edges, plain, side_by_side

HOLDS, VIOLATED, UNKNOWN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNKNOWN

# --- The flows -----------------------------------------------------------------------------------------------------------

HOST_RUN, GUEST_RUN = "sev-tio-host-run", "sev-tio-guest-run"
WITH_TDISP = [f.name for f in FLOWS.values() if "responder" in f.aspects]


def compared(
    left: str, right: str, *items: str, changed: Mapping[str, Any] | None = None, limits: Limits = NO_LIMITS, **how: bool
) -> Comparison:
    sides = Side.of(left), Side.of(right)
    systems = sides[0].system(None, changed), sides[1].system(None, changed)
    shown = sides[0].alphabet(items, systems[0]), sides[1].alphabet(items, systems[1])
    return compare(*systems, shown, limits, **how)


def verdicts(c: Comparison) -> str:
    """Inclusion, the other inclusion, trace equality, bisimulation."""
    return "".join({HOLDS: "=", VIOLATED: "x", UNKNOWN: "?"}[v] for v in c.verdicts.values())


def never_seen(system: System, alphabet: Alphabet, trace: Sequence[str]) -> tuple[bool, bool]:
    """Whether the whole system has the trace, and whether it has all of it but the last: by stepping through sets of its states."""
    position = {v.name: i for i, v in enumerate(system.variables)}

    def function(t: Term) -> Any:
        return eval(f"lambda s: {naive.source(t, position)}")

    observer = Observer.of(alphabet, system)
    actions = [
        (
            function(a.guard),
            [(position[str(t.data)], function(u)) for t, u in a.updates],
            [(look, function(when)) for look, when in observer.seen.get(i, ())],
        )
        for i, a in enumerate(system.actions)
    ]
    shown = [(name, function(t)) for name, t in observer.shown]

    def word(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    edges: Edges = {}

    def expand(s: tuple[Any, ...]) -> None:
        edges[s] = []
        for guard, updates, seen in actions:
            if guard(s):
                after = list(s)
                for at, new in updates:
                    after[at] = new(s)
                parts = sorted({look for look, when in seen if when(s)})
                parts += [f"{name}: {word(f(after))}" for name, f in shown if f(after) != f(s)]
                edges[s].append((", ".join(parts) or None, tuple(after)))

    def silently(states: Iterable[Any]) -> set[Any]:
        inside, todo = set(states), list(states)
        while todo:
            s = todo.pop()
            if s not in edges:
                expand(s)
            for label, t in edges[s]:
                if label is None and t not in inside:
                    inside.add(t)
                    todo.append(t)
        return inside

    now = silently(naive.initially(system))
    if shown:
        now = {s for s in now if ", ".join(f"{n}: {word(f(s))}" for n, f in shown) == trace[0]}
        trace = trace[1:]
    for label in trace[:-1]:
        now = silently([t for s in now for x, t in edges[s] if x == label])
    return any(x == trace[-1] for s in now for x, _ in edges[s]), bool(now)


@pytest.mark.parametrize("items", [("effects",), ("service",), ("contract",), ("guest",), ("gates", "mmio:FAULT")], ids=str)
def test_a_trace_that_parts_the_flows_is_one_of_the_one_and_none_of_the_other(items: tuple[str, ...]) -> None:
    c = compared(HOST_RUN, GUEST_RUN, *items)
    found = [i for i in c.inclusions if i.parted is not None]
    assert found
    for i in found:
        assert i.parted is not None
        assert never_seen(c.systems[i.of], c.alphabets[i.of], i.parted.trace) == (True, True)
        assert never_seen(c.systems[1 - i.of], c.alphabets[1 - i.of], i.parted.trace) == (False, True)


def test_host_run_and_guest_run_part_where_a_stale_acceptance_opens_the_gate() -> None:
    c = compared(HOST_RUN, GUEST_RUN, "effects")
    assert verdicts(c) == "=xxx"
    assert (c.states, c.classes, c.looks) == ((2208, 2976), 2, (2, 4))
    parted = c.inclusions[1].parted
    assert parted is not None
    assert parted.trace == ("DMA of tdi0 reaches tvm0, NOT accepted",)
    assert [a.event for a in parted.run.actions] == [
        "device_connect", "ide_enable", "tdi_bind", "tdi_info", "tdi_unbind", "verify", "tdi_accept", "tdi_bind", "tdi_bind_run",
        "sdte_write", "dma",
    ]  # fmt: skip
    assert parted.followed is not None
    assert parted.followed.step == 6
    assert parted.why == ("gate.tdi0.dma = tvm0, but gate.tdi0.dma = none",)


def test_the_classes_of_the_flows_are_a_branching_bisimulation() -> None:
    labels, sides = Labels(), []
    for name in (HOST_RUN, GUEST_RUN):
        side = Side.of(name)
        system = side.system(None, {"host": "honest"})
        observer = Observer.of(side.alphabet(["host"], system), system)
        sides.append(observed(system, observer, labels, NO_LIMITS).lts)
    both = side_by_side(*sides)
    classes = branching(both).classes.tolist()
    assert 2 < len(set(classes)) < len(classes)
    edges = plain(both)
    # What can be done after silent steps within the class is the same for all states of a class.
    able: dict[int, set[tuple[Any, int]]] = {}
    for s in edges:
        inside, todo, mine = {s}, [s], set()
        while todo:
            for label, t in edges[todo.pop()]:
                if label is not None or classes[t] != classes[s]:
                    mine.add((label, classes[t]))
                elif t not in inside:
                    inside.add(t)
                    todo.append(t)
        assert able.setdefault(classes[s], mine) == mine


def rows() -> dict[str, str]:
    """The claim's table: for which settings of host, epoch_bind and tsm_consent (of both flows) the relations hold."""
    sides = Side.of(HOST_RUN), Side.of(GUEST_RUN)
    knobs = [Chosen.of(k, sides) for k in ("host", "epoch_bind", "tsm_consent")]
    found = {}
    for items in (("effects",), ("link",), ("tdi",), ("acceptance", "effects"), ("acceptance", "link"), ("host",)):
        s = compare_over(sides, items, knobs)
        cells = []
        for relation in ("traces", "bisimilar"):
            if len(s.having(relation, HOLDS)) == len(s.verdicts):
                cells.append("always")
            else:
                cells.append(" or ".join(f"`{s.words(b)}`" for b in s.blocks(relation)) or "never")
        found[" ".join(items)] = f"| `{' '.join(items)}` | {cells[0]} | {cells[1]} |"
    return found


def test_the_claim_of_the_thread_is_decided_as_the_page_says() -> None:
    page = (Path(__file__).parent.parent / "docs" / "equivalence.md").read_text(encoding="utf-8").splitlines()
    found = rows()
    for line in found.values():
        assert line in page, line
    assert found["effects"].count("`host = honest` or `tsm_consent = true` or `epoch_bind = tsm`") == 2


def test_only_the_guest_runs_own_knobs_decide_and_peer_to_peer_does_not() -> None:
    sides = Side.of(HOST_RUN), Side.of(GUEST_RUN)
    knobs = [
        Chosen.of(k, sides) for k in ("p2p", "left:epoch_bind", "left:tsm_consent", "right:epoch_bind", "right:tsm_consent")
    ]
    s = compare_over(sides, ("effects",), knobs)
    for relation in ("traces", "bisimilar"):
        assert sorted(map(s.words, s.blocks(relation))) == ["right:epoch_bind = tsm", "right:tsm_consent = true"]
    assert len(s.having("included", HOLDS)) == 32


def test_by_their_effects_the_flows_are_of_two_kinds() -> None:
    kinds = {name: verdicts(compared(HOST_RUN, name, "effects")) for name in WITH_TDISP}
    assert [n for n, v in kinds.items() if v == "===="] == [HOST_RUN, "cove-io", "tdx-connect", "arm-cca", "arm-cca-rsi"]
    assert {n for n, v in kinds.items() if v == "=xxx"} == {GUEST_RUN, "linux-tsm", "hyperv"}
    assert all(verdicts(compared(GUEST_RUN, n, "effects")) == "====" for n in ("linux-tsm", "hyperv"))


def test_no_two_vendors_offer_the_same_contract() -> None:
    kinds = [HOST_RUN, GUEST_RUN, "cove-io", "tdx-connect", "arm-cca", "arm-cca-rsi"]
    for one, other in combinations(kinds, 2):
        assert compared(one, other, "contract").verdicts["traces"] is VIOLATED
    assert all(verdicts(compared(GUEST_RUN, n, "contract")) == "====" for n in ("linux-tsm", "hyperv"))


def test_traces_can_be_the_same_of_systems_that_are_not_bisimilar() -> None:
    c = compared(HOST_RUN, GUEST_RUN, "host")
    assert verdicts(c) == "===x"
    assert (c.classes, [t.seen for t in c.turns if t.seen]) == (
        288, ["device_connect(device0)", "tdi_bind(tdi0, tvm0)", "tdi_unbind(tdi0)", "tdi_bind(tdi0, tvm0)", "tdi_bind_run(tdi0)"],
    )  # fmt: skip
    assert c.turns[-1].answer is None


def test_a_flow_in_one_aspect_is_compared_with_itself_in_another() -> None:
    for flow in ("cove-io", HOST_RUN):
        assert verdicts(compared(f"{flow}@lifecycle", f"{flow}@proxy", "tdi")) == "===x"
        assert verdicts(compared(f"{flow}@lifecycle", f"{flow}@proxy", "effects")) == "=xxx"


def test_scenarios_and_system_files_are_compared_like_flows() -> None:
    examples = Path(__file__).parent.parent / "examples"
    assert verdicts(compared(str(examples / "relay-run.toml"), "tdx-connect", "effects")) == "x=xx"
    commit = str(examples / "two_phase_commit.py")
    assert verdicts(compared(commit, commit, "tm", "rm0.state")) == "===="
    with pytest.raises(ModelError, match="nothing to observe is called 'effects' in two"):
        compared(commit, commit, "effects")


def test_a_limit_leaves_open_what_it_leaves_open() -> None:
    assert verdicts(compared(HOST_RUN, GUEST_RUN, "effects", limits=Limits(states=50))) == "????"
    assert verdicts(compared(HOST_RUN, GUEST_RUN, "effects", limits=Limits(seconds=0))) == "????"
    # The first is explored to its end, and of the second enough to find what the first does not have.
    assert verdicts(compared(HOST_RUN, GUEST_RUN, "effects", limits=Limits(states=2500))) == "?xxx"


def test_what_was_found_before_an_interruption_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    module = sys.modules[compare.__module__]
    monkeypatch.setattr(module, "play", interrupted)
    c = compared(HOST_RUN, GUEST_RUN, "host")
    assert (verdicts(c), c.stopped, c.turns) == ("===x", "interrupted", ())
    monkeypatch.setattr(module, "not_included", interrupted)
    c = compared(HOST_RUN, GUEST_RUN, "effects")
    assert (verdicts(c), c.stopped) == ("???x", "interrupted")


def test_systems_without_a_beginning_are_not_compared() -> None:
    system = FLOWS["ide-only"].system()
    nothing = replace(system, init=FALSE)
    shown = Side.of("ide-only").alphabet(["effects"], system)
    for pair in ((nothing, nothing), (nothing, system), (system, nothing)):
        with pytest.raises(ModelError, match="has no initial state, so there is nothing to compare"):
            compare(*pair, (shown, shown))


def test_that_silence_goes_on_for_ever_is_seen_if_asked_for() -> None:
    c = compared("ide-only", "ide-only", "mmio", divergence=True)
    assert verdicts(c) == "===="
    assert c.looks == (1, 1)
    assert compared("ide-only", "ide-only", "mmio").looks == (0, 0)


# --- Alphabets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alphabet", ALPHABETS, ids=lambda a: f"{a.name}-{a.aspect}")
def test_an_alphabet_says_what_it_shows_and_shows_something(alphabet: Alphabet) -> None:
    assert alphabet.says.endswith(".")
    seen = set()
    for f in FLOWS.values():
        if alphabet.aspect in f.aspects:
            system = f.system(aspect=alphabet.aspect)
            observer = Observer.of(alphabet, system)
            assert not any("{" in x for looks in observer.seen.values() for x, _ in looks)
            assert not any("{" in x for x, _ in observer.shown)
            seen |= {i for i, looks in observer.seen.items() if looks}
            seen |= {name for name, _ in observer.shown}
    assert seen
    assert (alphabet.aspect, alphabet.name) in {(a.aspect, a.name) for a in ALPHABETS}


def test_every_aspect_has_effects_and_names_are_not_used_twice() -> None:
    names = [(a.aspect, a.name) for a in ALPHABETS]
    assert len(set(names)) == len(names)
    assert {a for a, name in names if name == "effects"} == set(ASPECTS)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (("gatee",), "nothing to observe is called 'gatee' in the aspect lifecycle; did you mean gates"),
        (("mmio:FALT",), "the event mmio has no reply 'FALT' here: it has FAULT, REJECTED, ok, refused"),
    ],
)
def test_what_cannot_be_observed_is_refused_in_one_line(items: tuple[str, ...], words: str) -> None:
    with pytest.raises(ModelError) as e:
        compared("cove-io", "cove-io", *items)
    assert words in str(e.value)
    assert "\n" not in str(e.value)


def test_parties_events_replies_and_variables_can_be_observed() -> None:
    for items in (("guest",), ("mmio",), ("mmio:FAULT",), ("mmio:refused",), ("gate.dma",), ("gate.tdi0.dma", "tdi0.state")):
        assert verdicts(compared("cove-io", "cove-io", *items)) == "===="


# --- Refinements ---------------------------------------------------------------------------------------------------------


def refined(flow: str, name: str, topology: Mapping[str, int] | None = None, **changed: Any) -> str:
    asked = REFINEMENTS[name]
    system = FLOWS[flow].system(topology, changed, aspect=asked.aspect)
    (r,) = check(system, [asked.property])
    return f"{r.verdict.value}@{r.depth}" if r.trace else r.verdict.value


@pytest.mark.parametrize("flow", WITH_TDISP)
def test_the_responders_tdi_refines_that_of_the_lifecycle(flow: str) -> None:
    # A request in the wrong state unlocks OpenVMM's device; the lifecycle knows no such step.
    assert refined(flow, "tdi") == ("violated@4" if flow == "hyperv" else "holds")
    assert refined(flow, "tdi-with-p2p") == ("violated@4" if flow == "hyperv" else "violated@6")
    assert refined(flow, "stream") == "holds"


def test_the_tdi_is_refined_with_two_tdis_and_in_all_but_a_few_readings_of_open_points() -> None:
    assert refined("cove-io", "tdi", {"tdi": 2}) == "holds"
    for knob, value in (
        ("multi_session", True),
        ("error_recovery", "automatic"),
        ("svn_downgrade", "wipe"),
        ("ats_write", "error"),
    ):
        assert refined("cove-io", "tdi", **{knob: value}) == "holds"
    for knob, value, depth in (("device", "hostile", 1), ("ide_required", False, 2), ("session_loss", "next_keying", 4)):
        assert refined("cove-io", "tdi", **{knob: value}) == f"violated@{depth}"
    assert refined("cove-io", "stream-that-forgets", {"substream": 2}) == "holds"
    assert refined("cove-io", "stream", {"substream": 2}) != "holds"


def test_a_responder_that_keeps_its_nonce_does_not_refine() -> None:
    asked = REFINEMENTS["tdi"]
    mutant = mutated(ASPECTS["responder"].model, DropUpdate("tdi", "start_interface", "tdi.nonce"))
    (r,) = check(FLOWS["cove-io"].system(None, {}, mutant, aspect="responder"), [asked.property])
    assert r.verdict is VIOLATED
    assert r.trace is not None
    assert r.trace.actions[-1].event == "start_interface"
    (first, second) = last_step(asked, r.trace)
    assert "tdi0.state: CONFIG_LOCKED → RUN" in first
    assert "start_interface may stand for tdi_bind_run or start_interface or host_start" in second


# --- The command ---------------------------------------------------------------------------------------------------------


def test_the_command_shows_the_runs_side_by_side_and_draws_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", HOST_RUN, GUEST_RUN, "-o", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert re.search("weak trace inclusion of sev-tio-host-run in sev-tio-guest-run +holds", out)
    assert "FAILS  at observation 1 of a run of 11 steps" in out
    assert re.search(r"  7  tdi_accept\(tvm0, tdi0\) +not possible", out)
    assert re.search(r"seen: DMA of tdi0 reaches tvm0, NOT accepted +NOT SEEN", out)
    assert max(map(len, out.splitlines())) <= 120
    (picture,) = tmp_path.glob("comparison/*.svg")
    tree = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    text = " ".join(t.text or "" for t in tree.iter("{http://www.w3.org/2000/svg}text"))
    assert "Seen of sev-tio-guest-run, never of sev-tio-host-run: DMA of tdi0 reaches tvm0, NOT accepted" in text
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}svg"))) == 3
    assert main(["compare", HOST_RUN, GUEST_RUN, "--relation", "included", "-q"]) == 0
    assert main(["compare", HOST_RUN, GUEST_RUN, "--set", "right:epoch_bind=tsm", "--relation", "bisimilar", "-q"]) == 0
    assert main(["compare", HOST_RUN, GUEST_RUN, "--max-states", "10", "-q"]) == 3


def test_the_command_shows_a_play_where_the_traces_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", HOST_RUN, GUEST_RUN, "--observe", "host"]) == 0
    out = capsys.readouterr().out
    assert "sev-tio-host-run: tdi_bind_run(tdi0), seen: tdi_bind_run(tdi0)" in out
    assert "sev-tio-guest-run cannot do what looks so" in out


def test_the_command_gives_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", HOST_RUN, GUEST_RUN, "--observe", "service", "--format", "json"]) == 1
    d = json.loads(capsys.readouterr().out)
    assert d["relations"]["traces"]["verdict"] == "violated"
    assert [p["seen_of"] for p in d["parted"]] == [HOST_RUN, GUEST_RUN]
    assert [s["event"] for s in d["parted"][0]["run"]][-1] == "tdi_validate"
    assert main(["compare", "cove-io", "cove-io", "--over", "p2p", "right:host", "--format", "json"]) == 0
    d = json.loads(capsys.readouterr().out)
    assert d["knobs"] == {"p2p": [False, True], "right:host": ["honest", "hostile"]}
    assert d["relations"]["traces"]["holds_where"] == ["in every setting"]
    assert main(["compare", "hyperv", "--refines", "tdi", "--format", "json"]) == 1
    d = json.loads(capsys.readouterr().out)
    assert (d["verdict"], d["depth"], len(d["trace"])) == ("violated", 4, 4)
    assert main(["compare", "cove-io", "--refines", "tdi-with-p2p"]) == 1
    assert "unbind_p2p_stream may stand for no step of the abstraction" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((HOST_RUN,), "compare needs two flows, and 1 were named"),
        (("cove-io", "coveio"), "did you mean cove-io"),
        (("cove-io@lifecycl", "cove-io"), "there is no aspect 'lifecycl'"),
        (("cove-io", "cma-only@lifecycle"), "flow cma-only has no aspect lifecycle"),
        (("cove-io", "cove-io", "--set", "lft:p2p=true"), "is written left:p2p or right:p2p"),
        (("cove-io", "cove-io", "--set", "p2p=maybe"), "p2p"),
        (("cove-io", "cove-io", "--set", "p2p=true", "--over", "p2p"), "--set and --over both name p2p"),
        (("cove-io", "cove-io", "--over", "p2p", "left:p2p"), "--over names p2p both for one flow and for both"),
        (("cove-io", "cove-io", "--over", "go_order"), "has no knob 'go_order'"),
        (("cove-io", "cove-io", "--over", "p2p", "-o", "out"), "-o draws one comparison"),
        (("cove-io", "--refines", "tdy"), "there is no refinement 'tdy'; did you mean tdi"),
        (("cove-io", "cove-io", "--refines", "tdi"), "--refines is about one flow"),
        (("cove-io", "--refines", "tdi", "--observe", "link"), "--observe is about two flows"),
        (("ide-only", "--refines", "tdi"), "flow ide-only has no aspect responder"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    args: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *args]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
