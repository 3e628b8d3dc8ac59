"""``policy``: the settings of knobs in which properties hold."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from ..explore.policies.policy import ENGINES, policy
from ..model.flows import Flow, choices, flow
from ..model.language import ModelError
from ..model.world import ASPECTS
from ..model.world.choices.evidence import GUEST_CHECKS
from ..properties import Property
from ..properties.catalogue import aspect_of, find, group
from ..properties.formulas import LeadsTo, Recurs
from ..reports.policies import policy_document, policy_text
from . import options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED

GUEST = "guest-checks"
"""Stands for all checks of the guest."""

CHOICES = "flow-choices"
"""Stands for all that vendors chose differently."""


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Find all settings of some knobs in which a property holds, or a whole set of them, which property forbids which "
        "setting, and the smallest changes that repair a flow in which it does not. Where only checks of the guest vary: "
        "the weakest sets of checks that suffice. Exit codes: 0 it holds in some setting, 1 in none, 3 not all of them "
        "were decided."
    )
    p.add_argument("flow", metavar="FLOW", help="a flow (see tdisprove list flows)")
    p.add_argument(
        "-p",
        "--property",
        action="append",
        default=[],
        metavar="PROPERTY",
        help="a property (may be repeated: all must hold)",
    )
    p.add_argument(
        "-g",
        "--group",
        action="append",
        default=[],
        metavar="GROUP",
        help="all properties of an aspect, or of a group of the catalogue, but promises of progress (may be repeated)",
    )
    p.add_argument(
        "--over",
        nargs="+",
        default=[],
        metavar="KNOB",
        help=f"the knobs to vary (default: those on which the flow's argument turns); {GUEST}: all checks of the guest; "
        f"{CHOICES}: all knobs in which flows differ, but for those",
    )
    p.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="decision diagrams, which take all settings at once, or SAT, run by run (default: %(default)s)",
    )
    options.add_setting(p)
    options.add_limits(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    f = flow(args.flow)
    wanted, left_out = _properties(args, f)
    over = [k for name in args.over for k in _named(name, wanted)]
    fixed = [k for k in over if k in knobs]
    if fixed:
        raise ModelError(f"--set and --over both name {fixed[0]}: a knob is either set or varied")
    BOARD.begin(args)
    found = policy(f, wanted, over, topology, knobs, options.limits(args), engine=args.engine, done=BOARD.doing)
    BOARD.clear()
    if args.format == "json":
        options.dump(policy_document(f.name, found, left_out))
    else:
        screen.say(partial(policy_text, f.name, found, left_out))
    return UNKNOWN if found.open else HOLDS if found.holds else VIOLATED


def _properties(args: argparse.Namespace, f: Flow) -> tuple[list[Property], list[Property]]:
    """Those that must hold, and those of the groups that are promises of progress."""
    named = [find(name) for name in args.property]
    for p in named:
        if aspect_of(p) not in f.aspects:
            raise ModelError(
                f"flow {f.name} has no aspect {aspect_of(p)}, of which {p.id} speaks: it has {', '.join(f.aspects)}"
            )
    grouped = [p for name in args.group for p in group(name)]
    if not named and not grouped:
        raise ModelError("name what must hold: -p PROPERTY, or -g GROUP for all properties of a group (may be repeated)")
    mine = [p for p in grouped if aspect_of(p) in f.aspects]
    if grouped and not mine:
        raise ModelError(f"flow {f.name} has no aspect {aspect_of(grouped[0])}: it has {', '.join(f.aspects)}")
    progress = [p for p in mine if isinstance(p.formula, LeadsTo | Recurs)]
    wanted = {p.id: p for p in (*named, *(p for p in mine if p not in progress))}
    if not wanted:
        raise ModelError("all of these are promises of progress: policies are for safety and reachability")
    return list(wanted.values()), progress


def _named(name: str, wanted: Sequence[Property]) -> Sequence[str]:
    """The knobs that a name stands for: itself, or the guest's checks or the flows' choices in the aspects that are spoken of."""
    aspects = {aspect_of(p) for p in wanted}
    if name == CHOICES:
        return choices(aspects)
    if name != GUEST:
        return (name,)
    found = [k for k in GUEST_CHECKS if any(k in ASPECTS[a].knobs for a in aspects)]
    if not found:
        raise ModelError(f"--over {GUEST}: the guest's checks are followed in the aspect evidence: name a property of it")
    return found
