"""``python -m tdisprove.bench.logs``: seconds a line that logs of growing length take to be judged, in one run."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from ..explore.conformance.events import EventLog
from ..explore.conformance.keying import key_prog, slots
from ..explore.conformance.messages import MessageLog, Validation
from ..explore.conformance.reference import Dsm
from ..explore.conformance.wire import TDISP, Message, Vdm
from ..explore.evaluate import enabled, initial_states, named, successor
from ..model.flows import flow
from ..model.language import Action, ModelError, State, System
from .table import aligned

Line: TypeAlias = Mapping[str, Any]

_SIZES = (12_500, 25_000, 50_000, 100_000)
_ROUND = ("LOCK_INTERFACE", "GET_DEVICE_INTERFACE_STATE", "START_INTERFACE", "GET_DEVICE_INTERFACE_STATE", "STOP_INTERFACE")


@dataclass(frozen=True)
class Judged:
    """A log that was judged whole, and what a line took."""

    kind: str
    lines: int
    seconds: float

    @property
    def per_line(self) -> float:
        return self.seconds / self.lines


def conversation(dsm: Dsm, rounds: int | None = 1) -> Iterator[dict[str, str]]:
    """A log of messages: keying, then rounds (None: no end of them) of lock, start and stop, as the device answers."""

    def exchange(session: str, protocol: int, data: bytes, version: int = 0x12) -> Iterator[dict[str, str]]:
        asked = Vdm(0xFE, data, protocol, version)
        yield {"dir": "req", "session": session, "hex": asked.encode().hex()}
        answer = dsm.apply("tsm", bytes((protocol,)) + data)
        if answer is not None:
            yield {"dir": "rsp", "session": session, "hex": Vdm(0x7E, answer[1:], answer[0], version).encode().hex()}
            last.append(answer[1:])

    last: list[bytes] = []
    locked = b""
    yield {"dir": "req", "session": "0", "hex": "10840000"}
    yield {"dir": "rsp", "session": "0", "hex": "10040000000100001200"}
    yield {"dir": "req", "session": "0", "hex": "12e50000"}
    dsm.control("session_open", "tsm")
    yield {"dir": "rsp", "session": "0", "hex": "12650000"}
    for k in slots(0):
        yield from exchange("7", 0, key_prog(1, 0, k, 1).encode())
    done = 0
    while rounds is None or done < rounds:
        done += 1
        for kind in _ROUND:
            fields: dict[str, int | bytes] = {"version": 0x10, "function_id": 0x100}
            if kind == "LOCK_INTERFACE":
                fields["stream_id"] = 1
            if kind == "START_INTERFACE":
                lock = TDISP.decode(locked)
                assert isinstance(lock, Message)
                fields["nonce"] = lock.data("nonce") if lock.kind == "LOCK_INTERFACE_RESPONSE" else bytes(32)
            yield from exchange("7", 1, TDISP.message(kind, **fields).encode())
            if kind == "LOCK_INTERFACE":
                locked = last[-1]


def walk(system: System, seed: int = 1) -> Iterator[dict[str, Any]]:
    """A log of events: a random run of the system, which ends only where nothing can happen; each line has three of the variables
    as they are afterwards."""
    chance, state = random.Random(seed), next(initial_states(system))
    names = [v.name for v in system.variables if not v.rigid]
    enabled_in: dict[State, list[Action]] = {}
    while True:
        if state not in enabled_in:
            enabled_in[state] = [a for a in system.actions if enabled(system, a, state)]
        if not enabled_in[state]:
            return
        action = chance.choice(enabled_in[state])
        state = successor(system, action, state)
        after = named(system, state)
        seen = {k: after[k] for k in chance.sample(names, min(3, len(names)))}
        yield {"event": action.event, "reply": action.reply, "args": dict(action.args), "state": seen}


def measure(kind: str, judge: Callable[[Iterator[Line]], Validation], log: Iterator[Line], lines: int) -> Judged:
    """Judge so many lines of a log. Raises `ModelError` when there are fewer, or one is refused: then nothing was measured."""
    given = list(islice(log, lines))
    if len(given) < lines:
        raise ModelError(f"{kind}: the log ends after {len(given)} of {lines} lines, where nothing can happen any more")
    start = time.perf_counter()
    found = judge(iter(given))
    seconds = time.perf_counter() - start
    if found.refusal is not None:
        raise ModelError(f"{kind}: line {found.refusal.line} is refused: {found.refusal.message}")
    return Judged(kind, len(given), seconds)


def table(found: Sequence[Judged]) -> str:
    """A row for each log; the ratio says how many times as long a line took as in the shortest of its kind."""
    least = {j.kind: j for j in sorted(found, key=lambda j: -j.lines)}
    rows = [("log of", "lines", "seconds", "µs a line", "of the shortest")]
    rows += [
        (
            j.kind,
            f"{j.lines:,}",
            f"{j.seconds:.2f}",
            f"{1e6 * j.per_line:.0f}",
            f"x{j.per_line / least[j.kind].per_line:.2f}",
        )
        for j in found
    ]
    return "\n".join(aligned(rows, words=1))


def main(argv: Sequence[str] | None = None) -> int:
    """0 when all was judged, 1 when something was not, 2 for bad usage."""
    args = _parser().parse_args(argv)
    try:
        if any(n < 1 for n in args.sizes or ()):
            raise ModelError("--sizes: a log has at least one line")
        system = flow(args.flow).system({}, {}, aspect=args.aspect)
    except ModelError as e:
        print(f"tdisprove.bench.logs: {e}", file=sys.stderr)
        return 2
    found: list[Judged] = []
    stopped = ""
    try:
        for lines in args.sizes or _SIZES:
            found.append(measure("messages", MessageLog().run, conversation(Dsm(), None), lines))
            found.append(measure("events", EventLog(system).run, walk(system), lines))
            print(f"{lines} lines: done", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        stopped = "interrupted: this is what there was"
    except ModelError as e:
        stopped = f"{e}; this is what there was"
    print(table(sorted(found, key=lambda j: (j.kind, j.lines))))
    if stopped:
        print(stopped)
    return 1 if stopped else 0


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m tdisprove.bench.logs", description=__doc__.replace("``", ""))
    p.add_argument("--flow", default="sev-tio-guest-run", help="whose events (default: %(default)s)")
    p.add_argument("--aspect", default="lifecycle", help="default: %(default)s")
    p.add_argument(
        "--sizes", type=int, nargs="+", metavar="N", help=f"lines of each log (default: {' '.join(map(str, _SIZES))})"
    )
    return p


if __name__ == "__main__":
    sys.exit(main())
