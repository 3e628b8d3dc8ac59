"""``explore --mutation``: would the catalogue notice a fault in the rules?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from .. import __version__
from ..explore.mutation import Fate, Trial, all_trials, settings
from ..model.flows import flow
from ..model.language import ModelError
from ..model.language.mutate import mutants
from ..model.world import ASPECTS
from ..properties.catalogue.justified import justified
from ..reports.mutation import mutation_document, mutation_text
from . import options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    if topology or knobs or args.property or args.project or args.coverage or args.output:
        raise ModelError(
            "--mutation tries the mutants of an aspect in the catalogue's own settings, against all of its properties: "
            "leave --set, --tdis and so on, -p, --project, --coverage and -o out"
        )
    aspect = args.aspect or "lifecycle"
    where = settings(aspect, _flow(args.flows, aspect))
    why = justified(aspect)
    found: list[Trial] = []
    stopped = False
    BOARD.begin(args)
    try:
        found.extend(all_trials(aspect, where=where, jobs=args.jobs, done=BOARD.doing))
    except KeyboardInterrupt:
        stopped = True
    BOARD.clear()
    every = {str(m): i for i, m in enumerate(mutants(ASPECTS[aspect].model))}
    found.sort(key=lambda t: every[str(t.mutant)])
    notes = _notes(found, every, why, stopped=stopped)
    if args.format == "json":
        document = mutation_document(aspect, found, why, where)
        options.dump({"tool": "tdisprove", "version": __version__, **document, "notes": notes})
    else:
        if found:
            screen.say(lambda width: mutation_text(aspect, found, why, where, brief=args.quiet, width=width))
        for line in notes:
            print(line)
    if any(t.fate is Fate.SURVIVED and str(t.mutant) not in why for t in found):
        return VIOLATED
    return UNKNOWN if stopped else HOLDS


def _flow(names: Sequence[str], aspect: str) -> str | None:
    """The flow in whose settings alone the mutants are tried."""
    if not names:
        return None
    found = flow(names[0])
    if aspect not in found.aspects:
        raise ModelError(f"flow {found.name} has no aspect {aspect}: it has {', '.join(found.aspects)}")
    return found.name


def _notes(found: Sequence[Trial], every: Mapping[str, int], why: Mapping[str, str], *, stopped: bool) -> list[str]:
    """What a reader must know besides."""
    notes = [f"interrupted: {len(found)} of {len(every)} mutants were tried"] if stopped else []
    gone = [name for name in why if name not in every]
    killed = [str(t.mutant) for t in found if t.fate is Fate.KILLED and str(t.mutant) in why]
    notes += [f"justified, but there is no such mutant: {name}" for name in gone]
    notes += [f"justified, but killed: {name}" for name in killed]
    return notes
