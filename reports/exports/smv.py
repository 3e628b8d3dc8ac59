"""SMV, for NuSMV and nuXmv: the event is an input, and every variable's next value is a case over the events.

An event whose guard does not hold changes nothing, which makes the relation total and adds neither states nor shorter ways. A
check of steps is an invariant: no state may be reached in which a step is possible that it forbids.
"""

from __future__ import annotations

from ...model.language import TRUE, Bool, Enum, Ground, Int, Sort, Term, Value
from ...model.language.terms import conjuncts
from .infix import Dialect, Infix, large_parts
from .job import Export, Job, describe, described
from .names import Names

DIALECT = Dialect("TRUE", "FALSE", "&", "|", "!", "=", "!=", "<->", "({c} ? {a} : {b})", implies="->")

KEYWORDS = """
MODULE DEFINE MDEFINE CONSTANTS VAR IVAR FROZENVAR INIT TRANS INVAR SPEC CTLSPEC LTLSPEC PSLSPEC COMPUTE NAME INVARSPEC FAIRNESS JUSTICE
COMPASSION ISA ASSIGN CONSTRAINT SIMPWFF CTLWFF LTLWFF PSLWFF COMPWFF IN MIN MAX MIRROR PRED PREDICATES process array of boolean
integer real word word1 bool signed unsigned extend resize sizeof uwconst swconst EX AX EF AF EG AG E F O G H X Y Z A U S V T BU EBF
ABF EBG ABG case esac mod next init union in xor xnor self TRUE FALSE count abs max min clock floor toint READ WRITE CONSTARRAY typeof
event main ITYPE FUN PARSYNTH LTLSPEC VALID time parameters
"""


def smv(job: Job) -> Export:
    """The job in SMV."""
    system = job.system
    names = Names(KEYWORDS)
    for v in system.variables:
        names.give(("variable", v.name), v.name)
    for sort in job.enumerations:
        for value in sort.values:
            names.give(("value", sort, value), f"{sort.name}_{value}")
    events = [names.give(("event", i), a.label) for i, a in enumerate(system.actions)]
    fires = [names.give(("fires", i), f"fires_{e}") for i, e in enumerate(events)]
    checks = tuple(names.give(("check", i), f"p_{c.name}") for i, c in enumerate(job.checks))

    def name(variable: str) -> str:
        return names["variable", variable]

    def constant(value: Value, sort: Sort) -> str:
        return names["value", sort, value] if isinstance(sort, Enum) else str(value)

    def domain(sort: Ground) -> str:
        if isinstance(sort, Bool):
            return "boolean"
        if isinstance(sort, Int):
            return f"{sort.lo}..{sort.hi}"
        return "{" + ", ".join(names["value", sort, v] for v in sort.values) + "}"

    parts: dict[Term, str] = {}
    write = Infix(DIALECT, name, constant, parts)
    invariants = [c.invariant(system.actions) for c in job.checks]
    lines = [f"-- {x}" for x in job.about()]
    lines += [
        "-- Run: NuSMV FILE (or nuXmv). A step that breaks a check of steps is one more than the trace shows.",
        "MODULE main",
    ]
    lines.append("VAR")
    for v in system.variables:
        lines.append(f"  {name(v.name)} : {domain(v.sort)}; -- {described(v)}")
    if events:
        lines += [
            "IVAR",
            "  event : {",
            *(f"    {e}{',' if i + 1 < len(events) else ''}" for i, e in enumerate(events)),
            "  };",
        ]
    terms = [t for a in system.actions for t in (a.guard, *(u for _, u in a.updates))]
    shared = large_parts([*terms, *invariants])
    if events or shared:
        lines.append("DEFINE")
    for t in shared:
        text = write.defined(t)
        parts[t] = names.give(("part", t), f"part_{len(parts) + 1}")
        lines.append(f"  {parts[t]} := {text};")
    for a, event, fire in zip(system.actions, events, fires, strict=True):
        lines += [f"  -- {x}" for x in describe(a)]
        guard = "" if a.guard is TRUE else f" & {write.operand(a.guard)}"
        lines.append(f"  {fire} := event = {event}{guard};")
    lines.append("ASSIGN")
    for v in system.variables:
        cases: dict[Term, list[str]] = {}
        for a, fire in zip(system.actions, fires, strict=True):
            if v.term in a.update_of:
                cases.setdefault(a.update_of[v.term], []).append(fire)
        if not cases:
            lines.append(f"  next({name(v.name)}) := {name(v.name)};")
            continue
        lines.append(f"  next({name(v.name)}) := case")
        lines += [f"    {' | '.join(given)} : {write(value)};" for value, given in cases.items()]
        lines += [f"    TRUE : {name(v.name)};", "  esac;"]
    for c in conjuncts(system.init):
        lines.append(f"INIT {write(c)};")
    for check, invariant, called in zip(job.checks, invariants, checks, strict=True):
        lines += [f"-- {x}" for x in job.says(check)]
        lines.append(
            f"INVARSPEC NAME {called} :=\n  " + " &\n  ".join(map(write.operand, conjuncts(invariant) or (TRUE,))) + ";"
        )
    lines += [f"-- {x}: nothing in this system can break it" for x in job.trivial()]
    return Export("smv", {f"{job.name}.smv": "\n".join([*lines, ""])}, checks)
