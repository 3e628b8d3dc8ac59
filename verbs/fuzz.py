"""``fuzz``: an implementation is led through the model, and every answer is judged."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from .. import __version__
from ..explore.conformance.files import do_again, finding_document, load_run, run_document
from ..explore.conformance.fuzz import Budget, Campaign, Fault, fuzz
from ..explore.conformance.guide import Coverage
from ..explore.conformance.protocols import AMBIGUITIES, GUEST, PROTOCOLS, RECOMMENDED_VALUES, SIDES, TWO_TDIS
from ..model.language import ModelError
from ..reports.conformance import campaign_json, campaign_text, fault_text, mermaid, unique
from . import implementation, options
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Drive an implementation of TDISP or IDE_KM through every state, every request in every state and every pair of "
        "moves of the model; or a guest driver, with --side guest, under a host that lies. Faults are shrunk and told "
        "apart. Exit code 0: no fault, everything covered; 1: faults; 3: no fault so far, the budget was spent."
    )
    implementation.add(p)
    p.add_argument(
        "--side",
        choices=SIDES,
        default=SIDES[0],
        help="which side it is: the device's responder, or a guest that asks (default: responder)",
    )
    p.add_argument(
        "--tdis",
        type=int,
        choices=(1, 2),
        default=1,
        help="with 2: what two TDIs of one device have to do with each other (default: 1)",
    )
    p.add_argument(
        "--steps", type=options.count, default=200_000, metavar="N", help="at most so many steps (default: %(default)s)"
    )
    p.add_argument("--timeout", type=options.count, metavar="SECONDS", help="at most so long")
    p.add_argument(
        "--faults", type=options.count, default=20, metavar="N", help="end after so many different faults (default: 20)"
    )
    p.add_argument("--seed", type=int, default=0, help="of what is random (default: 0)")
    p.add_argument("--unguided", action="store_true", help="plain random rules instead, to compare")
    p.add_argument("--no-pairs", action="store_true", help="do not go for pairs of moves")
    p.add_argument("--replay", metavar="FILE", help="only do again what a file says that an earlier fuzz -o wrote")
    p.add_argument(
        "-o", "--output", metavar="DIR", help="write each fault into DIR: as text, sequence chart and replayable file"
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    folder = options.folder(args.output)
    if args.tdis == 2:
        if args.side == GUEST or args.protocol != PROTOCOLS[0]:
            raise ModelError("--tdis 2: only a TDISP responder has TDIs to be driven: leave out --side and --protocol")
        args.protocol = TWO_TDIS
    if args.side == GUEST:
        implementation.refuse_for_guests(args)
        args.protocol, args.no_pairs = GUEST, True
    if args.replay:
        return _replay(args)
    with implementation.reached(args) as (setup, adapter):
        alphabet = implementation.alphabet(args, setup, adapter)
        BOARD.begin(args)
        budget = Budget(args.steps, args.timeout, args.faults, progress=_progress if BOARD.shown else None)
        campaign = fuzz(alphabet, adapter, budget, guided=not args.unguided, seed=args.seed, pairs=not args.no_pairs)
        BOARD.clear()
    written = _write(folder, campaign, args.protocol) if folder is not None else []
    if args.format == "json":
        files = [str(f) for f in written]
        options.dump({"tool": "tdisprove", "version": __version__, **campaign_json(campaign, args.protocol), "files": files})
    else:
        for line in campaign_text(campaign, args.protocol, AMBIGUITIES, RECOMMENDED_VALUES):
            print(line)
        if written:
            print(f"{len(written)} files written to {folder}.")
    if not campaign.conforms:
        return VIOLATED
    return HOLDS if not campaign.stopped and all(a == b for a, b in campaign.layers().values()) else UNKNOWN


def _progress(steps: int, coverage: Coverage | None, faults: int) -> None:
    covered = "" if coverage is None else f", transitions {100 * Coverage.share(coverage.transitions):.0f} %"
    BOARD.doing(f"{steps:,} steps{covered}, {faults} faults")


def _write(folder: Path, campaign: Campaign, protocol: str) -> list[Path]:
    written = []
    for i, f in enumerate(unique(campaign.faults.values()), 1):
        stem = folder / f"{protocol}-{i:02}-{re.sub(r'[^a-z0-9]+', '-', f.finding.stimulus.lower()).strip('-')}"
        texts = {
            ".txt": "\n".join(fault_text(f, "FAULT")) + "\n",
            ".mmd": mermaid(f.finding, f"{f.finding.stimulus} in {f.finding.state}"),
            ".json": json.dumps(run_document(protocol, f.finding), indent=2) + "\n",
        }
        for suffix, text in texts.items():
            path = stem.with_name(stem.name + suffix)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def _replay(args: argparse.Namespace) -> int:
    protocol, steps = load_run(Path(args.replay))
    if (protocol == GUEST) != (args.side == GUEST):
        raise ModelError(
            f"{args.replay}: is a run of a {protocol} implementation: {'give' if protocol == GUEST else 'leave out'} --side guest"
        )
    args.protocol = protocol
    with implementation.reached(args) as (setup, adapter):
        try:
            finding, done = do_again(implementation.alphabet(args, setup, adapter), adapter, steps)
        except ModelError as e:
            raise ModelError(f"{args.replay}: {e}") from None
    if args.format == "json":
        found = finding_document(finding) if finding is not None else None
        options.dump({"tool": "tdisprove", "version": __version__, "protocol": protocol, "steps": done, "finding": found})
    elif finding is None:
        print(f"{done} steps, and no fault.")
    else:
        for line in fault_text(Fault(finding), "FAULT"):
            print(line)
    return HOLDS if finding is None else VIOLATED
