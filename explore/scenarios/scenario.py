"""Scenario files: a flow or a policy of the user's own, in TOML (docs/scenarios.md says what may stand in one)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from ...model.flows import FLOWS, Flow
from ...model.language import (
    FALSE,
    Check,
    Family,
    Model,
    ModelError,
    Party,
    Rule,
    Value,
    const,
    nearest,
    parse,
    substitute,
)
from ...model.language.mutate import AddCheck, DropCheck, mutated
from ...model.language.terms import subterms
from ...model.world import ASPECTS, KNOBS
from ...model.world.choices import PARTIES
from ...model.world.vocabulary import d, device_of, t, u, v, w
from ...properties.catalogue import PROPERTIES, Expectation, aspect_of
from ...properties.property import Property
from .positions import Path as KeyPath
from .positions import positions


@dataclass(frozen=True)
class Scenario:
    """A flow of the user's own: a flow of the tool with other settings and rules, the properties to decide, what is expected."""

    base: str
    flow: Flow
    properties: tuple[Property, ...]
    expected: Mapping[str, Expectation] = field(default_factory=dict)


def load(path: Path) -> Scenario:
    """The scenario in a file. Raises `ModelError` that names the file, the line and the key, and says how to mend it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        raise ModelError(f"{path}: cannot be read: {e.strerror}; give the path of a scenario file") from None
    except UnicodeDecodeError as e:
        raise ModelError(f"{path}: byte {e.start} is not UTF-8: save the file as UTF-8") from None
    return loads(text, str(path))


def loads(text: str, name: str = "scenario.toml") -> Scenario:
    """The scenario in a text; ``name`` stands for the file in messages."""
    try:
        content = tomllib.loads(text)
        lines = positions(text)
    except tomllib.TOMLDecodeError as e:
        raise ModelError(f"{name}{_where(str(e), text)}: {_reason(str(e))}; correct the TOML") from None
    except RecursionError:
        raise ModelError(f"{name}: nested too deeply; a scenario needs no more than tables in tables") from None
    return _Loader(name, content, lines).scenario()


def _where(message: str, text: str) -> str:
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    if found is not None:
        return f", line {found[1]}, column {found[2]}"
    return f", line {len(text.splitlines()) or 1}"  # at the end of the document


def _reason(message: str) -> str:
    reason = re.sub(r" \(at .*\)$", "", message)
    return reason[:1].lower() + reason[1:]


_PARTY_KNOBS = tuple(p.name for p in PARTIES)
_MATTERS = {k.name: k.sort.domain for k in KNOBS if k.name not in _PARTY_KNOBS}
_TRUST = {k.name: k.sort.domain for k in KNOBS if k.name in _PARTY_KNOBS}


@dataclass
class _Loader:
    file: str
    content: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def scenario(self) -> Scenario:
        sections = ("name", "summary", "flow", "properties", "topology", "knobs", "trust", "rules", "expect", "adapter")
        self.known((), self.content, sections)
        if "flow" not in self.content:
            self.fail((), f'there is no key flow: add flow = "…", one of {", ".join(FLOWS)}')
        base = self.text(("flow",))
        if base not in FLOWS:
            self.fail(("flow",), f"there is no flow {base!r}{nearest(base, FLOWS)}")
        flow = replace(
            FLOWS[base],
            name=self.text(("name",)) if "name" in self.content else Path(self.file).stem,
            summary=self.text(("summary",)) if "summary" in self.content else FLOWS[base].summary,
            choices={**FLOWS[base].choices, **self.settings("knobs", _MATTERS), **self.settings("trust", _TRUST)},
            topology=self.topology(FLOWS[base]),
        )
        if not re.fullmatch(r"\S(.*\S)?", flow.name):
            self.fail(("name",), "is blank, or has blanks around it: give a name such as relay-run")
        if flow.name in FLOWS:
            self.fail(("name",), f"{flow.name!r} is a flow of the tool: give the scenario a name of its own")
        flow = replace(flow, models=self.models(flow))
        properties = self.properties(flow)
        return Scenario(base, flow, properties, self.expected(flow, properties))

    # --- Errors ---------------------------------------------------------------------------------------------------------

    def fail(self, path: KeyPath, message: str) -> NoReturn:
        raise self.error(path, message)

    def error(self, path: KeyPath, message: str) -> ModelError:
        line = self.lines.get(path)
        at = f", line {line}" if line else ""
        return ModelError(f"{self.file}{at}: {_dotted(path)}{': ' if path else ''}{message}")

    # --- Shapes ---------------------------------------------------------------------------------------------------------

    def at(self, path: KeyPath) -> Any:
        found: Any = self.content
        for key in path:
            found = found[key]
        return found

    def known(self, path: KeyPath, table: Mapping[str, Any], keys: Iterable[str]) -> None:
        for key in table:
            if key not in keys:
                self.fail((*path, key), f"there is no such key{nearest(key, keys)}")

    def table(self, *path: str) -> dict[str, Any]:
        """A table; empty when there is none."""
        parent = self.content
        for n, key in enumerate(path, 1):
            parent = parent.get(key, {})
            if not isinstance(parent, dict):
                self.fail(path[:n], f"is {_kind(parent)}: make it a table, [{'.'.join(path[:n])}]")
        return parent

    def text(self, path: KeyPath) -> str:
        found = self.at(path)
        if not isinstance(found, str):
            self.fail(path, f'is {_kind(found)}: write a text, such as {path[-1]} = "…"')
        if "\n" in found or not found.strip():
            self.fail(path, "is blank, or has several lines: write one line")
        return found

    def texts(self, path: KeyPath) -> list[tuple[KeyPath, str]]:
        """An array of texts, each with its place."""
        found = self.at(path)
        if not isinstance(found, list):
            self.fail(path, f'is {_kind(found)}: write an array of texts, such as {path[-1]} = ["…"]')
        return [((*path, i), self.text((*path, i))) for i in range(len(found))]

    # --- Sections -------------------------------------------------------------------------------------------------------

    def settings(self, section: str, allowed: Mapping[str, tuple[Value, ...]]) -> dict[str, Value]:
        other = ("trust", _TRUST) if section == "knobs" else ("knobs", _MATTERS)
        table = self.table(section)
        for key, value in table.items():
            path = (section, key)
            if key in other[1]:
                self.fail(path, f"belongs into [{other[0]}]: put it there")
            if key not in allowed:
                if section == "trust":
                    self.fail(path, f"there is no such party{nearest(key, allowed)}")
                self.fail(path, f"there is no such knob{_near(key, allowed, _SEE.format('knobs'))}")
            if not any(type(x) is type(value) and x == value for x in allowed[key]):
                options = [_written(x) for x in allowed[key]]
                self.fail(path, f"cannot be {_written(value)}: it is one of {', '.join(options)}")
        return table

    def topology(self, flow: Flow) -> dict[str, int]:
        known = dict.fromkeys(i for name in flow.aspects for i in ASPECTS[name].topology if name in ASPECTS)
        table = self.table("topology")
        self.known(("topology",), table, known)
        for key, value in table.items():
            if type(value) is not int or value < 1:
                self.fail(
                    ("topology", key), f"cannot be {_written(value)}: write how many there are, a whole number of at least 1"
                )
        return {**flow.topology, **table}

    def properties(self, flow: Flow) -> tuple[Property, ...]:
        mine = {id: p for id, p in PROPERTIES.items() if aspect_of(p) in flow.aspects}
        if "properties" not in self.content:
            return tuple(mine.values())
        chosen: set[str] = set()
        for path, glob in self.texts(("properties",)):
            fitting = {id for id in mine if fnmatchcase(id, glob)}
            if not fitting:
                if glob in PROPERTIES:
                    self.fail(
                        path,
                        f"{glob} speaks of the aspect {aspect_of(PROPERTIES[glob])}, which this flow does not have: leave it out",
                    )
                self.fail(path, f"no property is called {glob!r}{_near(glob, mine, _SEE.format('properties'))}")
            chosen |= fitting
        if not chosen:
            self.fail(("properties",), 'is empty: name properties or globs, such as ["no-*"], or leave the key out for all')
        return tuple(p for id, p in mine.items() if id in chosen)

    def expected(self, flow: Flow, properties: tuple[Property, ...]) -> dict[str, Expectation]:
        ids = [p.id for p in properties]
        found = {}
        for key in self.table("expect"):
            path = ("expect", key)
            if key not in ids:
                unchosen = key in PROPERTIES
                self.fail(
                    path,
                    "is not among the properties: add it there"
                    if unchosen
                    else f"no such property{_near(key, ids, _SEE.format('properties'))}",
                )
            match = re.fullmatch(r"(holds|violated)(?:@(\d+))?", self.text(path))
            if match is None:
                self.fail(
                    path, f'cannot be {_written(self.at(path))}: write "holds", "violated" or "violated@5" (the depth)'
                )
            found[key] = Expectation(match[1], int(match[2]) if match[2] else None)
        return found

    # --- Rules ----------------------------------------------------------------------------------------------------------

    def models(self, flow: Flow) -> dict[str, Model]:
        """The aspects whose rules the file changes, with those changes."""
        rules = self.table("rules")
        self.known(("rules",), rules, ("off", "require"))
        models = {name: ASPECTS[name].model for name in flow.aspects if name in ASPECTS}
        changed: set[str] = set()
        for path, text in self.texts(("rules", "off")) if "off" in rules else ():
            for aspect, rule, check in self.rules(path, text, models, checks=True):
                model = models[aspect]
                models[aspect] = (
                    mutated(model, DropCheck(rule.machine, rule.name, check))
                    if check
                    else model.with_rules(r for r in model.rules if r is not rule)
                )
                changed.add(aspect)
        required = rules.get("require", [])
        if not isinstance(required, list) or not all(isinstance(x, dict) for x in required):
            self.fail(("rules", "require"), "is no array of tables: write [[rules.require]]")
        for i, entry in enumerate(required):
            for aspect, mutant in self.requirement(("rules", "require", i), entry, flow, models):
                models[aspect] = mutated(models[aspect], mutant)
                changed.add(aspect)
        return {name: model for name, model in models.items() if name in changed}

    def requirement(
        self, path: KeyPath, entry: Mapping[str, Any], flow: Flow, models: Mapping[str, Model]
    ) -> list[tuple[str, AddCheck]]:
        self.known(path, entry, ("rule", "when", "name", "reply"))
        for key in ("rule", "when"):
            if key not in entry:
                self.fail(path, f'has no key {key}: add {key} = "{"machine.rule" if key == "rule" else "tdi.state = RUN"}"')
        text = self.text((*path, "when"))
        name = self.text((*path, "name")) if "name" in entry else text
        reply = self.text((*path, "reply")) if "reply" in entry else None
        if reply is not None and not re.fullmatch(r"[A-Z][A-Z0-9_]*", reply):
            self.fail(
                (*path, "reply"),
                f"cannot be {_written(reply)}: write a code in capitals, such as BAD_STATE, or leave it out",
            )
        found = []
        meant = self.rules((*path, "rule"), self.text((*path, "rule")), models, checks=False)
        for aspect, rule, _ in meant:
            if rule.reply != "ok":
                self.fail(
                    (*path, "rule"), f"{rule.machine}.{rule.name} reacts to a refusal: name a rule that grants a request"
                )
            if rule.binds is not None and _never(rule.binds, flow):
                self.fail(
                    (*path, "rule"),
                    f"{rule.machine}.{rule.name} binds the {rule.binds}, which keeps no rule in this scenario ({rule.binds.honest} "
                    "does not hold): require it of another party, or make this one honest under [trust] or [knobs]",
                )
            try:
                term = parse(text, models[aspect].scope(rule.event, (d, t, u, v, w), (device_of,)))
            except ModelError as e:
                among = f" (in aspect {aspect}; write {aspect}:… or another before the rule to change one aspect only)"
                self.fail((*path, "when"), f"{e}{among if len(meant) > 1 else ''}")
            if any(c.name == name for c in rule.checks):
                self.fail(
                    (*path, "name"), f"{rule.machine}.{rule.name} has a check of this name: give it another with name = …"
                )
            found.append((aspect, AddCheck(rule.machine, rule.name, Check(name, term, reply, self.file))))
        return found

    def rules(self, path: KeyPath, text: str, models: Mapping[str, Model], *, checks: bool) -> list[tuple[str, Rule, str]]:
        """The rules that are meant by ``[aspect:]machine.rule``, in every aspect that has it, or a check of one (``…/check``)."""
        aspect, colon, rest = text.partition(":")
        if not colon:
            rest = text
        elif aspect not in models:
            self.fail(path, f"there is no aspect {aspect!r} here{nearest(aspect, models)}")
        found = []
        known = []
        for name, model in models.items():
            if colon and name != aspect:
                continue
            for r in model.rules:
                full = f"{r.machine}.{r.name}"
                known += [full, *(f"{full}/{c.name}" for c in r.checks)] if checks else [full]
                if rest == full:
                    found.append((name, r, ""))
                elif checks and rest.startswith(f"{full}/"):
                    found += [(name, r, c.name) for c in r.checks if rest == f"{full}/{c.name}"]
        if not found:
            machines = ", ".join(sorted({k.partition(".")[0] for k in known}))
            hint = f"write machine.rule with one of the machines {machines}"
            self.fail(path, f"there is no rule{' or check' if checks else ''} {rest!r}{_near(rest, known, hint)}")
        return found


def _never(party: Party, flow: Flow) -> bool:
    """Whether the party keeps no rule in the flow."""
    knobs = flow.knobs()
    given = {x: const(knobs[x.data.name], x.data.sort) for x in subterms(party.honest) if isinstance(x.data, Family)}
    return substitute(party.honest, given) is FALSE


_SEE = "tdisprove list {} shows them"


def _near(name: str, known: Iterable[str], hint: str) -> str:
    """The nearest names; where none is near, the hint instead of hundreds."""
    found = nearest(name, known)
    return found if found.startswith("; did you mean") else f"; {hint}"


def _dotted(path: KeyPath) -> str:
    """``rules.require[1].when``, as people write it; the number counts from 1."""
    text = ""
    for key in path:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _kind(value: object) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "an array", dict: "a table"}
    return names.get(type(value), "a date or time")


def _written(value: object) -> str:
    """As TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value) if isinstance(value, int | float) else _kind(value)
