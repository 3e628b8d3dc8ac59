"""``walk``: stepping through a system by hand."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

from ..explore import targets
from ..explore.walk import Walk
from ..model.language import OK, Action, ModelError, word
from ..model.world import ASPECTS
from ..reports.prose import Prose
from ..reports.save import FORMATS, save, suffix_of
from ..reports.story import MONITOR
from . import options, screen
from .exits import HOLDS, VIOLATED

_HELP = """\
  NUMBER        take that step                     TEXT     the steps whose names contain it; the only one is taken
  b, back [N]   undo a step (or N)                 s [TEXT] the state (variables whose names contain it)
  r             show refused requests, or not      t        the run so far, as a table
  p             properties: which are broken       w FILE   write the run ({formats})
  h, ?          this help                          q        quit"""


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Step through a system: choose an event that is possible, go back, watch which properties break, write the run "
        "to a file. Reads commands from standard input. The exit code is 1 when the run that was left breaks a property."
    )
    options.add_target(p, several=False)
    p.add_argument("--aspect", choices=tuple(ASPECTS), help="which aspect of the flow (default: its first)")
    p.add_argument(
        "-o", "--output", metavar="FILE", help=f"write the run at the end; by the name's ending: {', '.join(FORMATS)}"
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    if args.aspect:
        found = [t for t in found if t.aspect == args.aspect]
    if not found:
        raise ModelError(f"{args.flows[0]} has no aspect {args.aspect} with such a property: leave --aspect out")
    output = Path(args.output) if args.output else None
    if output is not None:
        suffix_of(output)
    target = found[0]
    session = Session(Walk(target.system, target.properties), f"{target.name}: a walk")
    print(f"{target.name}{f' ({target.aspect})' if target.aspect else ''}: {target.summary}")
    print(f"{len(session.walk.properties)} safety properties are watched. h: help, q: quit")
    try:
        session.loop()
    except KeyboardInterrupt:
        print()
    if output is not None:
        save(session.walk.trace(), output, session.title)
        print(f"{len(session.walk.actions)} steps written to {output}")
    return VIOLATED if session.walk.broken() else HOLDS


class Session:
    """A walk at a prompt. Without a terminal the commands are echoed, so that what comes out can be read alone."""

    def __init__(self, walk: Walk, title: str) -> None:
        self.walk = walk
        self.title = title
        self.refusals = False
        self.shown: list[Action] = []
        self.commands: dict[str, Callable[[str], None]] = {
            "b": self.back, "back": self.back, "s": self.state, "t": self.table, "p": self.properties, "w": self.write,
            "r": self.toggle, "h": self.help, "?": self.help,
        }  # fmt: skip

    def loop(self) -> None:
        if sys.stdin.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401  (input() then edits lines and remembers them)
        self.tell([f"{b.prop.id} is broken in the initial state" for b in self.walk.broken()])
        self.list()
        while True:
            try:
                line = input("> ").strip()
            except EOFError:
                print()
                return
            if not sys.stdin.isatty():
                print(line)
            name, _, rest = line.partition(" ")
            if name in ("q", "quit", "exit"):
                return
            try:
                self.obey(line, name, rest.strip())
            except ModelError as e:
                print(f"  {e}")

    def obey(self, line: str, name: str, rest: str) -> None:
        if not line:
            self.list()
        elif name in self.commands:
            self.commands[name](rest)
        elif line.isdigit():
            if not 1 <= int(line) <= len(self.shown):
                raise ModelError(f"there is no step {line}: give a number from 1 to {len(self.shown)}")
            self.take(self.shown[int(line) - 1])
        else:
            matching = [a for a in self.walk.choices() if line in a.label]
            exact = [a for a in matching if a.label == line] or matching
            if len(exact) == 1:
                self.take(exact[0])
            elif matching:
                self.list(matching)
            else:
                raise ModelError(f"nothing that is possible now has {line!r} in its name (h: help)")

    def take(self, action: Action) -> None:
        news = self.walk.take(action)
        n = len(self.walk.actions)
        screen.line((f"{n}. {action.actor}: {action.label}", "title"))
        for name, (before, after) in self.walk.trace().changed(n - 1).items():
            screen.line(f"     {name}: {word(before)} → ", (word(after), "changed"))
        self.tell([f"{b.prop.id}{f' [{b.instance}]' if b.instance else ''}: {b.prop.says}" for b in news])
        self.list()

    def tell(self, news: list[str]) -> None:
        for text in news:
            broken = f"BROKEN {text}"
            screen.say(lambda width, text=broken: Prose(width).wrapped(text, "  ✗ ", role="violated"))

    def list(self, actions: list[Action] | None = None) -> None:
        """The possible steps under their numbers; refusals only when they were asked for."""
        every = self.walk.choices() if actions is None else actions
        self.shown = [a for a in every if a.reply == OK or self.refusals or actions is not None]
        if not every:
            print("  no step is possible")
        width = max((len(a.actor) for a in self.shown), default=0)
        for i, a in enumerate(self.shown, 1):
            screen.line(f"  {i:>3}  ", (f"{a.actor:<{width}}", "faint"), f"  {a.label}")
        hidden = len(every) - len(self.shown)
        if hidden:
            screen.line((f"  and {hidden} requests that would be refused (r shows them)", "faint"))

    def back(self, rest: str) -> None:
        if rest and not rest.isdigit():
            raise ModelError(f"back {rest}: give a number of steps")
        for _ in range(int(rest or 1)):
            if not self.walk.back():
                print("  this is the initial state")
                break
        print(f"  after step {len(self.walk.actions)}" if self.walk.actions else "  initially")
        self.list()

    def state(self, rest: str) -> None:
        names = [n for n in self.walk.system.index if not n.startswith(MONITOR) and rest in n]
        if not names:
            raise ModelError(f"no variable has {rest!r} in its name")
        trace = self.walk.trace()
        width = max(map(len, names))
        for n in names:
            print(f"  {n:<{width}}  {word(trace.value(len(trace), n))}")

    def table(self, rest: str) -> None:
        screen.run(self.walk.trace(), indent="  ")

    def properties(self, rest: str) -> None:
        broken = self.walk.broken()
        print(f"  {len(broken)} broken, of {len(self.walk.properties)} that are watched")
        for b in broken:
            at = f"at step {b.step}" if b.step else "in the initial state"
            screen.line("  ", (f"✗ {b.prop.id}", "violated"), f" {at}: {b.prop.says}")

    def write(self, rest: str) -> None:
        if not rest:
            raise ModelError("w FILE: give the name of a file")
        save(self.walk.trace(), Path(rest), self.title)
        print(f"  {len(self.walk.actions)} steps written to {rest}")

    def toggle(self, rest: str) -> None:
        self.refusals = not self.refusals
        self.list()

    def help(self, rest: str) -> None:
        print(_HELP.format(formats=" ".join(FORMATS)))
