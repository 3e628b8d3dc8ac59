"""The device as TDISP responder: its size, its tables, both readings of every open point, and that the lifecycle abstracts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import naive
import pytest
from tdisprove.explore import Verdict, check
from tdisprove.explore.evaluate import enabled, named, successor
from tdisprove.explore.explicit import reachable
from tdisprove.explore.slice import sliced
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import State, System, Term, Value, after, conj, neg
from tdisprove.model.language.mutate import DropUpdate, Mutant, mutated
from tdisprove.model.world import ASPECTS
from tdisprove.model.world.responder import events as e
from tdisprove.model.world.responder.requests import ERROR_CODES
from tdisprove.model.world.responder.state import Tdi
from tdisprove.model.world.responder.table import EVENT_CLASSES, EventClass
from tdisprove.model.world.vocabulary import t
from tdisprove.properties import Formula, Never, Obligation, Property, Sometimes, Step, StepLaw, occurs
from tdisprove.properties.catalogue import find
from tdisprove.properties.catalogue.responder.observations import ERROR, RUN, UNLOCKED, accepts, sends

MODEL = ASPECTS["responder"].model
FLOW = "sev-tio-host-run"
Knobs = Mapping[str, Value]


def responder(knobs: Knobs | None = None, flow: str = FLOW, **topology: int) -> System:
    return FLOWS[flow].system(topology, knobs, aspect="responder")


def asked(formula: Formula, name: str = "asked") -> Property:
    return Property(name, "As asked here.", formula, (t,))


def verdicts(system: System, *properties: Property) -> list[str]:
    return [
        r.verdict.value if r.trace is None or r.verdict is Verdict.HOLDS else f"{r.verdict.value}@{r.depth}"
        for r in check(system, properties)
    ]


def narrowed(system: System, *variables: str) -> System:
    """The part of the system that decides how these variables change."""
    watching = Obligation(
        asked(Never(())), "", conj(*(v.term == v.sort.domain[0] for v in system.variables if v.name in variables)), {}
    )
    return sliced(system, [watching]).system


# --- Size -------------------------------------------------------------------------------------------------------------

COUNTS = {FLOW: (6324, 13), "cove-io": (6324, 13), "hyperv": (7092, 13)}


@pytest.mark.parametrize("flow", COUNTS)
def test_exhaustive_exploration_finds_exactly_these_states(flow: str) -> None:
    system = responder(flow=flow)
    statistics = reachable(system).statistics
    assert statistics.complete
    assert (statistics.states, statistics.depth) == COUNTS[flow]
    assert statistics.deadlocks == 0
    assert naive.count(system) == COUNTS[flow]


def test_of_two_tdis_the_locks_alone_are_a_small_system() -> None:
    system = narrowed(responder(tdi=2), "tdi0.state", "tdi1.state")
    statistics = reachable(system).statistics
    assert (statistics.states, statistics.depth) == (596, 9)
    assert naive.count(system) == (596, 9)


# --- The rule table -----------------------------------------------------------------------------------------------------

SETTINGS: tuple[Knobs, ...] = (
    {},
    {"error_recovery": "automatic", "stop_in_unlocked": "error", "lock_requires": "secure", "report_chunks": "restart"},
    {"session_loss": "next_keying", "other_session": "refused", "multi_session": True, "report_chunks": "refuse"},
    {"xt_mode": True, "optional_requests": False, "completion_match": "epoch"},
)  # fmt: skip


def test_every_rule_and_every_check_with_each_of_its_replies_is_reached() -> None:
    # Each check gets a reply of its own, so that a refusal tells which check it was.
    told = MODEL.with_rules(
        replace(r, checks=tuple(c if c.reply is None else replace(c, reply=f"{c.name}: {c.reply}") for c in r.checks))
        for r in MODEL.rules
    )
    rules: set[tuple[str, str]] = set()
    refusals: set[tuple[str, str, str]] = set()
    for knobs in SETTINGS:
        system = FLOWS[FLOW].system({}, knobs, told, aspect="responder")
        plain = responder(knobs)
        rules |= {(r.machine, r.name) for n in reachable(plain).statistics.fired for r in plain.actions[n].rules}
        for n in reachable(system).statistics.fired:
            a = system.actions[n]
            if a.refused_by is not None:
                refusals.add((a.refused_by.machine, a.refused_by.name, a.reply))
    assert {(r.machine, r.name) for r in MODEL.rules} - rules == set()
    wanted = {(r.machine, r.name, f"{c.name}: {c.reply}") for r in MODEL.rules for c in r.checks if c.reply is not None}
    assert wanted - refusals == set()


def test_every_request_is_answered_with_codes_of_the_specification_or_not_at_all() -> None:
    for r in MODEL.rules:
        if r.event in e.REQUESTS:
            assert {c.reply for c in r.checks if c.reply} <= {*ERROR_CODES, "NO_RESPONSE"}
    assert len(ERROR_CODES) == 11


def test_the_events_of_the_chapter_are_all_there() -> None:
    assert [c.number for c in EVENT_CLASSES] == [f"E{n}" for n in range(1, 33)]
    for c in EVENT_CLASSES:
        assert all(MODEL.events[x.name] is x for x in c.events)


_ON: dict[str, Knobs] = {
    # E13: without runtime updates; E16 as a wipe; E31 exists only where the stream outlives its session.
    "E13": {"runtime_update": False},
    "E31": {"session_loss": "next_keying", "multi_session": True},
}


def _claims(c: EventClass) -> list[Property]:
    """What the table says of a class of events, as properties."""
    found = []
    for x in c.events:
        name = f"{c.number} {x.name}"
        ours = Step(x, {}, "ok", RUN)
        if c.effect in ("ERROR", "CONFIG_UNLOCKED"):
            found.append(asked(Sometimes(replace(ours, where=RUN & after(Tdi.state[t] == c.effect))), name))
        elif c.effect == "refused":
            found.append(asked(Sometimes(Step(x, {}, "UPDATE_REFUSED", Tdi.no_fw_update[t])), name))
            found.append(asked(Never(Step(x, {}, "ok", Tdi.no_fw_update[t])), name + " refused"))
        elif c.number == "E27":
            found.append(asked(StepLaw(Step(x, {}, "refused"), after(Tdi.state[t]) == Tdi.state[t]), name))
        elif c.number == "E15":
            kept = after(Tdi.state[t]) == Tdi.state[t]
            found.append(asked(StepLaw(Step(x, {}, "ok", neg(e.lower_svn)), kept), name))
        elif c.effect == "none" and c.number != "E28":
            found.append(asked(StepLaw(ours, after(RUN)), name))
            found.append(asked(Sometimes(ours), name + " happens"))
    return found


@pytest.mark.parametrize("setting", [{}, *_ON.values()], ids=str)
def test_each_event_does_what_the_table_says(setting: Knobs) -> None:
    claims = [p for c in EVENT_CLASSES if _ON.get(c.number, {}) == setting for p in _claims(c)]
    assert claims
    for r in check(responder(setting), claims):
        assert r.verdict is Verdict.HOLDS, r.prop.id


# --- The open points, read either way -----------------------------------------------------------------------------------

LEGACY_ACCESS = asked(Sometimes(accepts(target="tee", tbit=False)))
LEGACY_DMA = asked(Sometimes(sends(kind="write", tbit=False)))
BLOCKED_IN_ERROR = asked(
    Sometimes(Step(e.firmware_update, {}, "UPDATE_REFUSED", neg(e.lower_svn) & ERROR & Tdi.no_fw_update[t]))
)
OTHER_SESSIONS_START = asked(Never(occurs(e.start_interface, t=t, where=e.via != Tdi.lock_session[t])))

READINGS: tuple[tuple[str, Property | str, Knobs, str, Knobs, str], ...] = (
    # point, property, one reading, its verdict, the other reading, its verdict
    ("A-1", LEGACY_ACCESS, {}, "holds", {"unlocked_mmio": "rejected"}, "violated"),
    ("A-2", "shared-memory-takes-tbit-only-in-run", {}, "holds", {"shared_range_tbit": "any_state"}, "violated@1"),
    ("A-2", "shared-memory-takes-tbit-only-in-run", {}, "holds", {"shared_range_tbit": "never"}, "holds"),
    ("A-3", "no-dma-without-t-while-locked", {}, "holds", {"legacy_dma": "also_locked"}, "violated@4"),
    ("A-3", LEGACY_DMA, {}, "holds", {"legacy_dma": "never"}, "violated"),
    ("A-4", "report-readable-in-run", {}, "holds", {"report_in_run": False}, "violated@5"),
    ("A-6", "flr-is-answered-by-stop", {"error_recovery": "automatic"}, "holds",
     {"error_recovery": "automatic", "recovery_after_flr": True}, "violated@5"),
    ("A-6", "unlocked-means-no-translation-of-a-tvm", {}, "holds", {"error_recovery": "automatic"}, "violated@8"),
    ("A-6", "unlocked-means-scrubbed", {}, "holds", {"error_recovery": "automatic"}, "holds"),
    ("A-7", "stop-is-legal-in-every-state", {}, "holds", {"stop_in_unlocked": "error"}, "violated@2"),
    ("A-8", "p2p-keys-are-of-the-lock-session", {"multi_session": True}, "holds",
     {"multi_session": True, "p2p_keyed_over": "bind"}, "violated@6"),
    ("A-9", "another-session-moves-no-locked-tdi", {"multi_session": True, "other_session": "refused"}, "holds",
     {"multi_session": True}, "violated@5"),
    ("A-9", "another-session-moves-no-locked-tdi", {}, "holds", {"other_session": "refused"}, "holds"),
    ("A-9", OTHER_SESSIONS_START, {"multi_session": True}, "holds", {"multi_session": True, "nonce_leaked": True}, "violated@5"),
    ("A-10", "parts-of-a-report-are-of-one-lock", {"report_chunks": "restart"}, "holds", {}, "violated@7"),
    ("A-10", "parts-of-a-report-are-of-one-lock", {"report_chunks": "restart"}, "holds", {"report_chunks": "refuse"}, "violated@8"),
    ("A-10", "stop-is-legal-in-every-state", {"report_chunks": "restart"}, "holds", {"report_chunks": "refuse"}, "violated@5"),
    ("A-12", "tbit-access-means-run-over-a-bound-stream", {}, "holds", {"mmio_in_locked": "accept"}, "violated@5"),
    ("A-14", "what-was-reported-of-ats-stays-true", {"ats_write": "error"}, "holds", {}, "violated@4"),
    ("A-16", "a-lock-finds-a-secure-stream", {"lock_requires": "secure"}, "holds", {}, "violated@3"),
    ("A-17", BLOCKED_IN_ERROR, {"update_in_error": "blocked"}, "holds", {}, "violated"),
    ("A-18", "the-lock-session-lives-and-keyed-the-stream", {}, "holds", {"session_loss": "next_keying"}, "violated@4"),
    ("A-18", "the-end-of-the-session-ends-the-lock", {}, "holds", {"session_loss": "next_keying"}, "violated@4"),
    ("late completions", "no-completion-of-an-earlier-run", {"completion_match": "epoch"}, "holds", {}, "violated@6"),
    ("late completions", "no-completion-of-an-earlier-run", {"dma_at_stop": "done"}, "holds", {}, "violated@6"),
    ("after STOP", "p2p-bound-only-in-run-as-announced", {}, "holds", {"after_stop": "kept"}, "violated@6"),
    ("BIND_P2P", "p2p-bound-only-in-run-as-announced", {}, "holds", {"bind_p2p_flag": "ignored"}, "violated@5"),
    ("debug", "debug-opens-on-no-secret", {"debug_wipes": True}, "holds", {}, "violated@6"),
    ("firmware", "no-downgrade-under-a-lock", {}, "holds", {"svn_downgrade": "wipe"}, "holds"),
    ("firmware", "measurements-show-the-firmware-that-runs", {}, "holds", {"measured_at": "reset"}, "violated@1"),
    ("nonce", "start-spends-the-nonce-of-this-lock", {}, "holds", {"nonce_checked": False}, "violated@4"),
    ("refusals", "refusals-change-nothing", {}, "holds", {"wrong_state": "unlocks"}, "violated@4"),
    ("firmware", "firmware-stays-that-of-the-lock", {"runtime_update": False}, "holds", {}, "violated@4"),
    ("firmware", "no-downgrade-onto-secrets", {"runtime_update": False}, "holds", {"svn_downgrade": "wipe"}, "violated@7"),
    ("no IDE", "a-lock-was-sound", {}, "holds", {"ide_required": False}, "holds"),
    ("no IDE", "tbit-leaves-over-a-bound-stream", {}, "holds", {"ide_required": False}, "holds"),
    ("PCIe 7.0", "tdisp-mode-changes-only-while-unlocked", {}, "holds", {"xt_mode": True}, "holds"),
)  # fmt: skip


@pytest.mark.parametrize(("point", "prop", "one", "verdict", "other", "otherwise"), READINGS)
def test_an_open_point_read_either_way(
    point: str, prop: Property | str, one: Knobs, verdict: str, other: Knobs, otherwise: str
) -> None:
    p = find(prop) if isinstance(prop, str) else prop
    assert (verdicts(responder(one), p), verdicts(responder(other), p)) == ([verdict], [otherwise])


@pytest.mark.parametrize(
    ("knobs", "event", "where", "codes"),
    [
        ({}, e.lock_interface, e.fault == "stream_id", {"INVALID_REQUEST", "INVALID_DEVICE_CONFIGURATION"}),
        ({"stream_fault_code": "INVALID_REQUEST"}, e.lock_interface, e.fault == "stream_id", {"INVALID_REQUEST"}),
        ({}, e.unbind_p2p_stream, RUN & e.known, {"INVALID_REQUEST"}),
        ({"optional_requests": False}, e.unbind_p2p_stream, RUN & e.known, {"UNSUPPORTED_REQUEST", "INVALID_REQUEST"}),
    ],
    ids=["A-5 either code", "A-5 one code", "A-11 supported", "A-11 not supported"],
)
def test_where_no_code_is_tabulated_either_is_accepted(knobs: Knobs, event: object, where: Term, codes: set[str]) -> None:
    # In a state and with parameters in which nothing else is wrong.
    nothing_else = where & (UNLOCKED if event is e.lock_interface else RUN) & (e.flaw == "none")
    keyed = nothing_else & (e.via == "tsm")
    claims = [
        asked(Sometimes(Step(event, {}, code, keyed)), code)  # type: ignore[arg-type]
        for code in ("INVALID_REQUEST", "INVALID_DEVICE_CONFIGURATION", "UNSUPPORTED_REQUEST", "INVALID_INTERFACE_STATE")
    ]
    system = responder({"lock_requires": "keys", **knobs})
    found = {r.prop.id for r in check(system, claims) if r.verdict is Verdict.HOLDS}
    if event is e.lock_interface:
        found -= {"INVALID_REQUEST"} if "INVALID_REQUEST" not in codes else set()
    assert found == codes


def test_stop_that_clears_the_streams_keys_ends_the_neighbours_lock() -> None:
    p = find("stop-leaves-the-neighbours-alone")
    assert verdicts(responder(tdi=2), p) == ["holds"]
    assert verdicts(responder({"stop_clears_keys": True}, tdi=2), p) == ["violated@4"]


def test_resets_reach_the_functions_that_the_chapter_names_and_no_others() -> None:
    properties = [
        find(p)
        for p in ("flr-takes-to-error", "reset-of-function-0-hits-every-tdi", "reset-of-another-function-spares-the-rest")
    ]
    for r in check(responder(tdi=2), properties):
        assert r.verdict is Verdict.HOLDS, r.prop.id
        assert not r.vacuous


def test_one_locked_tdi_blocks_the_update_of_a_device_whose_other_tdi_is_free() -> None:
    step = occurs(
        e.firmware_update,
        d="device0",
        reply="UPDATE_REFUSED",
        where=Tdi.no_fw_update["tdi1"] & (Tdi.state["tdi0"] == "CONFIG_UNLOCKED"),
    )
    assert verdicts(responder(tdi=2), find("one-lock-blocks-the-firmware-update"), asked(Sometimes(step))) == [
        "holds",
        "holds",
    ]


def test_a_late_completion_needs_no_fault_of_the_device() -> None:
    (r,) = check(responder(), [find("no-completion-of-an-earlier-run")])
    assert r.trace is not None
    assert [a.event for a in r.trace.actions] == [
        "session_open", "key_prog", "tlp_out", "lock_interface", "start_interface", "completion",
    ]  # fmt: skip


# --- The lifecycle as an abstraction --------------------------------------------------------------------------------------

TDI_VARIABLES = ("state", "lock_session", "nonce", "p2p")


def _seen(tdis: int) -> list[str]:
    per_tdi = [f"tdi{i}.{v}" for i in range(tdis) for v in TDI_VARIABLES]
    return [*per_tdi, "device0.tsm_session", "device0.host_session", "stream.device0.state", "stream.device0.key_session"]


def _abstract(state: Mapping[str, Value], initial: Mapping[str, Value], tdis: int) -> dict[str, Value]:
    """A state of the responder as the lifecycle's device side sees it.

    A bound peer-to-peer stream is just bound, a stream without keys was never there. The TSM holds the nonce of the
    last lock and has nothing bound: what it knows is not the device's matter.
    """
    shown = dict(initial)
    for i in range(tdis):
        for v in ("state", "lock_session", "nonce"):
            shown[f"tdi{i}.{v}"] = state[f"tdi{i}.{v}"]
        shown[f"tdi{i}.p2p"] = state[f"tdi{i}.p2p"] != "none"
        shown[f"tsm.tdi{i}.nonce"] = "current"
    for session in ("tsm_session", "host_session"):
        shown[f"device0.{session}"] = state[f"device0.{session}"]
    port = state["stream.device0.state"]
    shown["stream.device0.state"] = "NONE" if port == "NOT_KEYED" else port
    shown["stream.device0.key_session"] = state["stream.device0.key_session"]
    return shown


def _steps(tdis: int, knobs: Knobs, *mutants: Mutant) -> tuple[set[str], set[str]]:
    """The events whose steps move a TDI as some rule of the lifecycle's TDI does, and those with a step that none does."""
    lifecycle = ASPECTS["lifecycle"].model
    rules = [r for r in lifecycle.rules if r.machine == "tdi"]
    spec = FLOWS[FLOW].system({"tdi": tdis}, knobs, lifecycle.with_rules(rules))
    initial = {v.name: v.sort.domain[0] for v in spec.variables}
    tdi_vars = [f"tdi{i}.{v}" for i in range(tdis) for v in TDI_VARIABLES]
    allowed: dict[State, set[State]] = {}

    def steps_from(shown: Mapping[str, Value]) -> set[State]:
        key = tuple(shown[v.name] for v in spec.variables)
        if key not in allowed:
            following = [named(spec, successor(spec, a, key)) for a in spec.actions if enabled(spec, a, key)]
            allowed[key] = {tuple(s[v] for v in tdi_vars) for s in following}
        return allowed[key]

    full = FLOWS[FLOW].system({"tdi": tdis}, knobs, mutated(MODEL, *mutants), aspect="responder")
    system = narrowed(full, *_seen(tdis))
    matched: set[str] = set()
    unmatched: set[str] = set()
    domains = [v.sort.domain for v in system.variables]
    for codes in reachable(system).codes.tolist():
        state: State = tuple(domain[c] for domain, c in zip(domains, codes, strict=True))
        before = _abstract(named(system, state), initial, tdis)
        was = tuple(before[v] for v in tdi_vars)
        for a in system.actions:
            if enabled(system, a, state):
                shown = _abstract(named(system, successor(system, a, state)), initial, tdis)
                now = tuple(shown[v] for v in tdi_vars)
                if now != was:
                    (matched if now in steps_from(before) else unmatched).add(a.event)
    return matched, unmatched


@pytest.mark.parametrize(
    ("tdis", "knobs"),
    [
        (1, {}),
        (1, {"multi_session": True}),
        (1, {"error_recovery": "automatic", "stop_in_unlocked": "error", "lock_requires": "secure"}),
        (2, {}),
    ],
    ids=str,
)
def test_every_step_is_one_of_the_lifecycles_tdi_or_none(tdis: int, knobs: Knobs) -> None:
    matched, unmatched = _steps(tdis, knobs)
    # The lifecycle lets a peer-to-peer stream end only together with RUN.
    assert unmatched == {"unbind_p2p_stream"}
    assert {"lock_interface", "start_interface", "stop_interface", "flr", "conventional_reset", "session_close"} <= matched


def test_a_responder_that_keeps_its_nonce_in_run_is_none_that_the_lifecycle_knows() -> None:
    _, unmatched = _steps(1, {}, DropUpdate("tdi", "start_interface", "tdi.nonce"))
    assert "start_interface" in unmatched
