"""A plugin of pytest: properties of flows as tests, with the run that breaks one in the failure's report.

``@pytest.mark.tdisprove(flow="cove-io", properties=["gates-closed-before-reuse"])`` decides the properties before the test's own
body runs, and fails it when one is violated or UNKNOWN. Further arguments: ``knobs`` and ``topology`` (mappings), ``expect``
(property -> ``"violated"``, ``"violated@5"``, ``"holds"``). The fixture ``tdisprove_results`` hands the results to the body.

Scenario files whose names match the ini option ``tdisprove_scenarios`` (default: ``*.tdisprove.toml``) are collected, one test for each
of their properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .explore import Result, Target

_RESULTS: pytest.StashKey[list[Result]] = pytest.StashKey()
_WRONG: pytest.StashKey[list[str]] = pytest.StashKey()


class _Broken(Exception):
    """A verdict that is not what it should be. Its text is the report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("tdisprove_scenarios", "scenario files to collect, as patterns of names", "args", ["*.tdisprove.toml"])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "tdisprove(flow, properties=(), knobs={}, topology={}, expect={}): decide properties of a flow; the test fails when one is "
        "violated or unknown (or not as expected)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marks = list(item.iter_markers("tdisprove"))
    if not marks:
        return
    results: list[Result] = []
    wrong: list[str] = []
    for mark in reversed(marks):
        found, expected = _decided(item, *mark.args, **mark.kwargs)
        results += found
        wrong += [text for r in found if (text := _wrong(r, expected.get(r.prop.id)))]
    item.stash[_RESULTS] = results
    item.stash[_WRONG] = wrong


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Here, not in the set-up, so that it is the test that fails; its body does not run then."""
    wrong = item.stash.get(_WRONG, [])
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


@pytest.fixture
def tdisprove_results(request: pytest.FixtureRequest) -> list[Result]:
    """What the test's mark decided."""
    found = request.node.stash.get(_RESULTS, None)
    if found is None:
        raise pytest.UsageError(f"{request.node.nodeid}: tdisprove_results needs @pytest.mark.tdisprove(flow=…)")
    return list(found)


def _decided(
    item: pytest.Item,
    flow: str,
    properties: Sequence[str] = (),
    *,
    knobs: Mapping[str, Any] | None = None,
    topology: Mapping[str, int] | None = None,
    expect: Mapping[str, str] | None = None,
) -> tuple[list[Result], Mapping[str, str]]:
    """The results, and what is expected of them. A mistake in the mark is one of usage."""
    from .explore import check, targets
    from .model.language import ModelError
    from .properties.catalogue import find

    wanted = [properties] if isinstance(properties, str) else list(properties)
    name = str(item.path.parent / flow) if flow.endswith((".toml", ".py")) else flow
    try:
        if not name.endswith(".py"):
            for p in expect or {}:
                find(p)  # a mistake in a name, which nothing else would find
        found = targets([name], wanted, topology, knobs)
        return [r for t in found for r in check(t.system, t.properties)], expect or {}
    except ModelError as e:
        raise pytest.UsageError(f"{item.nodeid}: {e}") from None


def _wrong(r: Result, expected: str | None) -> str:
    """The report of a verdict that is not what it should be; empty when it is."""
    from .explore import Verdict
    from .properties.catalogue import Expectation

    if expected is not None and r.verdict is not Verdict.UNKNOWN:
        verdict, _, depth = expected.partition("@")
        if r.verdict.value == verdict and (not depth or depth == str(r.depth)):
            return ""
        return f"{_report(r)}\nexpected is {Expectation(verdict, int(depth) if depth else None)}"
    return "" if r.verdict is Verdict.HOLDS else _report(r)


def _report(r: Result) -> str:
    from .explore import Verdict
    from .reports.table import trace_table
    from .reports.verdicts import cell

    title = f"{r.system.name}: {r.prop.id}: {cell(r)}"
    if r.trace is None:
        return "\n".join([title, r.prop.says, *r.notes])
    return trace_table(r.trace, title=title, subtitle=r.prop.says, witness=r.verdict is Verdict.HOLDS)


# Scenario files.


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    patterns = parent.config.getini("tdisprove_scenarios")
    if file_path.suffix == ".toml" and any(fnmatch(file_path.name, p) for p in patterns):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario file; its properties are its tests."""

    def collect(self) -> Iterator[ScenarioItem]:
        from .explore import targets
        from .model.language import ModelError

        try:
            found = targets([str(self.path)])
        except ModelError as e:
            raise self.CollectError(str(e)) from None
        for target in found:
            decided: dict[str, Result] = {}
            for p in target.properties:
                yield ScenarioItem.from_parent(self, name=p.id, target=target, decided=decided)


class ScenarioItem(pytest.Item):
    """One property of a scenario. All of an aspect are decided together, when the first of them runs."""

    def __init__(self, *, target: Target, decided: dict[str, Result], **rest: Any) -> None:
        super().__init__(**rest)
        self.target = target
        self.decided = decided

    def runtest(self) -> None:
        from .explore import Verdict, check

        if not self.decided:
            self.decided |= {r.prop.id: r for r in check(self.target.system, self.target.properties)}
        r = self.decided[self.name]
        named = self.target.expected is not None and r.prop.id in self.target.expected
        why = self.target.unexpected(r.prop, r.verdict.value, r.depth)
        if why:
            raise _Broken(f"{_report(r)}\n{why}")
        if r.verdict is Verdict.UNKNOWN or (r.verdict is Verdict.VIOLATED and not named):
            raise _Broken(_report(r))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, _Broken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.target.name}: {self.name}"
