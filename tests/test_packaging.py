"""The wheel holds everything, and the README tells the truth."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tdisprove.explore import check
from tdisprove.model.flows import FLOWS
from tdisprove.properties.catalogue import CENTRAL, PROPERTIES, find
from tdisprove.properties.questions import QUESTIONS
from test_flows import COUNTS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDERS = ("model", "properties", "explore", "reports", "verbs", "bench")


def test_the_wheel_holds_every_module_and_data_file(tmp_path: Path) -> None:
    # A copy, so that the build leaves nothing in the checkout.
    import shutil

    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "build", "diagrams", "*.egg-info"))
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    if importlib.util.find_spec("tdisprove.explore.explicit._kernel") is not None:
        # Built once for every Python from 3.11 on.
        assert "-cp311-abi3-" in wheel.name
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {"tdisprove/__init__.py", "tdisprove/cli.py", "tdisprove/pytest_plugin.py", "tdisprove/py.typed"}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".toml", ".json", ".js", ".css"):
                expected.add(f"tdisprove/{path.relative_to(ROOT).as_posix()}")
    assert expected <= packed
    assert not {p for p in packed if p.endswith((".c", ".h", "setup.py"))}
    assert not {p for p in packed if p.startswith("tdisprove/tests")}


def test_an_installed_user_never_finds_a_package_called_model() -> None:
    code = "import importlib.util as u; import tdisprove.model; assert u.find_spec('model') is None"
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/")


def test_the_layers_import_one_way_only() -> None:
    rank = {folder: i for i, folder in enumerate(FOLDERS)}
    for folder, mine in rank.items():
        for path in (ROOT / folder).rglob("*.py"):
            depth = len(path.relative_to(ROOT).parts) - 1
            for dots, target in re.findall(r"^\s*from (\.+)(\w+)", path.read_text(encoding="utf-8"), re.M):
                if len(dots) == depth + 1 and target in rank:
                    assert rank[target] <= mine, f"{path.relative_to(ROOT)} imports {target}"


def test_the_language_has_no_word_of_tdisp_in_it() -> None:
    for path in (ROOT / "model" / "language").glob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        for word in ("tdisp", "tsm", "spdm", "pcie", "locked"):
            # Examples in docstrings may say what an index is good for, in the field's words.
            code = re.sub(r'""".*?"""', "", text, flags=re.S)
            code = re.sub(r"#.*", "", code)
            assert word not in code, f"{path.name}: {word}"


def test_the_readmes_example_is_the_one_that_the_tests_run() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.S)
    assert block.strip() in (ROOT / "examples" / "two_phase_commit.py").read_text(encoding="utf-8")
    assert len([line for line in block.splitlines() if line.strip()]) <= 20


def test_the_readmes_counts_are_the_catalogues() -> None:
    text = README.replace("\n", " ")
    assert f"It knows {_words(len(FLOWS))} flows" in text
    assert f"{len(PROPERTIES)} properties, and the {len(QUESTIONS)} questions" in text
    assert f"({COUNTS['sev-tio-guest-run', (('tdi', 2),)][0]:,} for `sev-tio-guest-run` with two TDIs" in text


def _words(n: int) -> str:
    return {10: "ten"}[n]


ROWS = re.findall(r"^\| `([a-z-]+)`", README, re.M)


def test_the_readmes_table_has_every_flow_that_locks_a_tdi() -> None:
    assert [f.name for f in FLOWS.values() if "lifecycle" in f.aspects and f.knobs()["tdisp"]] == ROWS


@pytest.mark.parametrize("flow", ROWS)
def test_the_readmes_table_says_what_the_tool_says(flow: str) -> None:
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{flow}`")]
    cells = [c.strip() for c in row.strip("|").split("|")][1:]
    for name, text in zip(CENTRAL, cells, strict=True):
        for alternative in text.split(";"):
            knobs: dict[str, str | bool] = {}
            found = re.search(r"`--set (\w+)=(\w+)`", alternative)
            if found:
                value = found[2]
                knobs[found[1]] = {"true": True, "false": False}.get(value, value)
            if "iff" in alternative:
                continue  # pinned in test_cli
            (result,) = check(FLOWS[flow].system(changed=knobs), [find(name)])
            assert result.verdict.value in alternative, (name, alternative)
            if result.trace is not None:
                assert f"at {result.depth}" in alternative
