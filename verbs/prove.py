"""``prove``: properties decided by induction, with the lemmas of each proof, certificates, and why it holds."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from .. import __version__
from ..explore import Engine, Limits, Target, targets
from ..explore.certificate import certificate, verify_document
from ..explore.explain.why import NoReasonsError, reasons
from ..explore.sat import SatEngine
from ..explore.survey import survey
from ..model.language import ModelError, Value
from ..properties import Property
from ..reports.json_report import check_document
from ..reports.verdicts import cell
from . import anynumber, options
from .exits import code


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Prove properties by induction with lemmas that the tool finds, or violate them by a bounded search: with Z3, or "
        "with SAT (IC3); or visit all reachable states (bdd, explicit) and write them as an inductive invariant. The "
        "lemmas are printed."
    )
    options.add_target(p, several=True)
    p.add_argument(
        "--any", action="append", default=[], metavar="INDEX", help="prove it for any number of these (tdi, tvm, device, stream; may be "
        "repeated), or of 'all'; of the rest there are as many as usual"
    )  # fmt: skip
    p.add_argument(
        "--engine",
        choices=("z3", "sat", "bdd", "explicit"),
        help="what finds the proof (default: z3)",
    )
    p.add_argument(
        "--certificate", metavar="FILE", help="write the certificate of the verdict into FILE, found by SAT (IC3), or from the "
        "reachable states with --engine bdd or explicit, and checked by Z3; of several verdicts into a folder"
    )  # fmt: skip
    p.add_argument(
        "--why", type=options.count, nargs="?", const=2, metavar="N", help="say which checks the proof needs, and the smallest sets of "
        "checks (at most N of them, default 2) without which the property fails"
    )  # fmt: skip
    options.add_jobs(p)
    options.add_limits(p, "markdown")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    limits = options.limits(args)
    pairs = [(t, p) for t in found for p in t.properties]
    files = None if args.certificate is None else _files(Path(args.certificate), pairs)
    if args.any:
        return anynumber.run(args, found, files, knobs)
    if args.format == "markdown":
        raise ModelError("--format markdown is for the table of --any: without it, choose text or json")
    args.engine = args.engine or "z3"
    if args.why is not None and any(t.flow is None for t in found):
        raise ModelError("--why is for flows: the rules of a system file have no checks to leave out")
    engine, prover = _engines(args)
    surveyed = survey(found, engine, limits, processes=args.jobs)
    if args.format == "json":
        options.dump(check_document(__version__, surveyed.results, surveyed.notes))
    else:
        summaries = {t.name: t.summary for t in found}
        for name, results in surveyed.results.items():
            print(f"{name}: {summaries[name]}")
            for r in results:
                print(f"  {r.prop.id}: {cell(r)} ({r.evidence.value})")
                if not args.quiet:
                    for line in (*r.notes, *(f"lemma: {x}" for x in r.lemmas), *(f"assumes {x}" for x in r.fairness)):
                        print(textwrap.fill(line, 110, initial_indent="      ", subsequent_indent="        "))
        for line in surveyed.notes:
            print(line)
    missing = False
    if not surveyed.interrupted:
        if args.why is not None and args.format == "text":
            for t, p in pairs:
                _print_reasons(t, p, args.why, limits)
        for (t, p), file in zip(pairs, files or (), strict=False):
            missing |= not _certify(t, p, file, prover, knobs, limits, quiet=args.format != "text")
    return code((r for rs in surveyed.results.values() for r in rs), partial=surveyed.interrupted or missing)


def _engines(args: argparse.Namespace) -> tuple[Engine, Engine]:
    """What decides, and what finds the invariants of certificates."""
    if args.engine in ("bdd", "explicit"):
        from ..explore.smt.fixpoint import FixpointEngine

        engine = FixpointEngine(args.engine)
        return engine, engine
    return options.engine(args), SatEngine()


def _print_reasons(target: Target, prop: Property, most: int, limits: Limits) -> None:
    try:
        found = reasons(target, prop, most, limits)
    except NoReasonsError as e:
        print(f"{target.name}: {e}")
        return
    print(f"{target.name}: why {prop.id} holds")
    if found is None:
        print("  It does not, or that was not found out in time: there are no reasons to give.")
        return
    parts = {
        "The proof rests on": found.lemmas,
        "It needs the checks": found.needed,
        f"The property fails without (all such sets of at most {found.complete})": [" + ".join(c) for c in found.cuts],
        "In none of these sets": [", ".join(found.redundant)] if found.redundant else [],
        "Stopped early": [found.stopped] if found.stopped else [],
    }
    for title, lines in parts.items():
        if lines or title not in ("In none of these sets", "Stopped early"):
            print(f"  {title}:" + ("" if lines else " nothing"))
        for line in lines:
            print(textwrap.fill(line, 110, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False))


def _files(place: Path, pairs: list[tuple[Target, Property]]) -> list[Path]:
    """Where each certificate goes: one to the file that was named, several into a folder. Tried out before any work is done."""
    if len(pairs) == 1 and not place.is_dir():
        options.folder(str(place.parent))
        return [place]
    options.folder(str(place))
    return [place / f"{t.name}.{p.id}.json" for t, p in pairs]


def _certify(
    t: Target, p: Property, file: Path, engine: Engine, knobs: Mapping[str, Value], limits: Limits, *, quiet: bool
) -> bool:
    """Write the certificate, once the checker has accepted it. Whether there is one."""
    document, verdict = certificate(t, p, engine, limits, knobs)
    if document is None:
        print(f"{p.id}: no certificate: {verdict}", file=sys.stderr)
        return False
    verify_document(document, ("z3",))
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not quiet:
        says = "holds" if verdict == "holds" else "is violated"
        print(f"{file}: the certificate that {p.id} {says}; check it with tdisprove verify-certificate")
    return True
