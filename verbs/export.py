"""``export``: a flow with its properties, written for another checker."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from .. import __version__
from ..explore import targets
from ..model.language import ModelError
from ..model.world import ASPECTS
from ..reports.exports import TARGETS, Export, Job, job
from . import options
from .exits import HOLDS


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Write one aspect of a flow, with its safety properties, for another checker: SPIN (promela), Rumur and CMurphi "
        "(murphi), NuSMV and nuXmv (smv), TLC (tla), ABC (aiger), BTOR2 checkers (btor2). Reachable states, verdicts and "
        "shortest depths are the same there."
    )
    options.add_target(p, several=False)
    p.add_argument("--to", choices=tuple(TARGETS), required=True, metavar="TARGET", help=f"one of {', '.join(TARGETS)}")
    p.add_argument("--aspect", choices=tuple(ASPECTS), help="which aspect of the flow (default: its first)")
    p.add_argument("--sliced", action="store_true", help="leave out variables on which the properties do not depend")
    p.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the model there, what belongs to it beside it; aiger in binary to *.aig",
    )
    p.add_argument("-q", "--quiet", action="store_true", help="do not say what was left out (the files do)")
    options.add_format(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    target = options.one(found, args.aspect)
    out = Path(args.output) if args.output else None
    called = f"{target.name} {target.aspect}".strip()
    name = out.stem if out is not None and not out.is_dir() else _identifier(called)
    if args.to == "tla" and name != _identifier(name):
        raise ModelError(
            f"-o {out}: the module is named as the file, so that must be a name in TLA+: try {_identifier(name)}.tla"
        )
    title = f"{target.name}{', aspect ' + target.aspect if target.aspect else ''}: {target.summary}"
    made = job(name, title, target.system, target.properties, slicing=args.sliced)
    export = TARGETS[args.to](made)
    notes = [f"left out: {x}" for x in made.left_out]
    if args.property:
        others = [p.id for t in found if t is not target for p in t.properties]
        notes += [f"left out: {p} is of another aspect: export that with --aspect" for p in others]
    if export.extra_states:
        notes.append("there are several initial states, and a first step that chooses one: one state and one step more")
    written = _write(export, out) if out is not None else []
    if not args.quiet:
        for note in notes:
            print(f"tdisprove: {note}", file=sys.stderr)
    if args.format == "json":
        options.dump(_document(target.name, target.aspect, made, export, notes, written))
    elif out is None:
        print("\n".join(export.files.values()), end="")
    else:
        print(f"{len(made.checks)} checks, {len(made.system.variables)} variables, {len(made.system.actions)} actions: "
              f"{', '.join(map(str, written))}")  # fmt: skip
    return HOLDS


def _identifier(text: str) -> str:
    return re.sub(r"^(?=\d)", "x", re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")) or "model"


def _write(export: Export, out: Path) -> list[Path]:
    """The model to ``out`` (a file, or a folder), and what belongs to it beside it."""
    written = []
    for k, (name, text) in enumerate(export.files.items()):
        path = out / name if out.is_dir() else out if k == 0 else out.with_name(name)
        binary = export.binary if k == 0 and path.suffix == ".aig" else None
        try:
            path.write_bytes(text.encode() if binary is None else binary)
        except OSError as e:
            raise ModelError(f"cannot write {path}: {e.strerror}; give another file with -o") from None
        written.append(path)
    return written


def _document(flow: str, aspect: str, made: Job, export: Export, notes: list[str], written: list[Path]) -> dict[str, object]:
    checks = []
    for c, name in zip(made.checks, export.check_names, strict=True):
        o = made.obligations[c.obligation]
        checks.append(
            {
                "name": name,
                "property": o.prop.id,
                "instance": o.instance,
                "of": "steps" if c.of_steps else "states",
                "reach": o.reach,
            }
        )
    return {
        "tool": "tdisprove", "version": __version__, "flow": flow, "aspect": aspect, "target": export.target,
        "topology": dict(made.system.topology), "knobs": dict(made.system.knobs),
        "files": [{"name": name, "text": text} for name, text in export.files.items()], "written": [str(p) for p in written],
        "checks": checks, "extra_states": export.extra_states, "extra_depth": export.extra_depth, "notes": notes,
    }  # fmt: skip
