"""Which mutants are found, by what, and after how many steps: ``python -m tdisprove.explore.conformance.detection SIDE FILE``.

SIDE is responder (the emulator's mutants) or guest (the guest driver's). Writes what was found to FILE, from which come the tables of
docs/mutants.md (printed here) and the shrunk runs that the tests do again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ...model.language import Value
from .adapters import InProcess, Setup
from .adapters.adapter import Subject
from .alphabet import Alphabet, Stimulus
from .fuzz import Budget, fuzz
from .protocols import GUEST, PROTOCOLS, SIDES, alphabet_for, subject_of
from .reference import Mutant, gallery
from .requester import GUEST_MUTANTS, GuestMutant
from .run import Finding, Run
from .suite import suite

STEPS = {"responder": 60_000, GUEST: 200_000}
"""As many as the guided run needs for everything but the pairs."""
PLAIN = {"responder": 5_000, GUEST: 20_000}
SETUP = Setup("reference")
METHODS = {"guided": "guided", "plain": "plain random", "suite": "transition suite"}


@dataclass(frozen=True)
class Detection:
    """How one mutant was found: steps until then, None where it was not."""

    label: str
    protocol: str
    """Empty: it was not found."""
    guided: int | None
    plain: int | None
    suite: int | None
    steps: tuple[str, ...]
    """The shrunk run."""
    clause: str
    """See `reason`."""
    ambiguous: str
    """The open point that allows the mutant; empty when none does."""
    knobs: Mapping[str, Value]
    """The setting in which it was looked for, as far as it is not the usual one."""


def adapter_of(m: Mutant, setup: Setup = SETUP) -> InProcess:
    made = m.make()
    return InProcess(lambda: made(multi_session=setup.multi_session))


def detect(m: Mutant, alphabets: Sequence[Alphabet], *, steps: int = STEPS["responder"]) -> Detection:
    """Look for a mutant of the emulator, protocol by protocol."""
    for alphabet in alphabets:
        found = _found(alphabet, adapter_of(m), m.label, alphabet.name, steps, PLAIN["responder"], {})
        if found is not None:
            return found
    return Detection(m.label, "", None, None, None, (), "", m.ambiguous, {})


def detect_guest(m: GuestMutant, alphabets: dict[str, Alphabet], *, steps: int = STEPS[GUEST]) -> Detection:
    """Look for a mutant of the guest driver. ``alphabets``: those that were made before, by setting."""
    subject = subject_of(GUEST, Setup(f"mutant:{m.label}"), m.knobs)
    alphabet = alphabets.setdefault(str(m.knobs), alphabet_for(GUEST, SETUP, subject.controls, m.knobs))
    found = _found(alphabet, subject, m.label, GUEST, steps, PLAIN[GUEST], m.knobs)
    return found or Detection(m.label, "", None, None, None, (), "", "", m.knobs)


def _found(
    alphabet: Alphabet, subject: Subject, label: str, protocol: str, steps: int, plain: int, knobs: Mapping[str, Value]
) -> Detection | None:
    found = fuzz(alphabet, subject, Budget(steps, faults=1), pairs=False)
    if not found.faults:
        return None
    finding = next(iter(found.faults.values())).finding
    other = fuzz(alphabet, subject, Budget(plain, faults=1), guided=False, seed=1)
    tests = by_suite(subject, alphabet)
    return Detection(
        label, protocol, found.steps, other.steps if other.faults else None, tests, finding.steps, reason(finding), "", knobs
    )


def reason(finding: Finding) -> str:
    """The checks that are missing, any of them enough; or the first clause."""
    checks = " or ".join(f"`{x.partition(':')[0]}`" for x in finding.blame.lacks)
    return f"lacks {checks}" if checks else "; ".join(finding.clauses[:1])


def by_suite(subject: Subject, alphabet: Alphabet) -> int | None:
    """After how many steps the transition cover finds a fault of the subject; None: it finds none."""
    steps = 0
    allowed = [alphabet.oracle.open_reading]
    for test in suite_of(alphabet):
        run = Run(alphabet, subject, allowed)
        for s in test:
            step = run.apply(s) if run.applicable(s) else None
            steps += 1
            if step is not None and step.finding is not None:
                return steps
        allowed = list(run.readings)
    return None


def suite_of(alphabet: Alphabet) -> Sequence[Sequence[Stimulus]]:
    """The transition cover, made once."""
    if "_suite" not in alphabet.__dict__:
        alphabet.__dict__["_suite"] = suite(alphabet, "transitions").tests
    tests: Sequence[Sequence[Stimulus]] = alphabet.__dict__["_suite"]
    return tests


# --- The tables -----------------------------------------------------------------------------------------------------------
def table(rows: Sequence[Detection]) -> Iterator[str]:
    """The table as Markdown, with the medians."""
    used = {k: v for k, v in METHODS.items() if any(getattr(d, k) is not None for d in rows)}
    several = len({d.protocol for d in rows if d.protocol}) > 1
    yield f"| mutant |{' protocol |' if several else ''} {' | '.join(used.values())} | shrunk to | the last step | clause, or what is missing |"
    yield f"|---|{'---|' if several else ''}{'---:|' * len(used)}---:|---|---|"
    for d in rows:
        numbers = [f"{x:,}" if (x := getattr(d, k)) is not None else "–" for k in used]
        protocol = f" {d.protocol or '–'} |" if several else ""
        last = f"`{d.steps[-1]}`" if d.steps else "–"
        why = d.clause if d.steps else f"allowed by an open point: {d.ambiguous}"
        where = "".join(f" (`{k}={str(v).lower()}`)" for k, v in d.knobs.items())
        yield f"| `{d.label}`{where} |{protocol} {' | '.join(numbers)} | {len(d.steps) or '–'} | {last} | {why.replace('|', chr(92) + '|')} |"
    yield ""
    yield from medians(rows, used)


def medians(rows: Sequence[Detection], used: Mapping[str, str]) -> Iterator[str]:
    """How many each method finds, and after how many steps: of its own, and of those that all methods find."""
    found = [d for d in rows if d.steps]
    common = [d for d in found if all(getattr(d, k) is not None for k in used)]
    for k, name in used.items():
        mine = [getattr(d, k) for d in found if getattr(d, k) is not None]
        both = [getattr(d, k) for d in common]
        of_all = f"; of the {len(common)} that all find: {median(both):,.0f}" if both else ""
        yield f"* {name}: {len(mine)} of {len(found)} found, median {median(mine):,.0f} steps, at most {max(mine):,}{of_all}"


def load(path: Path) -> list[Detection]:
    """What `save` wrote."""
    return [Detection(**{**d, "steps": tuple(d["steps"])}) for d in json.loads(path.read_text(encoding="utf-8"))]


def save(path: Path, rows: Iterable[Detection]) -> None:
    documents: list[dict[str, Any]] = [{**asdict(d), "knobs": dict(d.knobs)} for d in rows]
    path.write_text("[\n" + ",\n".join(json.dumps(d, ensure_ascii=False) for d in documents) + "\n]\n", encoding="utf-8")


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in SIDES:
        sys.exit(f"usage: {__spec__.name if __spec__ else sys.argv[0]} {'|'.join(SIDES)} FILE")
    rows = []
    if sys.argv[1] == GUEST:
        made: dict[str, Alphabet] = {}
        for g in GUEST_MUTANTS.values():
            rows.append(detect_guest(g, made))
            print(f"{len(rows)}/{len(GUEST_MUTANTS)} {g.label}", file=sys.stderr, flush=True)
    else:
        controls = SETUP.adapter().controls
        alphabets = [alphabet_for(p, SETUP, controls) for p in PROTOCOLS]
        for m in gallery().values():
            rows.append(detect(m, alphabets, steps=3000 if m.ambiguous else STEPS["responder"]))
            print(f"{len(rows)}/{len(gallery())} {m.label}", file=sys.stderr, flush=True)
    save(Path(sys.argv[2]), rows)
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
