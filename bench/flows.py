"""``python -m tdisprove.bench.flows``: what checking flows together saves over checking each alone, in one run.

Each check is a process of its own, with no pictures, as anybody would run it. Flows that are checked together share what
they have in common; how much that is comes out here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ..model.flows import FLOWS, flow
from ..model.language import ModelError
from .peers.peer import PeerError, run
from .table import aligned

_TIMEOUT = 600.0
_CHECK = "import sys; from tdisprove.cli import main; sys.exit(main(['check', '-q', *sys.argv[1:]]))"


@dataclass(frozen=True)
class Checked:
    """A check of some flows: the wall time of each run, from the start of the process to its end."""

    name: str
    runs: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return median(self.runs)


def checked(name: str, flows: Sequence[str], jobs: int, runs: int) -> Checked:
    """Check the flows so many times. Raises `PeerError` when a check ends with neither "holds" nor "violated"."""
    command = [sys.executable, "-c", _CHECK, *flows, "--jobs", str(jobs)]
    with tempfile.TemporaryDirectory() as folder:
        return Checked(name, tuple(run(command, Path(folder), timeout=_TIMEOUT, good=(0, 1)).seconds for _ in range(runs)))


def measure(flows: Sequence[str], jobs: int, runs: int, said: Callable[[str], None]) -> list[Checked]:
    """All together, and each alone."""
    found = []
    for name, chosen in [("together", list(flows)), *((f, [f]) for f in flows)]:
        found.append(checked(name, chosen, jobs, runs))
        said(f"{name}: done")
    return found


def table(found: Sequence[Checked]) -> str:
    """One row per check; the ratios are to the check of all flows together."""
    together, *alone = found
    rows = [("flows", "seconds", "of runs", "of all together")]
    everyone = Checked("each alone, in all", tuple(map(sum, zip(*(c.runs for c in alone), strict=True))))
    for c in (together, everyone, *alone):
        spread = f"{min(c.runs):.2f}-{max(c.runs):.2f}"
        rows.append((c.name, f"{c.seconds:.2f}", spread, f"x{c.seconds / together.seconds:.2f}"))
    return "\n".join(aligned(rows, words=1))


def main(argv: Sequence[str] | None = None) -> int:
    """0 when all was measured, 1 when a check failed, 2 for bad usage."""
    args = _parser().parse_args(argv)
    try:
        if args.runs < 1 or args.jobs < 1:
            raise ModelError("--runs, --jobs: give at least 1")
        for name in args.flows:
            flow(name)
    except ModelError as e:
        print(f"tdisprove.bench.flows: {e}", file=sys.stderr)
        return 2
    try:
        found = measure(
            args.flows or list(FLOWS), args.jobs, args.runs, lambda text: print(text, file=sys.stderr, flush=True)
        )
    except PeerError as e:
        print(f"tdisprove.bench.flows: {e}", file=sys.stderr)
        return 1
    print(table(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m tdisprove.bench.flows", description=__doc__.replace("``", "").partition("\n")[0]
    )
    p.add_argument("flows", nargs="*", metavar="FLOW", help="default: all")
    p.add_argument("--jobs", type=int, default=2, metavar="N", help="processes of each check (default: %(default)s)")
    p.add_argument(
        "--runs", type=int, default=3, metavar="N", help="of each check; the median is told (default: %(default)s)"
    )
    return p


if __name__ == "__main__":
    sys.exit(main())
