"""The explorer: one page that needs nothing, in which a run can be stepped through, and in which no name becomes markup."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Browser, chromium
from tdisprove.cli import main
from tdisprove.explore import Result, check
from tdisprove.explore.explain.blame import blame
from tdisprove.explore.explain.parting import nearest_holding, parting
from tdisprove.model.flows import FLOWS
from tdisprove.properties.catalogue import Group, find, groups
from tdisprove.reports.explorer.page import explorer
from tdisprove.reports.explorer.run import run_payload
from test_formats import hostile_result

BROKEN, HELD, LASSO = "no-tbit-dma-emitted-before-accept", "gates-closed-before-reuse", "error-is-left-in-the-end"
HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>' onclick=\"window.pwned=3"


@pytest.fixture(scope="module")
def columns() -> dict[str, list[Result]]:
    flows = ("sev-tio-host-run", "cove-io")
    return {name: check(FLOWS[name].system(), [find(BROKEN), find(HELD), find(LASSO)]) for name in flows}


@pytest.fixture(scope="module")
def page(columns: dict[str, list[Result]]) -> str:
    hostile = hostile_result()
    shown = [*groups(), Group(HOSTILE, HOSTILE, (hostile.prop,))]
    broken = next(r for r in columns["sev-tio-host-run"] if r.prop.id == BROKEN)
    why = {("sev-tio-host-run", BROKEN): blame(broken, FLOWS["sev-tio-host-run"], most=2)}
    every = {**columns, HOSTILE: [hostile]}
    return explorer("1.2", shown, {HOSTILE: HOSTILE}, every, why=why, notes=[HOSTILE], title=HOSTILE)


class _Elements(HTMLParser):
    """The elements of a page, and the attributes that make it ask for something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href", "action")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]


def test_the_page_asks_for_nothing_and_names_stay_text(page: str) -> None:
    read = _Elements()
    read.feed(page)
    assert "img" not in read.tags
    assert read.handlers == []
    assert all(link.startswith("#") or link == "data:," for link in read.links)
    # The data, the script, and each run.
    assert read.tags.count("script") == 2 + len(re.findall('id="run-', page))
    assert "\x01" not in page


def test_the_same_results_make_the_same_page(columns: dict[str, list[Result]]) -> None:
    assert explorer("1", groups(), {}, columns) == explorer("1", groups(), {}, columns)


def test_flows_with_the_same_run_share_it(columns: dict[str, list[Result]]) -> None:
    one = columns["sev-tio-host-run"]
    text = explorer("1", groups(), {}, {"a": one, "b": one})
    assert len(re.findall('id="run-', text)) == 2


def test_a_payload_leads_from_the_first_state_to_the_last(columns: dict[str, list[Result]]) -> None:
    for r in columns["sev-tio-host-run"]:
        if r.trace is None:
            continue
        payload = run_payload(r)
        state = dict(payload["initial"])
        for i, step in enumerate(payload["steps"]):
            for name, before, after, _ in step["changed"]:
                assert state[name] == before
                state[name] = after
            index = r.trace.system.index
            assert state == {n: r.trace.states[i + 1][index[n]] for n in state}


# Where flows part.


def test_a_run_parts_from_a_flow_where_the_guest_starts_the_interface(columns: dict[str, list[Result]]) -> None:
    results = {flow: {r.prop.id: r for r in rs} for flow, rs in columns.items()}
    broken = results["sev-tio-host-run"][BROKEN]
    found = nearest_holding("sev-tio-host-run", broken, results)
    assert found is not None
    assert (found.flow, found.parting.step) == ("cove-io", 3)
    assert found.differs["run_by"] == ("host", "guest_call")
    assert "NOT_SUPPORTED" in found.parting.instead


def test_a_run_never_parts_from_its_own_system(columns: dict[str, list[Result]]) -> None:
    for flow, results in columns.items():
        for r in results:
            if r.trace is not None:
                assert parting(r.trace, r.system).step is None, flow


# In the browser: one for all of the tests.

needs_browser = pytest.mark.skipif(
    chromium() is None and os.environ.get("TDISPROVE_BROWSER") != "required",
    reason="needs Chromium (Debian: apt-get install chromium); TDISPROVE_BROWSER=required makes its absence a failure",
)


@pytest.fixture(scope="module")
def opened(page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, str]]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(page, encoding="utf-8")
    browser = Browser(folder / "profile")
    yield browser, (folder / "index.html").as_uri()
    browser.close()


def state_of(browser: Browser, name: str) -> str:
    return str(browser.run(f"document.querySelector('#state tr[data-name=\"{name}\"] td').firstChild.textContent"))


@needs_browser
def test_a_browser_steps_through_a_counterexample(opened: tuple[Browser, str], columns: dict[str, list[Result]]) -> None:
    browser, url = opened
    browser.open(url)
    browser.click(f"#matrix tr[data-property={BROKEN}] td.violated a")
    browser.wait("document.querySelector('#state')")
    trace = next(r for r in columns["sev-tio-host-run"] if r.prop.id == BROKEN).trace
    assert trace is not None
    shown = browser.run("[...document.querySelectorAll('#state tr')].map(tr => tr.dataset.name)")
    index = trace.system.index
    assert {"tdi0.state", "tsm.tdi0.view"} <= set(shown)
    assert "never possible: device_connect; tdi_bind; tdi_bind_run; dma → BLOCKED" in browser.text("#why")
    assert (
        "any one of these together: host=honest and run_by=guest_request; run_by=guest_call and accept_by=start"
        in browser.text("#why")
    )
    assert browser.text("#parting") == "step 4"
    for i, state in enumerate(trace.states):
        assert browser.text("#position") == (f"step {i} of 5" if i else "initially (5 steps)")
        for name in shown:
            value = state[index[name]]
            assert state_of(browser, name) == (str(value).lower() if isinstance(value, bool) else value)
        if i:
            assert trace.actions[i - 1].event in browser.text("#what")
            assert browser.run("document.querySelectorAll('#chart svg rect.here').length") == 1
            browser.click("[data-tab=timeline]")
            assert browser.run("document.querySelectorAll('#timeline svg rect.here').length") == 1
            browser.click("[data-tab=chart]")
        assert browser.run("document.querySelectorAll('#graph .here-node').length") == 1
        assert browser.run("!!document.querySelector('#broken')") == (i == 5)
        browser.press("ArrowRight") if i % 2 else browser.click("#forward")
    assert "must not happen here" in browser.text("#broken")
    assert "tdi.tdi_bind_run" in browser.text("#broken")
    browser.press("ArrowLeft")
    assert browser.text("#position") == "step 4 of 5"
    browser.press("Home")
    assert state_of(browser, "tdi0.state") == "CONFIG_UNLOCKED"
    browser.click("#steps button[data-at='4']")
    assert state_of(browser, "tdi0.state") == "RUN"
    browser.run("slider.value = 3; slider.dispatchEvent(new Event('input'))")
    assert state_of(browser, "tdi0.state") == "CONFIG_LOCKED"
    browser.press("Escape")
    browser.wait("!document.querySelector('#overview').hidden")
    assert browser.errors == []
    assert browser.requests == [url]


@needs_browser
def test_a_run_without_end_goes_round(opened: tuple[Browser, str]) -> None:
    browser, url = opened
    browser.open(f"{url}#v/sev-tio-host-run/{LASSO}/5")
    browser.wait("document.querySelector('#broken')")
    assert browser.text("#position") == "step 5 of 5"
    browser.press("ArrowRight")
    assert browser.text("#position") == "step 5 of 5"  # a loop of one step
    assert "for ever" in browser.text("#broken")
    assert browser.errors == []


@needs_browser
def test_search_and_filters_leave_what_was_asked_for(opened: tuple[Browser, str]) -> None:
    browser, url = opened
    visible = "[...document.querySelectorAll('#matrix tr[data-property]')].filter(r => r.offsetParent).map(r => r.dataset.property)"
    browser.open(url)
    assert len(browser.run(visible)) == 4
    browser.run("search.value = 'GATE open'; search.dispatchEvent(new Event('input'))")
    assert browser.run(visible) == [HELD]
    browser.run("search.value = 'no such thing'; search.dispatchEvent(new Event('input'))")
    assert browser.run(visible) == []
    assert browser.run("!empty.hidden")
    browser.run("search.value = ''; search.dispatchEvent(new Event('input'))")
    for kind in ("holds", "vacuous", "unknown"):
        browser.click(f"[data-kind={kind}]")
    assert HELD not in browser.run(visible)
    browser.click("input[data-flow=sev-tio-host-run]")
    assert BROKEN not in browser.run(visible)
    assert LASSO in browser.run(visible)
    assert browser.errors == []


@needs_browser
def test_hostile_names_run_nothing_in_the_page(opened: tuple[Browser, str]) -> None:
    browser, url = opened
    browser.open(url)
    browser.run("[...document.querySelectorAll('#matrix td.violated a')].pop().click()")
    browser.wait("document.querySelector('#state')")
    browser.press("End")
    assert browser.run("document.querySelector('h2').textContent").count("<script>") == 1
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("window.pwned === undefined")
    assert browser.errors == []
    # Were there a hole, the page's policy would still let nothing run.
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned=4\">')")
    assert browser.run("new Promise(r => setTimeout(() => r(window.pwned === undefined), 200))")
    assert any("Content Security Policy" in e for e in browser.errors)


@needs_browser
def test_dark_and_light_differ_and_a_printed_page_has_all_pictures(opened: tuple[Browser, str]) -> None:
    browser, url = opened
    browser.open(f"{url}#v/sev-tio-host-run/{BROKEN}/2")
    browser.wait("document.querySelector('#state')")
    ink = "[document.body, document.querySelector('#chart svg text')].map(x => getComputedStyle(x).color + getComputedStyle(x).fill)"
    first = browser.run(ink)
    browser.press("d")
    second = browser.run(ink)
    assert all(a != b for a, b in zip(first, second, strict=True))
    browser.press("d")
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        heights = browser.run("[...document.querySelectorAll('.picture')].map(x => x.getBoundingClientRect().height)")
        assert len(heights) == 3
        assert min(heights) > 100
        assert browser.run("document.querySelector('.stepper').getBoundingClientRect().height") == 0
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")
    assert browser.errors == []


# The command.


def test_the_command_writes_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["report", "cove-io", "-p", HELD, "-p", BROKEN, "-o", str(tmp_path)])
    assert code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]
    assert "index.html: 0." in capsys.readouterr().out


def test_a_scenario_with_a_hostile_name_is_only_text(tmp_path: Path) -> None:
    name = "<script>window.pwned=1</script>"
    scenario = tmp_path / "s.toml"
    scenario.write_text(f'name = "{name}"\nflow = "cove-io"\nproperties = ["{HELD}"]\n')
    assert main(["report", str(scenario), "-o", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert name not in text
    assert "&lt;script&gt;window.pwned=1" in text


def test_a_page_with_a_gap_says_so(tmp_path: Path) -> None:
    assert main(["report", "cove-io", "-p", HELD, "--max-depth", "2", "-o", str(tmp_path)]) == 3
    assert "UNKNOWN" in (tmp_path / "index.html").read_text(encoding="utf-8")


@needs_browser
def test_the_nearest_flow_stands_side_by_side_with_the_run(opened: tuple[Browser, str]) -> None:
    browser, address = opened
    browser.open(f"{address}#v/sev-tio-host-run/{BROKEN}")
    browser.wait("document.querySelectorAll('#beside tr').length === 6")
    rows = browser.run("[...document.querySelectorAll('#beside tr')].map(r => [...r.cells].map(c => c.textContent))")
    assert rows[0] == ["", "sev-tio-host-run", "cove-io"]
    assert [r[2] for r in rows[1:]] == ["the same", "the same", "the same", "NOT_SUPPORTED or NO_CONSENT", ""]
    assert [r[1] for r in rows[1:]][3] == "tdi_bind_run(tdi0)"
    assert browser.text("#beside tr.parts td") == "4"
    assert browser.errors == []


@needs_browser
def test_a_narrow_window_keeps_names_in_sight_and_pictures_readable(opened: tuple[Browser, str]) -> None:
    browser, address = opened
    browser.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
    try:
        browser.open(address)
        browser.wait("document.querySelectorAll('#matrix tr[data-property]').length > 2")
        browser.run("window.scrollTo(200, 0)")
        left = browser.run("document.querySelector('#matrix tr[data-property] th').getBoundingClientRect().left")
        assert 0 <= left < 20
        browser.open(f"{address}#v/sev-tio-host-run/{BROKEN}")
        browser.wait("document.querySelector('#chart svg')")
        assert browser.run("document.querySelector('#chart svg').getBoundingClientRect().width") >= 700
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
