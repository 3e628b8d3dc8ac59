"""Two TDIs of one device: each has a state of its own; sessions and stream are shared. Fuzzed, and in logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tdisprove.bench.logs import conversation
from tdisprove.cli import main
from tdisprove.explore.conformance import Budget, Setup, fuzz
from tdisprove.explore.conformance.adapters.adapter import Subject
from tdisprove.explore.conformance.alphabet import Alphabet
from tdisprove.explore.conformance.keying import key_prog, slots
from tdisprove.explore.conformance.messages import MessageLog
from tdisprove.explore.conformance.protocols import TWO_TDIS, alphabet_for, subject_of
from tdisprove.explore.conformance.reference import TWO_TDI_MUTANTS, Dsm, TwoTdis
from tdisprove.explore.conformance.wire import TDISP, Message, Vdm


def device(subject: str = "reference") -> Subject:
    return subject_of(TWO_TDIS, Setup(subject))


@pytest.fixture(scope="module")
def alphabet() -> Alphabet:
    return alphabet_for(TWO_TDIS, Setup("reference"), device().controls)


def test_the_emulator_conforms_and_everything_is_covered(alphabet: Alphabet) -> None:
    found = fuzz(alphabet, device())
    assert not found.faults and not found.advice and not found.stopped and not found.skipped
    assert found.coverage.states == (44, 44)
    assert found.coverage.transitions == (1000, 1000)
    assert found.coverage.pairs == (1046, 1046)


@pytest.mark.parametrize("label", TWO_TDI_MUTANTS)
def test_what_is_mixed_up_between_two_tdis_is_found(alphabet: Alphabet, label: str) -> None:
    found = fuzz(alphabet, device(f"mutant:{label}"), Budget(10_000, faults=1))
    assert found.faults
    finding = next(iter(found.faults.values())).finding
    assert finding.clauses and any("tdi1" in s or "other TDI" in s for s in finding.steps)


def test_the_docs_name_them_all() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "mutants.md").read_text(encoding="utf-8")
    assert all(f"`{label}`" in page for label in TWO_TDI_MUTANTS)


def exchanges(dsm: TwoTdis, order: list[tuple[str, int]]) -> Iterator[dict[str, str]]:
    """A log: keying, then requests to one TDI or the other."""
    yield {"dir": "req", "session": "0", "hex": "12e50000"}
    dsm.control("session_open", "tsm")
    yield {"dir": "rsp", "session": "0", "hex": "12650000"}
    nonces: dict[int, bytes] = {}
    messages = [(0, key_prog(1, 0, k, 1).encode(), 0) for k in slots(0)]
    for kind, tdi in order:
        fields: dict[str, int | bytes] = {"version": 0x10, "function_id": 0x100 + tdi}
        if kind == "LOCK_INTERFACE":
            fields["stream_id"] = 1
        messages.append((1, TDISP.message(kind, **fields).encode(), tdi))
    for protocol, data, tdi in messages:
        if protocol and data[1] == 0x86:
            data = data[:16] + nonces.get(tdi, bytes(32))
        yield {"dir": "req", "session": "7", "hex": Vdm(0xFE, data, protocol).encode().hex()}
        answer = dsm.apply("tsm", bytes((protocol,)) + data)
        if answer is not None:
            said = TDISP.decode(answer[1:])
            if isinstance(said, Message) and said.kind == "LOCK_INTERFACE_RESPONSE":
                nonces[tdi] = said.data("nonce")
            yield {"dir": "rsp", "session": "7", "hex": Vdm(0x7E, answer[1:], answer[0]).encode().hex()}


ORDER = [
    ("LOCK_INTERFACE", 0), ("GET_DEVICE_INTERFACE_STATE", 1), ("LOCK_INTERFACE", 1), ("START_INTERFACE", 0), ("GET_DEVICE_INTERFACE_STATE", 1),
    ("START_INTERFACE", 1), ("STOP_INTERFACE", 0), ("GET_DEVICE_INTERFACE_STATE", 1), ("GET_DEVICE_INTERFACE_STATE", 0),
    ("STOP_INTERFACE", 1),
]  # fmt: skip


def test_a_log_that_speaks_of_two_interfaces_is_judged_for_each() -> None:
    log = MessageLog()
    found = log.run(exchanges(TwoTdis(), ORDER))
    assert found.accepted and found.judged == 16 and not found.hidden
    assert set(log.interfaces) == {None, 0x100, 0x101}


@pytest.mark.parametrize("label", ["lock-locks-both", "start-starts-both", "one-lock-at-a-time", "state-of-the-first"])
def test_a_log_in_which_one_tdi_moves_the_other_is_refused(label: str) -> None:
    found = MessageLog().run(exchanges(TWO_TDI_MUTANTS[label](), ORDER))
    assert not found.accepted and found.refusal is not None
    assert "function_id=257" in found.refusal.message


def test_what_happens_to_the_device_happens_to_an_interface_that_was_not_met_yet() -> None:
    lines = list(exchanges(TwoTdis(), [("LOCK_INTERFACE", 1)]))
    assert MessageLog().run(lines).accepted
    assert MessageLog().run(conversation(Dsm(), 2)).accepted


def test_the_command_drives_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--adapter", "reference", "--tdis", "2"]) == 0
    assert "transitions: 1,000 of 1,000" in capsys.readouterr().out
    assert main(["fuzz", "--adapter", "reference", "--tdis", "2", "--protocol", "ide-km"]) == 2
    assert "--tdis 2: only a TDISP responder" in capsys.readouterr().err
    assert main(["fuzz", "--adapter", "mutant:nonce-not-compared", "--tdis", "2"]) == 2
    assert "with two TDIs" in capsys.readouterr().err
