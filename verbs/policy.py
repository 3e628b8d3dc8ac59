"""``policy``: the settings of knobs in which a property holds."""

from __future__ import annotations

import argparse

from ..explore.policy import Policy, policy
from ..model.flows import flow
from ..model.language import ModelError, Value
from ..properties.catalogue import find
from ..reports.prose import Prose
from . import options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED


def add(verbs: options.Verbs) -> None:
    p = verbs.add_parser(
        "policy", help="for which settings does a property hold?", description="Find all settings of some knobs in which a "
        "property holds, and the smallest changes that repair a flow in which it does not. Exit codes: 0 it holds in some setting, "
        "1 in none, 3 not all of them were decided."
    )  # fmt: skip
    p.add_argument("flow", metavar="FLOW", help="a flow (see tdisprove list flows)")
    p.add_argument("-p", "--property", required=True, metavar="PROPERTY", help="a safety or reachability property")
    p.add_argument(
        "--over",
        nargs="+",
        default=[],
        metavar="KNOB",
        help="the knobs to vary (default: those on which the flow's argument turns)",
    )
    options.add_setting(p)
    options.add_limits(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    fixed = [k for k in args.over if k in knobs]
    if fixed:
        raise ModelError(f"--set and --over both name {fixed[0]}: a knob is either set or varied")
    f, prop = flow(args.flow), find(args.property)
    BOARD.begin(args)
    found = policy(f, prop, args.over, topology, knobs, options.limits(args))
    BOARD.clear()
    if args.format == "json":
        options.dump(_document(f.name, prop.id, found))
    else:
        _print(f.name, prop.id, found)
    return UNKNOWN if found.open else HOLDS if found.holds else VIOLATED


def _print(flow_name: str, prop: str, found: Policy) -> None:
    total = len(found.holds) + len(found.open)
    every = 1
    for d in found.domains:
        every *= len(d)
    screen.line(
        (flow_name, "title"), f": {prop} over {', '.join(found.knobs)}: holds in {len(found.holds)} of {every} settings"
    )
    if found.open:
        screen.line(("  UNKNOWN", "unknown"), f" in {len(found.open)} settings: {found.stopped}")
    if found.blocks:
        print(f"  holds {'at least where' if found.open else 'iff'}:" if len(found.holds) < every else "  holds:")
        for i, b in enumerate(found.blocks):
            block = ("or " if i else "") + found.words(b)
            screen.say(lambda width, text=block: Prose(width).wrapped(text, "    ", "      ", role="holds"))
    elif total == 0:
        print("  holds in none of them")
    here = ", ".join(f"{k} = {_said(v)}" for k, v in zip(found.knobs, found.current, strict=True))
    how = "holds" if found.current in found.holds else "unknown" if found.current in found.open else "violated"
    screen.line(f"  the flow's own setting ({here}): ", (how, how))
    for r in found.repairs:
        what = " and ".join(f"{k} = {_said(v)}" for k, v in r.changes.items())
        screen.line(f"    repaired by {what} (a run of its own: ", (r.verdict.value, r.verdict.value), ")")


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(flow_name: str, prop: str, found: Policy) -> dict[str, object]:
    return {
        "flow": flow_name,
        "property": prop,
        "knobs": {k: list(d) for k, d in zip(found.knobs, found.domains, strict=True)},
        "holds_in": [dict(zip(found.knobs, s, strict=True)) for s in sorted(found.holds, key=str)],
        "unknown_in": [dict(zip(found.knobs, s, strict=True)) for s in sorted(found.open, key=str)],
        "holds_where": [found.words(b) for b in found.blocks],
        "current": dict(zip(found.knobs, found.current, strict=True)),
        "repairs": [{"changes": dict(r.changes), "verdict": r.verdict.value} for r in found.repairs],
    }
