"""Murphi, for Rumur and CMurphi: one rule per action, one start state per initial state, one invariant per check of states.

A rule is taken in one go and there is nothing but the variables, so states and steps are ours. A check of steps is an assertion in
the rules, before their updates.
"""

from __future__ import annotations

from ...model.language import Action, Bool, Enum, Ground, Int, Sort, Term, Value
from .infix import OLD, Dialect, Infix, in_sequence, large_parts, written_out
from .job import Export, Job, describe, described, ground, initial
from .names import Names, ascii_only

DIALECT = Dialect("true", "false", "&", "|", "!", "=", "!=", "=", "({c} ? {a} : {b})", implies="->")

KEYWORDS = """
alias array assert assume begin boolean by case clear cover const do else elsif end endalias endexists endfor endforall endfunction
endif endprocedure endrecord endrule endruleset endstartstate endswitch endwhile enum error exists false for forall function if in
interleaved invariant isundefined liveness log multiset multisetadd multisetcount multisetremove of procedure process program put
real record return rule ruleset scalarset startstate switch then to traceuntil true type undefine undefined union var while
auto break char continue default double extern float goto int long register restrict short signed sizeof static struct typedef
unsigned void volatile main bool inline not and or xor
"""


def murphi(job: Job) -> Export:
    """The job in Murphi. Raises `ModelError` when it has too many initial states."""
    return _Murphi(job).export()


class _Murphi:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.system = job.system
        self.names = Names(KEYWORDS)
        for v in self.system.variables:
            self.names.give(("variable", v.name), v.name)
        self.sorts = job.enumerations
        for sort in self.sorts:
            self.names.give(("sort", sort), f"{sort.name}_t")
            for value in sort.values:
                self.names.give(("value", sort, value), f"{sort.name}_{value}")

    def name(self, variable: str) -> str:
        return self.names["variable", variable]

    def constant(self, value: Value, sort: Sort) -> str:
        return self.names["value", sort, value] if isinstance(sort, Enum) else str(value)

    def infix(self, parts: dict[Term, str]) -> Infix:
        return Infix(DIALECT, self.name, self.constant, parts)

    def sort(self, sort: Ground) -> str:
        if isinstance(sort, Bool):
            return "boolean"
        return f"{sort.lo}..{sort.hi}" if isinstance(sort, Int) else self.names["sort", sort]

    def export(self) -> Export:
        job, system = self.job, self.system
        starts = initial(system, "murphi")
        lines = [f"-- {x}" for x in job.about()]
        lines += [
            "-- Run: rumur --deadlock-detection off --output FILE.c FILE && gcc -std=c11 -O2 -march=native -mcx16 FILE.c -lpthread &&"
            " ./a.out",
            '-- An error\'s message names the property. One of a check of steps ("(step)") shows in the last rule of the trace.',
        ]
        if self.sorts:
            lines += ["", "type"]
            for sort in self.sorts:
                values = ", ".join(self.names["value", sort, v] for v in sort.values)
                lines.append(f"  {self.names['sort', sort]} : enum {{ {values} }};")
        lines += ["", "var"]
        for v in system.variables:
            lines.append(f"  {self.name(v.name)} : {self.sort(v.sort)}; -- {described(v)}")
        for i, s in enumerate(starts, 1):
            lines += ["", f'startstate "initial state {i}"', "begin"]
            for v, x in zip(system.variables, s, strict=True):
                text = str(x).lower() if isinstance(x, bool) else self.constant(x, v.sort)
                lines.append(f"  {self.name(v.name)} := {text};")
            lines.append("end;")
        for i, a in enumerate(system.actions):
            lines += self._rule(i, a)
        for check in job.checks:
            if not check.of_steps:
                lines += ["", *(f"-- {x}" for x in job.says(check))]
                lines.append(f'invariant "{check.name}"\n  {written_out(self.infix({}), check.state, check.name)};')
        for check in job.checks:
            if check.of_steps:
                lines += ["", *(f"-- {x}" for x in job.says(check)), "-- (asserted in the rules)"]
        lines += [f"-- {x}: nothing in this system can break it" for x in job.trivial()]
        names = tuple(c.name for c in job.checks)
        return Export("murphi", {f"{job.name}.m": "\n".join([*lines, ""])}, names)

    def _rule(self, number: int, a: Action) -> list[str]:
        aside, assignments = in_sequence(a.updates)
        sorts = {target.name: ground(target) for target, _ in a.updates}
        for name in aside:
            self.names.give(("variable", OLD + name), f"old_{name}")
        # What a local variable holds is no part of a state. The laws are read before anything changes, so their parts can be
        # worked out there; what is put aside has names of its own.
        parts: dict[Term, str] = {}
        laws = [(c.name, c.steps[number]) for c in self.job.checks if number in c.steps]
        variables, body = [], []
        for k, t in enumerate(large_parts(law for _, law in laws), 1):
            text = self.infix(parts).defined(t)
            parts[t] = self.names.give(("part", k), f"part_{k}")
            variables.append(f"var {parts[t]} : {self.sort(ground(t))};")
            body.append(f"{parts[t]} := {text}")
        write, plain = self.infix(parts), self.infix({})
        variables += [f"var {self.name(OLD + n)} : {self.sort(sorts[n])};" for n in aside]
        body += [f'assert {write(law)} "{name}"' for name, law in laws]
        body += [f"{self.name(OLD + n)} := {self.name(n)}" for n in aside]
        body += [f"{self.name(n)} := {plain(value)}" for n, value in assignments]
        lines = ["", *(f"-- {x}" for x in describe(a)), f'rule "{_string(a.label)}"']
        lines += [f"  {written_out(plain, a.guard, f'action {a.label}')}", "==>", *variables, "begin"]
        return [*lines, *(f"  {x};" for x in body), "end;"]


def _string(text: str) -> str:
    return ascii_only(text).replace("\\", "/").replace('"', "'")
