"""Logs: what is accepted, what is refused and why, and that nothing is passed over in silence."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from tdisprove.bench.logs import conversation, walk
from tdisprove.cli import main
from tdisprove.explore.conformance.events import EventLog
from tdisprove.explore.conformance.messages import MessageLog, Validation
from tdisprove.explore.conformance.oracle import Oracle
from tdisprove.explore.conformance.pcap import messages
from tdisprove.explore.conformance.reference import Dsm, gallery
from tdisprove.explore.conformance.wire import Doe
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import ModelError

TRACES = Path(os.environ.get("TDISPROVE_TRACES", Path(__file__).resolve().parents[1].parent / "shared" / "traces"))
LIFECYCLE = FLOWS["sev-tio-guest-run"].system({}, {}, aspect="lifecycle")
SYSTEM = FLOWS["sev-tio-host-run"].system({}, {}, aspect="responder")


def test_a_log_of_the_emulator_is_accepted_and_what_was_not_judged_is_counted() -> None:
    found = MessageLog().run(conversation(Dsm(), 2))
    assert found.accepted and found.refusal is None
    assert (found.judged, found.lines) == (16, 36)
    assert found.readings["lock_requires"] == ("keys", "secure") if "lock_requires" in found.readings else True
    extra = [*conversation(Dsm()), {"kind": "RMI"}]
    assert MessageLog().run(extra).skipped == {"kind RMI": 1}


@pytest.mark.parametrize(
    ("label", "request_", "candidate"),
    [
        ("start-changes-nothing", "GET_DEVICE_INTERFACE_STATE", "get_state -> ok"),
        ("lock-goes-to-run", "GET_DEVICE_INTERFACE_STATE", "get_state -> ok"),
        ("nonce-compared-inverted", "GET_DEVICE_INTERFACE_STATE", "get_state -> ok"),
    ],
)
def test_a_log_of_a_mutant_is_refused_where_it_deviates(label: str, request_: str, candidate: str) -> None:
    found = MessageLog().run(conversation(gallery()[label].make()()))
    assert not found.accepted and found.refusal is not None
    assert found.refusal.message.startswith(request_)
    assert any(c.startswith(candidate) for c in found.refusal.candidates)
    assert found.refusal.frontier
    assert found.last.startswith("line ")


def test_an_error_without_a_cause_in_the_log_is_explained_by_an_unseen_event() -> None:
    dsm = Dsm()
    lines = []
    for line in conversation(dsm):
        lines.append(line)
        if "1003" in line["hex"] and line["dir"] == "rsp":
            dsm.control("config_change")
    found = MessageLog().run(lines)
    assert found.accepted
    assert len(found.hidden) == 1 and found.hidden[0].startswith("up to 1 unseen event(s) before line 19")


def test_time_and_beliefs_do_not_grow_with_the_log() -> None:
    log = MessageLog()
    found = log.run(conversation(Dsm(), 500))
    assert found.accepted and found.judged == 2506
    assert len(log.belief) < 60
    assert len(log.oracle._memo) < 20_000


@pytest.mark.skipif(not TRACES.exists(), reason=f"{TRACES} is not here: it is no part of the project")
def test_what_logs_of_real_implementations_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(TRACES / "spdm_emu_requester.jsonl"), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accepted"] and found["judged"] == 60 and found["hidden"] == []
    assert found["readings"] == {"optional_requests": [False]}
    assert sum(found["skipped"].values()) == 319
    assert main(["replay", str(TRACES / "tf_rmm_host_run.jsonl")]) == 3
    assert "Nothing was judged: 395 lines" in capsys.readouterr().out


# --- pcap ---------------------------------------------------------------------------------------------------------------


def pcap(packets: list[bytes]) -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147)
    return head + b"".join(struct.pack("<IIII", 0, i, len(p), len(p)) + p for i, p in enumerate(packets))


def test_doe_traffic_in_the_clear_is_read_from_pcap_and_what_is_encrypted_is_counted(tmp_path: Path) -> None:
    clear = [Doe(1, bytes.fromhex("10840000")).encode(), Doe(1, bytes.fromhex("10040000000100001200") + bytes(2)).encode()]
    data = pcap([*clear, Doe(2, bytes(8)).encode(), b"noise"])
    found = list(messages(data, "x"))
    assert [x.get("dir") for x in found[:2]] == ["req", "rsp"]
    assert [x.get("kind") for x in found[2:]] == ["secured DOE object (encrypted)", "packet that is no DOE object"]
    assert list(messages(data[:-1], "x"))[-1] == {"kind": "packet that is cut off"}
    with pytest.raises(ModelError, match="editcap"):
        list(messages(b"\x0a\x0d\x0d\x0a", "x"))
    file = tmp_path / "a.pcap"
    file.write_bytes(data)
    assert main(["replay", str(file)]) == 3


# --- Events -------------------------------------------------------------------------------------------------------------

LINES: list[dict[str, object]] = [
    {"event": "session_open", "args": {"holder": "tsm"}},
    {"event": "key_prog"},
    {"event": "lock_interface", "args": {"via": "tsm"}, "reply": "ok", "state": {"tdi0.state": "CONFIG_LOCKED"}},
    {"note": "the operator pressed a key"},
    {"event": "start_interface", "args": {"via": "tsm", "nonce": "current"}, "reply": "ok"},
    {"event": "get_report", "reply": "ok", "state": {"tdi0.state": "RUN"}},
]


def test_a_partly_observed_log_of_events_is_accepted() -> None:
    found = EventLog(SYSTEM).run(LINES)
    assert found.accepted and found.judged == 5
    assert found.skipped == {"line with note, without event": 1}


def test_a_refused_event_names_the_part_of_the_guard_that_refused_it() -> None:
    found = EventLog(SYSTEM).run([*LINES[:2], LINES[4]])
    assert not found.accepted and found.refusal is not None
    assert found.refusal.line == 3
    assert any("tdi0.state = CONFIG_LOCKED" in c and "needs" in c for c in found.refusal.candidates)
    assert found.last.startswith("line 2: key_prog")


def test_an_answer_that_no_rule_gives_is_refused_with_what_would_have_been_allowed() -> None:
    wrong = {"event": "start_interface", "args": {"via": "tsm", "nonce": "other"}, "reply": "ok"}
    found = EventLog(SYSTEM).run([*LINES[:3], wrong])
    assert found.refusal is not None
    assert any("INVALID_NONCE: is what would be allowed" in c for c in found.refusal.candidates)


def test_hidden_steps_are_searched_for_where_they_are_allowed() -> None:
    gap = [LINES[0], LINES[2]]
    assert not EventLog(SYSTEM).run(gap).accepted
    found = EventLog(SYSTEM, hidden=1, unseen=["key_prog"]).run(gap)
    assert found.accepted and len(found.hidden) == 1
    assert not EventLog(SYSTEM, hidden=1, unseen=["flr"]).run(gap).accepted


def test_mistakes_in_a_log_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line, says in (
        (
            {"event": "lock_interfac"},
            "line 1: there is no event 'lock_interfac' in sev-tio-host-run; did you mean lock_interface",
        ),
        ({"event": "key_prog", "args": {"holde": "tsm"}}, "event key_prog has no argument 'holde'; did you mean holder"),
        ({"event": "key_prog", "state": {"tdi0.state": "RUNS"}}, "tdi0.state cannot be 'RUNS'"),
    ):
        with pytest.raises(ModelError) as caught:
            EventLog(SYSTEM).run([line])
        assert says in str(caught.value)
    file = tmp_path / "a.jsonl"
    file.write_text('{"dir": "req"\n')
    assert main(["replay", str(file)]) == 2
    assert "a.jsonl: line 1" in capsys.readouterr().err


def test_every_fact_of_a_line_counts_however_many_lines_there_were() -> None:
    """What a line says of the state was once mixed up with what another had said, when the first was forgotten."""
    domains = {v.name: v.sort.domain for v in LIFECYCLE.variables}
    chance, log = random.Random(5), EventLog(LIFECYCLE)
    for line in islice(walk(LIFECYCLE), 400):
        facts = dict(line["state"])  # type: ignore[call-overload]
        wrong = chance.choice(list(facts))
        other = chance.choice([x for x in domains[wrong] if x != facts[wrong]])
        before = log.belief
        assert log.run([{**line, "state": {**facts, wrong: other}}]).refusal is not None
        log.belief, log.result = before, Validation()
        assert log.run([line]).refusal is None


def test_the_work_for_an_event_does_not_grow_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted are the questions to the rules that were not asked before: they are bounded by the states, not by the lines."""
    asked = []
    plain = Oracle._allowed
    monkeypatch.setattr(Oracle, "_allowed", lambda self, key, p: asked.append(1) or plain(self, key, p))
    log = EventLog(LIFECYCLE)
    counts = []
    for part in _parts(islice(walk(LIFECYCLE), 8000), 2000):
        assert log.run(part).refusal is None
        counts.append(len(asked))
        asked.clear()
    assert counts[-1] < counts[0] / 2
    assert len(log._matched) < 1500 and len(log.belief) == 1


def _parts(lines: Iterator[dict[str, object]], size: int) -> Iterator[list[dict[str, object]]]:
    while part := list(islice(lines, size)):
        yield part
