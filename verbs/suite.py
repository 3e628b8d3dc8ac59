"""``suite``: test suites from the model, as a pytest file and as JSON for any other harness."""

from __future__ import annotations

import argparse
import json

from .. import __version__
from ..explore.conformance.protocols import GUEST, SIDES
from ..explore.conformance.suite import KINDS, PYTEST, document, suite
from . import implementation, options
from .exits import HOLDS


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Write test suites for a responder or a guest: every transition, every pair of moves, or (wp, for responders) a "
        "suite that is complete for a stated number of extra states. The adapter says what can be caused."
    )
    implementation.add(p)
    p.add_argument("--side", choices=SIDES, default=SIDES[0], help="which side it is (default: responder)")
    p.add_argument("--kind", choices=KINDS, default="transitions", help="default: %(default)s")
    p.add_argument(
        "--length",
        type=options.count,
        default=200,
        metavar="N",
        help="steps of one test of a cover, not counting the questions for the state that follow what is new (default: 200)",
    )
    p.add_argument(
        "--extra", type=int, choices=(0, 1, 2), default=0, help="extra states of the fault domain of wp (default: 0)"
    )
    p.add_argument("-o", "--output", metavar="DIR", default="suite", help="where to (default: %(default)s)")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    folder = options.folder(args.output)
    assert folder is not None
    if args.side == GUEST:
        implementation.refuse_for_guests(args)
        args.protocol = GUEST
    with implementation.reached(args) as (setup, adapter):
        alphabet = implementation.alphabet(args, setup, adapter)
        found = suite(alphabet, args.kind, length=args.length, extra=args.extra)
        content = document(alphabet, found, args.protocol, setup, implementation.decided(args), messages=args.side != GUEST)
    stem = f"{args.protocol.replace('-', '_')}_{args.kind}"
    data, tests = folder / f"{stem}.json", folder / f"test_{stem}.py"
    data.write_text(json.dumps(content) + "\n", encoding="utf-8")
    tests.write_text(PYTEST.format(claim=found.claim, name=data.name, setup=setup), encoding="utf-8")
    if args.format == "json":
        options.dump(
            {
                "tool": "tdisprove", "version": __version__, "protocol": args.protocol, "kind": found.kind, "claim": found.claim,
                "tests": len(found.tests), "steps": found.steps, "files": [str(data), str(tests)],
            }
        )  # fmt: skip
    else:
        print(f"{len(found.tests)} tests, {found.steps:,} steps: {found.claim}.")
        print(f"Written: {data}, {tests}; run the second with pytest.")
    return HOLDS
