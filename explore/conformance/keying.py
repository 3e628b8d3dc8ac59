"""IDE_KM as a requester speaks it: the messages that key a stream, and what the answers come to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from .adapters.adapter import Session
from .alphabet import RECOMMENDED, REQUIRED, Link, Note, unpack
from .wire import IDE_KM, KSS, Malformed, Message
from .wire.ide_km import KP_STATUS

CLAUSE = "P63 §6.33.3"
SUB_STREAMS = (0, 1, 2)
PROTOCOL = 0


def slots(key_set: int) -> list[KSS]:
    """All slots of a key set: receivers first."""
    return [KSS(key_set, tx, sub) for tx in (False, True) for sub in SUB_STREAMS]


def key_prog(stream: int, port: int, kss: KSS, number: int) -> Message:
    """KEY_PROG with a key of its own for each slot."""
    key = int.from_bytes(hashlib.sha256(f"key {number} {stream} {kss.byte}".encode()).digest(), "big")
    return IDE_KM.message("KEY_PROG", stream=stream, kss=kss.byte, port=port, key=key, ifv=1)


def ask(link: Link, session: Session, m: Message, notes: list[Note], data: bytes | None = None) -> str:
    """Send an IDE_KM message; ok, a status, "SPDM_ERROR" or NO_RESPONSE. What is wrong with the answer goes into ``notes``."""
    reply = link.send(session, PROTOCOL, m.encode() if data is None else data, str(m))
    found = unpack(reply, IDE_KM, PROTOCOL)
    if found is None:
        return "NO_RESPONSE"
    if isinstance(found, Malformed):
        if found.kind == "SPDM_ERROR":
            return "SPDM_ERROR"
        notes.append(Note(REQUIRED, CLAUSE, f"malformed answer to {m.kind}: {found}"))
        return "MALFORMED"
    link.log[-1].received = str(found)
    wanted = {"QUERY": "QUERY_RESP", "KEY_PROG": "KP_ACK"}.get(m.kind, "K_GOSTOP_ACK")
    if found.kind != wanted:
        notes.append(Note(REQUIRED, CLAUSE, f"{found.kind} in answer to {m.kind}"))
        return "MALFORMED"
    same = ("stream", "kss", "port") if m.kind != "QUERY" else ("port",)
    notes += [
        Note(REQUIRED, CLAUSE, f"{found.kind} says {n} {found.number(n)}, {m.kind} said {m.number(n)}")
        for n in same
        if found[n] != m[n]
    ]
    if found.number("reserved") or (found.kind == "K_GOSTOP_ACK" and found.number("status")):
        notes.append(Note(RECOMMENDED, CLAUSE, f"{found.kind} with reserved bytes that are not zero"))
    if found.kind == "KP_ACK" and found.number("status"):
        return KP_STATUS.get(found.number("status"), f"status {found.number('status')}")
    return "ok"


def together(replies: Iterable[str], what: str, notes: list[Note]) -> str:
    """What the answers to several messages that belong together come to."""
    found = dict.fromkeys(replies)
    if len(found) == 1:
        return next(iter(found))
    if "MALFORMED" not in found:
        notes.append(Note(REQUIRED, CLAUSE, f"different answers to {what}: {', '.join(found)}"))
    return "MALFORMED"


def program(
    link: Link,
    session: Session,
    stream: int,
    port: int,
    key_set: int,
    number: int,
    notes: list[Note],
    only: Sequence[KSS] | None = None,
) -> str:
    """KEY_PROG for all slots of a set, or for some of them."""
    chosen = slots(key_set) if only is None else only
    return together(
        [ask(link, session, key_prog(stream, port, k, number), notes) for k in chosen], "the six KEY_PROG of a set", notes
    )


def switch(link: Link, session: Session, kind: str, stream: int, port: int, chosen: Iterable[KSS], notes: list[Note]) -> str:
    """K_SET_GO or K_SET_STOP for several slots."""
    messages = [IDE_KM.message(kind, stream=stream, kss=k.byte, port=port) for k in chosen]
    return together([ask(link, session, m, notes) for m in messages], f"the {kind} of a set", notes)
