"""TLA+, for TLC: one operator per action, an invariant per check, and the configuration that TLC reads.

Values of enumerations are strings, spelt as ours are. A check of steps is an invariant that says that no step is possible which
it forbids; an action formula would pass over the steps that change nothing, which ours judge too.
"""

from __future__ import annotations

from ...model.language import FALSE, TRUE, Bool, Enum, Ground, Int, Sort, Term, Value
from ...model.language.terms import conjuncts
from .infix import Dialect, Infix, large_parts
from .job import Export, Job, describe, described, pinned, unpinned
from .names import Names

DIALECT = Dialect(
    "TRUE", "FALSE", "/\\", "\\/", "~", "=", "#", "<=>", "(IF {c} THEN {a} ELSE {b})", le="=<", implies="=>"
)  # fmt: skip

KEYWORDS = """
ASSUME ASSUMPTION AXIOM CASE CHOOSE CONSTANT CONSTANTS DOMAIN ELSE ENABLED EXCEPT EXTENDS IF IN INSTANCE LET LOCAL MODULE OTHER SF_ SUBSET
THEN THEOREM UNCHANGED UNION VARIABLE VARIABLES WF_ WITH BY HAVE LAMBDA LEMMA OBVIOUS OMITTED PICK PROOF PROPOSITION PROVE QED RECURSIVE
STATE SUFFICES TAKE TEMPORAL USE WITNESS ACTION ASSERT BOOLEAN COROLLARY DEF DEFINE DEFS HIDE NEW ONLY STRING TRUE FALSE
Int Nat Init Next Spec TypeOK vars SPECIFICATION INVARIANT INVARIANTS PROPERTY PROPERTIES SYMMETRY VIEW CONSTRAINT
"""


def tla(job: Job) -> Export:
    """The job in TLA+: the module and its configuration."""
    system = job.system
    module = job.name
    names = Names(f"{KEYWORDS} {module}")
    for v in system.variables:
        names.give(("variable", v.name), v.name)
    actions = [names.give(("action", i), f"do_{a.label}") for i, a in enumerate(system.actions)]
    checks = tuple(names.give(("check", i), f"p_{c.name}") for i, c in enumerate(job.checks))

    def name(variable: str) -> str:
        return names["variable", variable]

    parts: dict[Term, str] = {}
    write = Infix(DIALECT, name, _constant, parts)
    lines = [f"---- MODULE {module} ----"]
    lines += [f"\\* {x}" for x in job.about()]
    lines += [
        f"\\* Run: java -cp tla2tools.jar tlc2.TLC -deadlock -config {module}.cfg {module}.tla",
        "\\* A trace of n states has n - 1 steps; of a check of steps, the step that breaks it is one more.",
        "EXTENDS Integers",
        "",
        "VARIABLES",
    ]
    last = len(system.variables) - 1
    for i, v in enumerate(system.variables):
        lines.append(f"  {name(v.name)}{',' if i < last else ''} \\* {described(v)}")
    everything = ", ".join(name(v.name) for v in system.variables)
    lines += ["", f"vars == << {everything} >>", "", "TypeOK =="]
    lines += [f"  /\\ {name(v.name)} \\in {_domain(v.sort)}" for v in system.variables]
    invariants = [c.invariant(system.actions) for c in job.checks]
    terms = [t for a in system.actions for t in (a.guard, *(u for _, u in a.updates))]
    for t in large_parts([system.init, *terms, *invariants]):
        text = write.defined(t)
        parts[t] = names.give(("part", t), f"part_{len(parts) + 1}")
        lines += ["", f"{parts[t]} == {text}"]
    values = pinned(system)
    lines += ["", "Init =="]
    for v in system.variables:
        given = f"= {_constant(values[v.name], v.sort)}" if v.name in values else f"\\in {_domain(v.sort)}"
        lines.append(f"  /\\ {name(v.name)} {given}")
    lines += [f"  /\\ {write.operand(c)}" for c in unpinned(system)]
    for a, called in zip(system.actions, actions, strict=True):
        lines += ["", *(f"\\* {x}" for x in describe(a)), f"{called} =="]
        lines += [f"  /\\ {write.operand(c)}" for c in conjuncts(a.guard)]
        lines += [f"  /\\ {name(t.name)}' = {_value(write, u)}" for t, u in a.updates]
        kept = ", ".join(name(v.name) for v in system.variables if v.term not in a.update_of)
        if kept:
            lines.append(f"  /\\ UNCHANGED << {kept} >>")
    lines += ["", "Next =="]
    lines += [f"  \\/ {called}" for called in actions] or ["  /\\ FALSE", "  /\\ UNCHANGED vars"]
    lines += ["", "Spec == Init /\\ [][Next]_vars"]
    for check, invariant, called in zip(job.checks, invariants, checks, strict=True):
        lines += ["", *(f"\\* {x}" for x in job.says(check)), f"{called} =="]
        if invariant is FALSE:
            # TLC refuses an invariant that is a constant and false, instead of saying that every state breaks it.
            lines.append("  /\\ vars # vars")
        else:
            lines += [f"  /\\ {write.operand(c)}" for c in conjuncts(invariant) or (TRUE,)]
    lines += [f"\\* {x}: nothing in this system can break it" for x in job.trivial()]
    lines += ["", "====", ""]
    configuration = ["INIT Init", "NEXT Next", "INVARIANT TypeOK"]
    configuration += [f"INVARIANT {c}" for c in checks]
    return Export("tla", {f"{module}.tla": "\n".join(lines), f"{module}.cfg": "\n".join([*configuration, ""])}, checks)


def _value(write: Infix, t: Term) -> str:
    """The right side of an update, which an equality binds tighter than a connective."""
    text = write(t)
    return f"({text})" if isinstance(t.sort, Bool) else text


def _constant(value: Value, sort: Sort) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(sort, Enum):
        # Made one by one and in order, so that two values that look alike in ASCII stay apart.
        names = Names()
        return f'"{ {v: names.give(v, v) for v in sort.values}[str(value)] }"'.replace(" ", "")
    return str(value)


def _domain(sort: Ground) -> str:
    if isinstance(sort, Bool):
        return "BOOLEAN"
    if isinstance(sort, Int):
        return f"{sort.lo}..{sort.hi}"
    assert isinstance(sort, Enum)
    return "{" + ", ".join(_constant(v, sort) for v in sort.values) + "}"
