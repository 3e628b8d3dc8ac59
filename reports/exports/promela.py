"""Promela, for SPIN: one process, one `do` loop, one `d_step` per action.

The loop has one control state and a `d_step` ends in it, so SPIN stores exactly our states and one of its transitions is one
of our steps. A check of steps is asserted within the `d_step`, before the updates. A check of states is a branch of the loop that
can be taken only where it fails, fails there, and leads back to the same state.
"""

from __future__ import annotations

from ...model.language import Action, Bool, Enum, Ground, Int, Sort, Term, Value, support
from .infix import OLD, Dialect, Infix, in_sequence, large_parts, written_out
from .job import Export, Job, describe, described, free_variables, ground, initial
from .names import Names, ascii_only

DIALECT = Dialect("true", "false", "&&", "||", "!", "==", "!=", "==", "({c} -> {a} : {b})")

KEYWORDS = """
active assert atomic bit bool break byte chan c_code c_decl c_expr c_state c_track d_proctype d_step do else empty enabled end eval
false fi for full get_priority goto hidden if in init inline int len local ltl mtype nempty never nfull notrace np_ od of pc_value
pid printf printm priority proctype provided return run select set_priority short show skip step timeout trace true typedef
unless unsigned xr xs must model linux unix i386 define include undef ifdef ifndef elif endif error
auto case char const continue default double enum extern float long register restrict signed sizeof static struct switch
union void volatile while uchar ushort uint ulong now main this that state trans stdin stdout stderr errno
"""
"""Of Promela, of its preprocessor, and of the C into which SPIN turns the names of variables."""


def promela(job: Job) -> Export:
    """The job in Promela. Raises `ModelError` when it has too many initial states."""
    return _Promela(job).export()


class _Promela:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.system = job.system
        self.names = Names(KEYWORDS)
        for v in self.system.variables:
            self.names.give(("variable", v.name), v.name)
        self.sorts = job.enumerations
        for sort in self.sorts:
            for value in sort.values:
                self.names.give(("value", sort, value), f"{sort.name}_{value}")
        self.checks = tuple(self.names.give(("check", i), f"p_{c.name}") for i, c in enumerate(job.checks))
        self.scratch: dict[str, str] = {}
        """Local variables for what is put aside within a step, with their declarations."""

    def name(self, variable: str) -> str:
        return self.names["variable", variable]

    def constant(self, value: Value, sort: Sort) -> str:
        return self.names["value", sort, value] if isinstance(sort, Enum) else str(value)

    def infix(self, parts: dict[Term, str]) -> Infix:
        return Infix(DIALECT, self.name, self.constant, parts)

    def export(self) -> Export:
        job, system = self.job, self.system
        starts = initial(system, "promela")
        free = free_variables(system) if len(starts) > 1 else frozenset()
        lines = [f"/* {_comment(x)} */" for x in job.about()]
        lines += [
            "/* Run: spin -a FILE && gcc -O2 -DSAFETY -DBFS -DNOREDUCE -o pan pan.c && ./pan",
            "   (-c0 goes on after a violation; -DBFS makes the first violation of a property a shortest one).",
            '   "assertion violated (N&&...) (at depth D)" is a violation of property number N: of a check of states after D steps,',
            '   of a check of steps ("(step)") in step D + 1. */',
            "",
            "#define must(property, holds) assert(property && (holds))",
        ]
        for number, (check, name) in enumerate(zip(job.checks, self.checks, strict=True), 1):
            lines += [f"/* {_comment(x)} */" for x in job.says(check)]
            lines.append(f"#define {name} {number}")
        lines += [f"/* {x}: nothing in this system can break it */" for x in job.trivial()]
        for sort in self.sorts:
            lines += ["", f"/* {_comment(sort.name)} */"]
            lines += [f"#define {self.names['value', sort, v]} {i}" for i, v in enumerate(sort.values)]
        lines.append("")
        for v, value in zip(system.variables, starts[0], strict=True):
            first = "" if v.name in free else f" = {self._literal(value, v.sort)}"
            lines.append(f"{_declare(self.name(v.name), v.sort, first)} /* {_comment(described(v))} */")
        body = [*self._initially(starts, free), "end:", "  do"]
        for i, a in enumerate(system.actions):
            body += self._step(i, a)
        for check, name in zip(job.checks, self.checks, strict=True):
            if not check.of_steps:
                holds = written_out(self.infix({}), check.state, check.name)
                body.append(f"  :: d_step {{ !({holds}) -> must({name}, false) }}")
        body += self._unread()
        lines += ["", "active proctype model()", "{"]
        lines += [f"  {declaration}" for declaration in self.scratch.values()]
        lines += [*body, "  od", "}", ""]
        more = 1 if len(starts) > 1 else 0
        return Export("promela", {f"{job.name}.pml": "\n".join(lines)}, self.checks, extra_states=more, extra_depth=more)

    def _initially(self, starts: tuple[tuple[Value, ...], ...], free: frozenset[str]) -> list[str]:
        if len(starts) == 1:
            return []
        lines = ["  /* One of the initial states: one state and one step more than the system has. */", "  if"]
        for s in starts:
            given = [
                f"{self.name(v.name)} = {self._literal(x, v.sort)}"
                for v, x in zip(self.system.variables, s, strict=True)
                if v.name in free
            ]
            lines.append(f"  :: d_step {{ {'; '.join(given)} }}")
        return [*lines, "  fi;"]

    def _unread(self) -> list[str]:
        """A branch that is never taken, for the variables that nothing reads: SPIN leaves such out of its states."""
        terms = [t for c in self.job.checks for t in (c.state, *c.steps.values())]
        terms += [t for a in self.system.actions for t in (a.guard, *(u for _, u in a.updates))]
        read = {v.name for t in terms for v in support(t)}
        unread = [v for v in self.system.variables if v.name not in read]
        if not unread and self.system.actions:
            return []
        never = " || ".join(f"{self.name(v.name)} == {self._rest(v.sort)}" for v in unread)
        comment = "  /* Never taken: SPIN leaves out of its states what nothing reads, and here all variables count. */"
        return [comment, f"  :: d_step {{ false && ({never}) -> skip }}" if unread else "  :: false -> skip"]

    def _literal(self, value: Value, sort: Ground) -> str:
        return str(value).lower() if isinstance(value, bool) else self.constant(value, sort)

    def _step(self, number: int, a: Action) -> list[str]:
        laws = [(name, c.steps[number]) for c, name in zip(self.job.checks, self.checks, strict=True) if number in c.steps]
        aside, assignments = in_sequence(a.updates)
        sorts = {target.name: ground(target) for target, _ in a.updates}
        for name in aside:
            self.names.give(("variable", OLD + name), f"old_{name}")
            self._local(OLD + name, sorts[name])
        # What is put aside has its own names, so parts are looked for in the laws, which are read before anything changes.
        parts: dict[Term, str] = {}
        shared = []
        for k, t in enumerate(large_parts(law for _, law in laws)):
            key = f"part {k} {t.sort}"
            text = self.infix(parts).defined(t)
            parts[t] = self.names.give(("variable", key), f"part_{k + 1}")
            self._local(key, ground(t))
            shared.append((parts[t], text, self._literal(ground(t).domain[0], ground(t))))
        write, plain = self.infix(parts), self.infix({})
        guard = written_out(plain, a.guard, f"action {a.label}")
        body = [f'printf("{_string(a.label)}\\n")']
        body += [f"{name} = {text}" for name, text, _ in shared]
        body += [f"must({name}, {write(law)})" for name, law in laws]
        body += [f"{name} = {reset}" for name, _, reset in shared]
        body += [f"{self.name(OLD + n)} = {self.name(n)}" for n in aside]
        body += [f"{self.name(n)} = {plain(value)}" for n, value in assignments]
        body += [f"{self.name(OLD + n)} = {self._rest(sorts[n])}" for n in aside]
        lines = [f"  /* {_comment(x)} */" for x in describe(a)]
        return [*lines, f"  :: d_step {{ {guard} ->", *(f"       {x};" for x in body[:-1]), f"       {body[-1]} }}"]

    def _local(self, key: str, sort: Ground) -> None:
        name = self.names["variable", key]
        # They are set back before the step ends, so they make no state different from another.
        self.scratch.setdefault(name, _declare(name, sort, f" = {self._rest(sort)}"))

    def _rest(self, sort: Ground) -> str:
        return self._literal(sort.domain[0], sort)


def _declare(name: str, sort: Ground, initially: str) -> str:
    if isinstance(sort, Bool):
        return f"bool {name}{initially};"
    if isinstance(sort, Int) and sort.lo < 0:
        return f"{'short' if sort.lo >= -(2**15) and sort.hi < 2**15 else 'int'} {name}{initially};"
    most = sort.hi if isinstance(sort, Int) else len(sort.values) - 1
    return f"unsigned {name} : {max(most.bit_length(), 1)}{initially};"


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")


def _string(text: str) -> str:
    return ascii_only(text).replace("\\", "/").replace('"', "'").replace("%", "%%")
