"""``replay``: a log of a real run is held against the rules."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import __version__
from ..explore.conformance.events import EventLog
from ..explore.conformance.messages import MessageLog, Validation
from ..explore.conformance.pcap import messages
from ..model.flows import flow
from ..model.language import ModelError
from ..model.world import ASPECTS
from . import options
from .exits import HOLDS, UNKNOWN, VIOLATED


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Hold a log against the rules: a decoded message log (lines of JSON with dir, session and hex) or a pcap of DOE "
        "traffic in the clear against a TDISP responder's, a log of events (lines with event) against a flow's. Exit "
        "code 0: accepted; 1: refused; 3: accepted, but nothing or not everything of TDISP and IDE_KM was judged."
    )
    p.add_argument("log", metavar="LOG", help="a .jsonl or .pcap file")
    p.add_argument("--flow", metavar="FLOW", help="against which flow a log of events is held")
    p.add_argument("--aspect", choices=tuple(ASPECTS), help="which aspect of the flow (default: its first)")
    p.add_argument(
        "--hidden", type=int, default=0, metavar="N", help="at most so many unseen events before each line (default: 0)"
    )
    p.add_argument(
        "--unseen", action="append", default=[], metavar="EVENT", help="only this event may go unseen (may be repeated)"
    )
    options.add_setting(p)
    options.add_format(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    path = Path(args.log)
    topology, knobs = options.setting(args)
    try:
        if path.suffix == ".pcap":
            found = MessageLog(knobs).run(messages(path.read_bytes(), args.log))
        elif args.flow:
            chosen = flow(args.flow)
            system = chosen.system(topology, knobs, aspect=args.aspect or chosen.aspects[0])
            found = EventLog(system, hidden=args.hidden, unseen=args.unseen).run(_lines(path))
        else:
            found = MessageLog(knobs).run(_lines(path))
    except OSError as e:
        raise ModelError(f"{args.log}: cannot be read: {e.strerror}") from None
    except ModelError as e:
        raise ModelError(f"{args.log}: {e}") from None
    if args.format == "json":
        options.dump({"tool": "tdisprove", "version": __version__, **asdict(found)})
    else:
        for line in text(found):
            print(line)
    if not found.accepted:
        return VIOLATED
    return HOLDS if found.judged else UNKNOWN


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                content = json.loads(line)
            except ValueError as e:
                raise ModelError(f"line {number}: {e}: a log has one JSON object a line") from None
            if not isinstance(content, dict):
                raise ModelError(f"line {number}: is no JSON object")
            if "event" in content and "hex" not in content:
                yield content
            elif "hex" in content:
                try:
                    bytes.fromhex(str(content["hex"]))
                except ValueError:
                    raise ModelError(f"line {number}: hex is not hexadecimal") from None
                yield content
            else:
                yield content


def text(v: Validation) -> Iterator[str]:
    """The report, line by line."""
    if v.refusal is not None:
        yield f"REFUSED at line {v.refusal.line}: {v.refusal.message}: {v.refusal.seen}"
        yield f"  last explained: {v.last or 'nothing'}"
        yield "  candidates:" if v.refusal.candidates else "  no rule is for this"
        yield from (f"    {c}" for c in v.refusal.candidates)
        yield "  possible states before:"
        yield from (f"    {s}" for s in v.refusal.frontier)
    elif not v.judged:
        yield f"Nothing was judged: {v.lines} lines, none of them of TDISP, IDE_KM or the flow."
    else:
        yield f"Accepted: {v.judged} of {v.lines} lines were judged, and all of them are allowed."
    if v.skipped:
        yield f"  not judged ({sum(v.skipped.values())}):"
        yield from (f"    {n} {kind}" for kind, n in v.skipped.items())
    if v.hidden:
        yield "  supposed to have happened unseen:"
        yield from (f"    {h}" for h in v.hidden)
    if v.readings:
        yield "  where the specification is open, this run reads it as:"
        yield from (f"    {k} = {' or '.join(str(x).lower() for x in xs)}" for k, xs in v.readings.items())
    if v.notes:
        yield "  remarkable:"
        yield from (f"    {n} times: {what}" for what, n in v.notes.items())
