"""The wire codec: total decoding, round trips, and a second decoder that shares no code with it."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tdisprove.explore.conformance.wire import (
    IDE_KM,
    KSS,
    TDISP,
    Doe,
    Emulator,
    Malformed,
    Message,
    MmioRange,
    Protocol,
    Report,
    Vdm,
    decode_doe,
    decode_emulator,
    decode_report,
    decode_vdm,
    encode_report,
    error_name,
)
from tdisprove.model.language import ModelError

PROTOCOLS = (TDISP, IDE_KM)
TRACES = Path(os.environ.get("TDISPROVE_TRACES", Path(__file__).resolve().parents[1].parent / "shared" / "traces"))
TRACE = TRACES / "spdm_emu_requester.jsonl"

# --- A second decoder: by hand, with struct, from the tables ------------------------------------------------------------

TDISP_BODIES: dict[int, str | None] = {
    0x81: "", 0x82: "I", 0x83: "HBBQQ", 0x84: "HH", 0x85: "", 0x86: "32s", 0x87: "", 0x88: "B", 0x89: "B", 0x8A: "QIHH",
    0x02: "I16sH3sBBB", 0x03: "32s", 0x05: "B", 0x06: "", 0x07: "", 0x08: "", 0x09: "", 0x0A: "",
}  # fmt: skip


def second_tdisp(b: bytes) -> tuple[object, ...] | None:
    if len(b) < 16:
        return None
    head = struct.unpack_from("<BBHIQ", b)
    body, code = b[16:], b[1]
    if code in TDISP_BODIES:
        form = "<" + str(TDISP_BODIES[code])
        return (*head, *struct.unpack(form, body)) if struct.calcsize(form) == len(body) else None
    if code == 0x01:
        return (*head, body[0], body[1:]) if body and len(body) == 1 + body[0] else None
    if code == 0x04:
        if len(body) < 4:
            return None
        portion, left = struct.unpack_from("<HH", body)
        return (*head, portion, left, body[4:]) if len(body) == 4 + portion else None
    if code in (0x8B, 0x0B):
        if len(body) < 2 or len(body) < 2 + body[1]:
            return None
        return (*head, body[0], body[1], body[2 : 2 + body[1]], body[2 + body[1] :])
    if code == 0x7F:
        return (*head, *struct.unpack_from("<II", body), body[8:]) if len(body) >= 8 else None
    return None


def second_ide_km(b: bytes) -> tuple[object, ...] | None:
    if not b:
        return None
    if b[0] == 0:
        return tuple(b) if len(b) == 3 else None
    if b[0] == 1:
        return (*b[:7], b[7:]) if len(b) >= 7 and (len(b) - 7) % 4 == 0 else None
    if b[0] in (3, 4, 5, 6):
        return (b[0], b[1] + 256 * b[2], *b[3:]) if len(b) == 7 else None
    if b[0] == 2 and len(b) == 47:
        key = 0
        for word in struct.unpack_from("<8I", b, 7):
            key = key << 32 | word
        high, low = struct.unpack_from("<2I", b, 39)
        return (b[0], b[1] + 256 * b[2], *b[3:7], key, high << 32 | low)
    return None


def values(found: Message | Malformed) -> tuple[object, ...] | None:
    return found.values if isinstance(found, Message) else None


def messages(protocol: Protocol) -> st.SearchStrategy[Message]:
    def fields(kind: str) -> st.SearchStrategy[Message]:
        layout = protocol.layout(kind)
        counts = {f.counted for f in layout.fields}
        made: dict[str, st.SearchStrategy[int] | st.SearchStrategy[bytes]] = {}
        for f in layout.fields:
            if f.name == "code" or f.name in counts:
                continue
            if f.is_int:
                made[f.name] = st.integers(0, (1 << 8 * (f.width or 0)) - 1)
            else:
                units = st.lists(st.binary(min_size=f.unit, max_size=f.unit), max_size=8).map(b"".join)
                made[f.name] = st.binary(min_size=f.width, max_size=f.width) if f.width else units
        return st.fixed_dictionaries(made).map(lambda x: protocol.message(kind, **x))

    return st.sampled_from(sorted(protocol.kinds())).flatmap(fields)


likely = st.one_of(
    st.binary(max_size=80),
    st.tuples(st.sampled_from([p[0] for p in ((0x10,), (0,), (2,))]), st.integers(0, 255), st.binary(max_size=64)).map(
        lambda x: bytes(x[:2]) + x[2]
    ),
    *(messages(p).map(Message.encode) for p in PROTOCOLS),
    *(st.tuples(messages(p), st.integers(0, 60)).map(lambda x: x[0].encode()[: x[1]]) for p in PROTOCOLS),
)


@given(likely)
def test_any_bytes_are_a_message_or_a_described_malformation(data: bytes) -> None:
    for protocol in PROTOCOLS:
        found = protocol.decode(data)
        if isinstance(found, Message):
            assert found.encode() == data
        else:
            assert found.reason and found.data == data


@given(likely)
@example(b"")
def test_two_decoders_that_share_no_code_agree(data: bytes) -> None:
    assert values(TDISP.decode(data)) == second_tdisp(data)
    assert values(IDE_KM.decode(data)) == second_ide_km(data)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=str)
def test_what_is_encoded_decodes_to_itself(protocol: Protocol) -> None:
    @given(messages(protocol))
    def law(m: Message) -> None:
        assert protocol.decode(m.encode()) == m

    law()


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=str)
def test_every_kind_of_message_can_be_made_without_saying_anything(protocol: Protocol) -> None:
    for kind in protocol.kinds():
        m = protocol.message(kind)
        assert protocol.decode(m.encode()) == m


def test_bytes_that_are_known() -> None:
    lock = TDISP.message("LOCK_INTERFACE", version=0x10, function_id=0xBEEF, flags=7, offset=0xD0000000)
    assert lock.encode().hex() == "10830000efbe00000000000000000000" + "07000000" + "000000d000000000" + "0000000000000000"
    prog = IDE_KM.message("KEY_PROG", stream=1, kss=KSS(1, True, 2).byte, port=0, key=0x11223344 << 224, ifv=1)
    assert prog.encode().hex() == "02000001002300" + "44332211" + "00" * 28 + "0000000001000000"
    assert error_name(0x0102) == "INVALID_NONCE"
    assert error_name(0x0002) == "error 0x0002"


@given(st.integers(0, 255))
def test_the_byte_of_key_set_direction_and_sub_stream_is_its_parts(byte: int) -> None:
    assert KSS.of(byte).byte == byte


def test_fields_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match="stream_id=256 does not fit into 1 byte"):
        TDISP.message("BIND_P2P_STREAM", stream_id=256)
    with pytest.raises(ModelError, match="no field 'nonc'; did you mean nonce"):
        TDISP.message("START_INTERFACE", nonc=b"")
    with pytest.raises(ModelError, match=r"has 3 byte\(s\): it has 32"):
        TDISP.message("START_INTERFACE", nonce=b"abc")
    with pytest.raises(ModelError, match="has the code 0x86"):
        TDISP.message("START_INTERFACE", code=1)


# --- Envelopes ----------------------------------------------------------------------------------------------------------

vdms = st.builds(
    Vdm, st.sampled_from([0xFE, 0x7E]), st.binary(max_size=40), st.integers(0, 255), st.sampled_from([0x12, 0x13, 0x14]), param1=st.integers(0, 127),
    param2=st.integers(0, 255), standard=st.integers(0, 65535), vendor=st.binary(max_size=4), trailing=st.binary(max_size=3),
)  # fmt: skip
large = st.builds(
    Vdm,
    st.sampled_from([0xFE, 0x7E]),
    st.binary(max_size=40),
    st.integers(0, 255),
    st.just(0x14),
    st.just(True),
    reserved=st.integers(0, 65535),
)


@given(st.one_of(vdms, large))
def test_vendor_defined_messages_round_trip_in_both_forms_of_the_length(v: Vdm) -> None:
    assert decode_vdm(v.encode()) == v


@given(st.integers(0, 3), st.binary(max_size=64))
def test_data_objects_and_frames_round_trip(kind: int, payload: bytes) -> None:
    doe = Doe(kind, payload + bytes(-len(payload) % 4))
    assert decode_doe(doe.encode()) == doe
    frame = Emulator(kind, payload)
    assert decode_emulator(frame.encode()) == frame


@given(likely)
@settings(max_examples=200)
def test_envelopes_of_any_bytes_decode_to_something(data: bytes) -> None:
    for decode in (decode_vdm, decode_doe, decode_emulator, decode_report):
        found = decode(data)
        if isinstance(found, Vdm | Doe | Emulator):
            assert found.encode() == data
        elif isinstance(found, Report):
            assert encode_report(found) == data
        else:
            assert found.reason


ranges = st.builds(
    MmioRange, st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.integers(0, 65535), st.integers(0, 65535)
)
reports = st.builds(
    Report,
    *(st.integers(0, 65535) for _ in range(4)),
    st.integers(0, 2**32 - 1),
    st.lists(ranges, max_size=4).map(tuple),
    st.binary(max_size=9),
)


@given(reports)
def test_interface_reports_round_trip(r: Report) -> None:
    assert decode_report(encode_report(r)) == r


@pytest.mark.skipif(not TRACE.exists(), reason=f"{TRACE} is not here: it is no part of the project")
def test_every_tdisp_and_ide_km_message_of_a_real_run_decodes_and_encodes_to_the_same_bytes() -> None:
    count = 0
    for line in TRACE.read_text().splitlines():
        m = json.loads(line)
        if m.get("vendor_id") != 1:
            continue
        vdm = decode_vdm(bytes.fromhex(m["hex"]))
        assert isinstance(vdm, Vdm)
        assert vdm.encode().hex() == m["hex"]
        found = (IDE_KM, TDISP)[vdm.protocol].decode(vdm.payload)
        assert isinstance(found, Message), found
        assert found.encode() == vdm.payload
        count += 1
    assert count == 120
