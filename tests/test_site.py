"""The documentation: its links lead somewhere, and what it says the tool prints, the tool prints."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tdisprove.cli import VERBS, main
from tdisprove.explore.conformance.reference import TWO_TDI_MUTANTS, gallery
from tdisprove.explore.conformance.requester import GUEST_MUTANTS
from tdisprove.model.flows import FLOWS
from tdisprove.properties.catalogue import PROPERTIES
from tdisprove.verbs.policy import CHOICES, GUEST

ROOT = Path(__file__).parent.parent
MUTANTS = {*gallery(), *TWO_TDI_MUTANTS, *GUEST_MUTANTS}
DOCS = ROOT / "docs"
PAGES = ("index.md", "diagrams.md")
CONSOLE = [
    (page, *block)
    for page in PAGES
    for block in re.findall(r"```console\n\$ (.*?)\n(.*?)```", (DOCS / page).read_text(), re.S)
]


@pytest.mark.parametrize(("page", "command", "output"), CONSOLE, ids=[f"{p}: {c}" for p, c, _ in CONSOLE])
def test_what_a_page_shows_is_what_the_tool_prints(
    page: str, command: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *args = shlex.split(command)
    assert name == "tdisprove"
    assert main(args) in (0, 1)
    printed = re.sub(r"(?m)^\d+\.\d s\n", "", capsys.readouterr().out)
    assert _unnumbered(printed) == _unnumbered(output)


def _unnumbered(text: str) -> str:
    """Without what differs between versions and machines: lines of the model's source, and which backend searched."""
    return re.sub(r"\(explicit: \w+\)", "(explicit)", re.sub(r"\.py:\d+", ".py:N", text.rstrip("\n")))


def test_the_mermaid_chart_is_the_tools(capsys: pytest.CaptureFixture[str]) -> None:
    (chart,) = re.findall(r"```mermaid\n(.*?)```", (DOCS / "diagrams.md").read_text(), re.S)
    main(["check", "sev-tio-host-run", "-p", "run-only-after-accept", "--format", "mermaid"])
    assert capsys.readouterr().out.strip() == chart.strip()


def test_the_machine_on_its_page_is_the_example() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "machines.md").read_text(), re.S)
    assert block.strip() == (ROOT / "examples" / "two_phase_commit.py").read_text().strip()


DRAW = runpy.run_path(str(DOCS / "draw.py"))


@pytest.mark.parametrize("name", DRAW["PICTURES"])
def test_the_pictures_are_what_the_tool_draws(name: str) -> None:
    """Those that Graphviz lays out word for word, for its versions place things differently; the others byte for byte."""
    kept, drawn = (DOCS / "diagrams" / f"{name}.svg").read_text(encoding="utf-8"), DRAW["PICTURES"][name]()
    if name in ("sequence", "timeline", "lasso", "lasso-timeline"):
        assert drawn == kept
    assert sorted(_words(drawn)) == sorted(_words(kept))


def _words(svg: str) -> list[str]:
    return ["".join(t.itertext()) for t in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder / "site")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    return tmp_path


def test_the_site_builds_without_a_broken_link(project: Path) -> None:
    done = build(project)
    assert done.returncode == 0, done.stderr
    site = project / "site"
    assert "no-tbit-dma-emitted-before-accept" in (site / "reference" / "properties.html").read_text()
    assert "model/world/lifecycle/tdi.py:" in (site / "reference" / "rules.html").read_text()
    for page in site.rglob("*.html"):
        asked = re.findall(r'<(?:script|img|link)[^>]*?(?:src|href)="(?:https?:)?//[^"]*"', page.read_text(encoding="utf-8"))
        assert asked == [], page.name


def test_a_broken_link_is_an_error(project: Path) -> None:
    with (project / "docs" / "verdicts.md").open("a") as f:
        f.write("\n[nowhere](nowhere.md) [no heading](index.md#no-heading)\n")
    done = build(project)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
    assert "no-heading" in done.stderr


WRITTEN = sorted(p for p in DOCS.glob("*.md") if p.name != "questions.md")


@pytest.mark.parametrize("page", WRITTEN, ids=[p.name for p in WRITTEN])
def test_every_command_and_every_name_on_a_page_exists(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for command in re.findall(r"`tdisprove ([^`]*)`", text):
        words = [w for w in shlex.split(command.replace("[", "").replace("]", "")) if w != "…"]
        verb = words[0]
        assert verb in VERBS, command
        for flag, value in pairwise(words):
            if flag == "-p" and value.islower():
                assert value in PROPERTIES, command
        for word in words[1:]:
            if re.fullmatch(r"[a-z]+(-[a-z]+)+", word) and words[words.index(word) - 1] != "-p":
                assert word in FLOWS or word in (CHOICES, GUEST), command
    for name in re.findall(r"`([a-z]+(?:-[a-z0-9]+){3,})`", text):
        assert name in PROPERTIES or name in FLOWS or name in MUTANTS, f"{page.name}: {name}"
