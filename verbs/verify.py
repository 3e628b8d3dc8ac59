"""``verify-certificate``: certificates checked by solvers that know nothing of how they were made."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..explore.certificate import Refused, verify_file
from .exits import HOLDS, VIOLATED


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Check certificates: that the evidence shows the verdict, by Z3 and, where it is installed, by cvc5, and that "
        "the system is the one that the flow generates today. Exit codes: 0 verified, 1 refused, 2 no certificate."
    )
    p.add_argument("files", metavar="FILE", nargs="+", help="a certificate, or a folder of certificates")
    p.add_argument("--source", metavar="FILE", help="the scenario or system file that it is about, where it is about one")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    files = [f for name in args.files for f in (sorted(Path(name).rglob("*.json")) if Path(name).is_dir() else [Path(name)])]
    refused = 0
    for f in files:
        try:
            v = verify_file(f, args.source)
        except Refused as e:
            refused += 1
            print(f"{f}: REFUSED: {e}")
        else:
            how = " and ".join(f"{solver} ({n} questions)" for solver, n in v.asked.items()) or "replay of the trace"
            print(f"{f}: verified: {v.prop} {v.verdict} in {v.of}, by {how}")
    if len(files) != 1:
        print(f"{len(files) - refused} of {len(files)} certificates verified")
    return VIOLATED if refused or not files else HOLDS
