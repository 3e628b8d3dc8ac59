"""Adapters: an implementation is judged alike whatever way it is reached, and what it does instead of answering is a fault."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tdisprove.explore.conformance import (
    Budget,
    Setup,
    adapter_from,
    alphabet_for,
    fuzz,
)
from tdisprove.explore.conformance.adapters import Fault, Framing, Process, Socket
from tdisprove.explore.conformance.reference import Dsm
from tdisprove.explore.conformance.wire import Doe, Emulator, Vdm, decode_doe, decode_vdm
from tdisprove.model.language import ModelError

ROOT = Path(__file__).resolve().parents[1]
ALONE = Setup("reference", multi_session=False)
BOTH = Setup("reference")


CHILD = """
import sys, time
for line in sys.stdin:
    verb, _, rest = line.strip().partition(" ")
    what = rest.split()[-1] if rest else ""
    if verb == "send" and what == "01aa":
        raise SystemExit(3)
    if verb == "send" and what == "01bb":
        time.sleep(60)
    if verb == "send" and what == "01cc":
        print("hello"); sys.stdout.flush(); continue
    if verb == "send" and what == "01dd":
        print("-\\nff")
    elif verb == "send":
        print("-" if what == "01" else what)
    else:
        print("session_open" if verb == "controls" else "ok" if verb == "reset" else "no")
    sys.stdout.flush()
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Process]:
    program = tmp_path / "child.py"
    program.write_text(CHILD)
    made = Process([sys.executable, str(program)], timeout=5)
    made._timeout = 0.5
    yield made
    made.close()


def test_a_child_process_answers_or_stays_silent(child: Process) -> None:
    assert child.controls == {"session_open"}
    assert child.apply("tsm", b"\x01\x02") == b"\x01\x02"
    assert child.apply("none", b"\x01") is None
    assert child.control("session_open", "tsm") is False
    assert child.control("flr") is False


@pytest.mark.parametrize(
    ("message", "kind", "detail"),
    [
        ("01aa", "crash", "exit code 3"),
        ("01bb", "hang", "no line"),
        ("01cc", "garbage", "not hex"),
        ("01dd", "unsolicited", "ff"),
    ],
)
def test_what_a_child_does_instead_of_answering_is_a_fault_and_the_next_one_is_fresh(
    child: Process, message: str, kind: str, detail: str
) -> None:
    with pytest.raises(Fault, match=detail) as caught:
        child.apply("tsm", bytes.fromhex(message))
        child.apply("tsm", b"\x01\x02")
    assert caught.value.kind == kind
    child.reset()
    child._timeout = 5
    assert child.apply("tsm", b"\x01\x02") == b"\x01\x02"


def _serve(server: socket.socket, framing: Framing) -> None:
    """A responder that speaks DOE over a socket, from the emulator."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        dsm = Dsm()
        dsm.control("session_open", "tsm")
        with connection:
            while True:
                head = connection.recv(12 if framing is Framing.EMULATOR else 8, socket.MSG_WAITALL)
                if not head:
                    break
                size = (
                    struct.unpack(">III", head)[2]
                    if framing is Framing.EMULATOR
                    else 4 * int.from_bytes(head[4:], "little") - 8
                )
                body = connection.recv(size, socket.MSG_WAITALL)
                doe = decode_doe(body if framing is Framing.EMULATOR else head + body)
                assert isinstance(doe, Doe)
                session = {1: "tsm", 2: "host"}[int.from_bytes(doe.payload[:4], "little")] if doe.kind == 2 else "none"
                vdm = decode_vdm(doe.payload[6:] if doe.kind == 2 else doe.payload)
                assert isinstance(vdm, Vdm)
                answer = dsm.apply(session, bytes((vdm.protocol,)) + vdm.payload)
                out = b""
                if answer is not None:
                    plain = Vdm(0x7E, answer[1:], answer[0]).encode()
                    out = Doe(2, struct.pack("<IH", 1 if session == "tsm" else 2, len(plain)) + plain).encode()
                if framing is Framing.EMULATOR:
                    connection.sendall(Emulator(1, out).encode())
                elif out:
                    connection.sendall(out)


@pytest.mark.parametrize("framing", Framing)
def test_a_socket_takes_doe_and_the_framing_of_the_emulator(framing: Framing) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(server, framing), daemon=True).start()
    setup = Setup("x", start="session", multi_session=False, timeout=0.05)
    adapter = Socket(server.getsockname(), framing=framing, timeout=0.05 if framing is Framing.DOE else 5)
    found = fuzz(alphabet_for("tdisp", setup, adapter.controls), adapter, Budget(250), pairs=False)
    adapter.close()
    server.close()
    assert not found.faults
    assert found.coverage.states[0] >= 3


@pytest.fixture(scope="module")
def c_responders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("there is no gcc here")
    folder = tmp_path_factory.mktemp("c")
    made = {}
    for fault in range(4):
        program, library = folder / f"responder{fault}", folder / f"responder{fault}.so"
        source = str(ROOT / "examples" / "responder.c")
        subprocess.run([gcc, "-O1", f"-DFAULT={fault}", "-o", str(program), source], check=True)
        subprocess.run(
            [gcc, "-O1", f"-DFAULT={fault}", "-DLIBRARY", "-shared", "-fPIC", "-o", str(library), source], check=True
        )
        made |= {f"exec{fault}": f"exec:{program}", f"lib{fault}": f"lib:{library}:responder"}
    return made


@pytest.mark.parametrize(
    ("fault", "kind", "at"), [(0, "", ""), (1, "crash", "bad_offset"), (2, "hang", "stop"), (3, "form", "get_report")]
)
def test_a_responder_in_c_has_the_same_faults_as_library_and_as_process(
    c_responders: dict[str, str], fault: int, kind: str, at: str
) -> None:
    seen = []
    for route in ("exec", "lib"):
        setup = adapter_from(c_responders[f"{route}{fault}"], timeout=5.0)
        adapter = setup.adapter()
        adapter._timeout = 0.4  # type: ignore[attr-defined]
        found = fuzz(alphabet_for("tdisp", setup, adapter.controls), adapter, Budget(2500, faults=1), pairs=False)
        adapter.close()
        seen.append([(f.finding.kind, f.finding.steps) for f in found.faults.values()])
    assert seen[0] == seen[1]
    assert [(k, at in steps[-1]) for k, steps in seen[0]] == ([(kind, True)] if kind else [])


def test_mistakes_in_a_setup_are_named(tmp_path: Path) -> None:
    for spec, says in (
        ("nonsense", "write reference, mutant:LABEL"),
        ("mutant:nonce-not-compare", "did you mean nonce-not-compared"),
        ("exec:/does/not/exist", "cannot be started"),
        ("tcp:localhost", "write tcp:HOST:PORT"),
        ("lib:/does/not/exist.so:f", "the path of a shared library"),
        ("python:json:loadz", "did you mean load, loads"),
    ):
        with pytest.raises(ModelError, match=says):
            adapter_from(spec).adapter()
    file = tmp_path / "a.toml"
    file.write_text('[adapter]\nsubject = "reference"\nstrem_id = 4\n')
    with pytest.raises(ModelError, match=r"adapter.strem_id: there is no such key; did you mean stream_id"):
        adapter_from(str(file))
    file.write_text('[adapter]\nsubject = "reference"\nmulti_session = false\nupdatable = [0, 4, 2]\n')
    assert adapter_from(str(file)).updatable == (0, 4, 2)
    with pytest.raises(ModelError, match="name size once"):
        Setup("lib:x:y", signature="request,response,&size")
