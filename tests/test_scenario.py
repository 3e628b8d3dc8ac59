"""Scenario files: what they mean, and how a wrong one is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tdisprove.cli import main
from tdisprove.explore import Verdict, check, targets
from tdisprove.explore.scenarios.positions import positions
from tdisprove.explore.scenarios.scenario import Scenario, load, loads
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import ModelError
from tdisprove.properties.catalogue import PROPERTIES, aspect_of

EXAMPLE = Path(__file__).parent.parent / "examples" / "relay-run.toml"
Run = Callable[..., tuple[int, str, str]]

EMITTED, EFFECTIVE = "no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str) -> tuple[int, str, str]:
        code = main(args)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def verdicts(s: Scenario) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for aspect in dict.fromkeys(aspect_of(p) for p in s.properties):
        mine = [p for p in s.properties if aspect_of(p) == aspect]
        found |= {r.prop.id: r.verdict for r in check(s.flow.system(aspect=aspect), mine)}
    return found


# --- What a scenario means --------------------------------------------------------------------------------------------


def test_the_example_is_as_it_says(run: Run) -> None:
    code, out, err = run("check", "--expect", "-q", str(EXAMPLE))
    assert (code, err) == (0, "")
    assert "relay-run" in out
    s = load(EXAMPLE)
    assert {p.id for p in s.properties} == set(s.expected)


def test_the_example_owes_its_verdicts_to_what_it_changes() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    as_it_is = verdicts(loads(text))
    assert as_it_is[EMITTED] is Verdict.HOLDS
    assert as_it_is[EFFECTIVE] is Verdict.VIOLATED
    checked = verdicts(loads(text.replace("off = [", "off = []\n# [")))
    assert checked[EFFECTIVE] is Verdict.HOLDS
    free = verdicts(loads(text.replace("for some v: tsm.bound[t] = v and guest.accepted[v, t] = current", "true")))
    assert free[EMITTED] is Verdict.VIOLATED


def test_a_scenario_that_changes_nothing_is_the_flow() -> None:
    s = loads('flow = "cove-io"', "mine.toml")
    assert s.flow.name == "mine"
    assert s.flow.summary == FLOWS["cove-io"].summary
    assert s.flow.knobs() == FLOWS["cove-io"].knobs()
    assert s.flow.models == {}
    assert {p.id for p in s.properties} == {i for i, p in PROPERTIES.items() if aspect_of(p) in FLOWS["cove-io"].aspects}


def test_a_rule_that_is_off_takes_no_part_and_a_requirement_that_never_holds_forbids() -> None:
    base = f'flow = "sev-tio-host-run"\nproperties = ["{EMITTED}"]\n'
    assert verdicts(loads(base))[EMITTED] is Verdict.VIOLATED
    never = '[[rules.require]]\nrule = "tsm.tdi_bind_run"\nwhen = "false"\n'
    assert verdicts(loads(base + never))[EMITTED] is Verdict.HOLDS
    # Without the device's own rule a started TDI is in no other state.
    off = '[rules]\noff = ["tdi.tdi_bind_run"]\n'
    assert verdicts(loads(base + off))[EMITTED] is Verdict.HOLDS


def test_a_requirement_with_a_reply_refuses_and_one_without_refrains() -> None:
    base = 'flow = "cove-io"\n[[rules.require]]\nrule = "lifecycle:tsm.tdi_bind"\nwhen = "not tsm.consent"\nname = "fresh"\n'
    for reply, expected in (("", False), ('reply = "NOT_NOW"', True)):
        replies = {a.reply for a in loads(base + reply).flow.system().actions if a.event == "tdi_bind"}
        assert ("NOT_NOW" in replies) == expected


def test_a_name_means_every_aspect_that_has_the_rule_and_a_prefix_one() -> None:
    text = 'flow = "cove-io"\n[rules]\noff = ["{}"]\n'
    assert set(loads(text.format("root_complex.dma_write_arrives/gate open")).flow.models) == {"channel"}
    both = set(loads(text.format("tsm.tdi_unbind")).flow.models)
    assert both >= {"lifecycle", "channel"}
    assert set(loads(text.format("channel:tsm.tdi_unbind")).flow.models) == {"channel"}


def test_topology_knobs_and_trust_are_set_and_options_go_before_them(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f'flow = "sev-tio-guest-run"\nproperties = ["{EMITTED}"]\n[topology]\ntvm = 2\n[knobs]\ntsm_consent = true\n'
        '[trust]\nhost = "honest"\n'
    )
    (target,) = targets([str(path)])
    assert target.system.topology["tvm"] == 2
    assert target.system.knobs.items() >= {"tsm_consent": True, "host": "honest"}.items()
    (target,) = targets([str(path)], [], {"tvm": 1}, {"host": "hostile"})
    assert target.system.topology["tvm"] == 1
    assert target.system.knobs["host"] == "hostile"
    assert run("check", "-q", str(path))[0] == 0
    assert run("check", "-q", str(path), "--set", "tsm_consent=false", "--set", "host=hostile", "--tvms", "1")[0] == 1
    _, out, _ = run("check", "-q", str(path), "-p", EFFECTIVE)
    assert EFFECTIVE in out
    assert EMITTED not in out


def test_an_expectation_that_is_not_met_is_named(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "mine.toml"
    text = f'flow = "sev-tio-host-run"\nproperties = ["{EMITTED}", "{EFFECTIVE}"]\n[expect]\n{EMITTED} = "{{}}"\n'
    for expected, code, words in (
        ("violated@5", 0, ""),
        ("violated", 0, ""),
        ("violated@4", 1, "violated@5, expected is violated@4"),
        ("holds", 1, "violated@5, expected is holds"),
    ):
        path.write_text(text.format(expected))
        found, out, _ = run("check", "--expect", "-q", str(path))
        assert found == code
        assert words in out


# --- What is refused --------------------------------------------------------------------------------------------------

HEAD = 'flow = "cove-io"\n'
RULE = '[[rules.require]]\nrule = "tsm.tdi_bind"\n'

WRONG = [
    ("flow = ", "my.toml, line 1: invalid value; correct the TOML"),
    ('flow = "a"\nflow = "b"', "my.toml, line 2: cannot overwrite a value; correct the TOML"),
    ('flow = "cove-io"\nname = x\n', "my.toml, line 2, column 8: invalid value; correct the TOML"),
    ("", 'there is no key flow: add flow = "…", one of sev-tio-host-run'),
    ("flow = 3", 'line 1: flow: is a number: write a text, such as flow = "…"'),
    ('\n# \nflow = "cove"', "line 3: flow: there is no flow 'cove'; did you mean cove-io?"),
    (HEAD + "\nnames = 1", "line 3: names: there is no such key; did you mean name?"),
    (HEAD + 'name = "cove-io"', "line 2: name: 'cove-io' is a flow of the tool: give the scenario a name of its own"),
    (HEAD + 'name = " x"', "line 2: name: is blank, or has blanks around it"),
    (HEAD + 'summary = ""', "line 2: summary: is blank, or has several lines: write one line"),
    (HEAD + "summary = 1979-05-27", "line 2: summary: is a date or time: write a text"),
    (HEAD + 'properties = "no-*"', 'line 2: properties: is a text: write an array of texts, such as properties = ["…"]'),
    (HEAD + 'properties = [\n  "no-*",\n  "tsm-knows-every-rum",\n]', "line 4: properties[2]: no property is called"),
    (HEAD + 'properties = [\n  "no-*",\n  "tsm-knows-every-rum",\n]', "did you mean tsm-knows-every-run"),
    (HEAD + "properties = [1]", "line 2: properties[1]: is a number: write a text"),
    (HEAD + "properties = []", "line 2: properties: is empty: name properties or globs"),
    (HEAD + "[topology]\ntdis = 2", "line 3: topology.tdis: there is no such key; did you mean tdi?"),
    (HEAD + "topology.tvm = 0", "line 2: topology.tvm: cannot be 0: write how many there are"),
    (HEAD + "topology.tvm = true", "line 2: topology.tvm: cannot be true: write how many there are"),
    (HEAD + "topology = 2", "line 2: topology: is a number: make it a table, [topology]"),
    (HEAD + "[knobs]\np2q = true", "line 3: knobs.p2q: there is no such knob; did you mean p2p"),
    (HEAD + "[knobs]\n'p2p' = 1", "line 3: knobs.p2p: cannot be 1: it is one of false, true"),
    (HEAD + '[knobs]\nrun_by = "hots"', 'line 3: knobs.run_by: cannot be "hots": it is one of "host", "guest_request"'),
    (HEAD + '[knobs]\nhost = "honest"', "line 3: knobs.host: belongs into [trust]: put it there"),
    (HEAD + "[trust]\np2p = true", "line 3: trust.p2p: belongs into [knobs]: put it there"),
    (HEAD + '[trust]\nhots = "honest"', "line 3: trust.hots: there is no such party; did you mean host"),
    (HEAD + '[trust]\nhost = "good"', 'line 3: trust.host: cannot be "good": it is one of "honest", "hostile"'),
    (HEAD + "[rules]\nof = []", "line 3: rules.of: there is no such key; did you mean off?"),
    (
        HEAD + '[rules]\noff = ["tsm.tdi_bnd"]',
        "line 3: rules.off[1]: there is no rule or check 'tsm.tdi_bnd'; did you mean tsm.tdi_bind",
    ),
    (HEAD + '[rules]\noff = ["tsm.tdi_bind/not bond"]', "did you mean tsm.tdi_bind/not bound"),
    (HEAD + '[rules]\noff = ["zzzz"]', "write machine.rule with one of the machines "),
    (
        HEAD + '[rules]\noff = ["live:tsm.tdi_bind"]',
        "line 3: rules.off[1]: there is no aspect 'live' here; ",
    ),
    (HEAD + "[rules]\nrequire = 1", "line 3: rules.require: is no array of tables: write [[rules.require]]"),
    (HEAD + RULE, 'line 2: rules.require[1]: has no key when: add when = "tdi.state = RUN"'),
    (
        HEAD + RULE + 'when = "true"\nwehn = "true"',
        "line 5: rules.require[1].wehn: there is no such key; did you mean when?",
    ),
    (
        HEAD + '[[rules.require]]\nrule = "lifecycle:tsm.tdi_bind"\nwhen = "tdi.state = RUM"',
        "line 4: rules.require[1].when: `tdi.state = RUM`, column 13: 'RUM' is no value of TdiState; did you mean RUN",
    ),
    (
        HEAD + RULE + 'when = "true"\n' + RULE + 'when = "tdi.state = RUN"',
        "line 7: rules.require[2].when: `tdi.state = RUN`, column 1: there is no variable or parameter 'tdi.state'",
    ),
    (
        HEAD + RULE + 'when = "tdi.state = RUN"',
        "(in aspect channel; write channel:… or another before the rule to change one aspect only)",
    ),
    (
        HEAD + RULE + 'when = "true"\nreply = "no"',
        'line 5: rules.require[1].reply: cannot be "no": write a code in capitals',
    ),
    (
        HEAD + '[[rules.require]]\nrule = "lifecycle:host.tdi_bind"\nwhen = "true"',
        "line 3: rules.require[1].rule: host.tdi_bind binds the host, which keeps no rule in this scenario",
    ),
    (
        HEAD + '[[rules.require]]\nrule = "mmio.mmio_write_lost"\nwhen = "true"',
        "line 3: rules.require[1].rule: mmio.mmio_write_lost binds the fabric, which keeps no rule in this scenario",
    ),
    (
        HEAD + '[[rules.require]]\nrule = "mmio.mmio_write_arrives/REJECTED"\nwhen = "true"',
        "line 3: rules.require[1].rule: mmio.mmio_write_arrives/REJECTED reacts to a refusal",
    ),
    (
        HEAD + '[[rules.require]]\nrule = "lifecycle:tsm.tdi_bind"\nwhen = "true"\nname = "not bound"',
        "line 5: rules.require[1].name: tsm.tdi_bind has a check of this name",
    ),
    (HEAD + f'[expect]\n{EMITTED} = "hold"', f'line 3: expect.{EMITTED}: cannot be "hold": write "holds", "violated"'),
    (HEAD + '[expect]\nq = "holds"', "line 3: expect.q: no such property; tdisprove list properties shows them"),
    (HEAD + f"[expect]\n{EMITTED} = 5", f"line 3: expect.{EMITTED}: is a number: write a text"),
    (HEAD + '[expect]\nno-tbit-dma = "holds"', "line 3: expect.no-tbit-dma: no such property; did you mean "),
    (
        HEAD + f'properties = ["tsm-*"]\n[expect]\n{EMITTED} = "holds"',
        f"line 4: expect.{EMITTED}: is not among the properties: add it there",
    ),
    (
        'flow = "cove-io"\n[topology]\ntvm = 99999999999999999999\n',
        "line 3: topology.tvm: 99999999999999999999 is more than",
    ),
    (
        'flow = "cove-io"\n[[rules.require]]\nrule = "lifecycle:tsm.tdi_bind_run"\nwhen = "' + "not " * 20_000 + 'true"\n',
        "line 4: rules.require[1].when: `…not not",
    ),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_wrong_file_is_refused_in_one_line_with_line_and_key(text: str, words: str) -> None:
    with pytest.raises(ModelError) as e:
        loads(text, "my.toml")
    message = str(e.value)
    assert message.startswith("my.toml")
    assert words in message
    assert "\n" not in message
    assert len(message) < 700


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ModelError, match="larger than 1 MiB"):
        load(large)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, run: Run) -> None:
    code, out, err = run("check", str(tmp_path / "none.toml"))
    assert (code, out) == (2, "")
    assert "none.toml: cannot be read: No such file or directory" in err
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'flow = "\xe9"')
    assert "byte 8 is not UTF-8" in run("check", str(latin))[2]


def test_an_instance_that_the_topology_does_not_have_is_refused(tmp_path: Path) -> None:
    text = HEAD + '[[rules.require]]\nrule = "lifecycle:tsm.tdi_bind"\nwhen = "tsm.bound[t] = tvm7"'
    path = tmp_path / "mine.toml"
    path.write_text(text)
    (lifecycle, *_) = targets([str(path)])
    with pytest.raises(ModelError, match=r"mine.toml: .*'tvm7' is not a value of tvm; did you mean tvm0"):
        lifecycle.make()


@given(st.text(max_size=60) | st.lists(st.sampled_from([
    HEAD, RULE, "[rules]\n", "[expect]\n", "[knobs]\n", 'when = "true"\n', "p2p = true\n", "x = [1, {a = 2}]\n", "off = []\n", "'",
])).map("".join))  # fmt: skip
def test_any_text_is_either_a_scenario_or_refused(text: str) -> None:
    try:
        loads(text)
    except ModelError as e:
        assert str(e).startswith("scenario.toml")


# --- Where keys stand -------------------------------------------------------------------------------------------------


def paths(value: object, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {at} if at else set()
    for key, inner in items:
        found |= paths(inner, (*at, key))
    return found


def test_every_key_has_the_line_in_which_it_stands() -> None:
    text = (
        "# a comment with a = 1\n"
        'a = "#" # another\n'
        "'b c'.d = [ # [x]\n"
        "  1,\n"
        "  {e = 2, f = [3, 4]},\n"
        "]\n"
        'g = """\n'
        'h = 1 \\""" """\n'
        "[i.j]\n"
        "k = '''\n]'''\n"
        "[[l]]\n"
        "m = 1979-05-27 07:32:00 # when\n"
        "[l.n]\n"
        "o = true\n"
        "[[l]]\n"
        "m = nan\n"
    )
    lines = positions(text)
    assert set(lines) == paths(tomllib.loads(text))
    assert lines[("a",)] == 2
    assert lines[("b c", "d")] == 3
    assert lines[("b c", "d", 1, "f", 1)] == 5
    assert lines[("g",)] == 7
    assert lines[("i", "j")] == 9
    assert lines[("i", "j", "k")] == 10
    assert lines[("l", 0)] == 12
    assert lines[("l", 0, "n", "o")] == 15
    assert lines[("l", 1, "m")] == 17


KEY = st.sampled_from(["a", "b", "c-d", '"e.f"', "'g h'", '"\\u0069"', "1", "true"])
BLANK = st.sampled_from(["", " ", "  # note = [\n", "\n", " \n\n"])
VALUE = st.recursive(
    st.sampled_from([
        "1", "-2.5e3", "true", '"x"', '"#\\"]"', "'}'", '"""\n= [\n"""', "'''\n#'''", '""""q"""""', "1979-05-27 07:32:00", "0x1F",
    ]),
    lambda inner: st.one_of(
        st.lists(st.tuples(BLANK, inner, BLANK).map("".join), max_size=3).map(lambda x: f"[{','.join(x)}]"),
        st.dictionaries(KEY, inner, max_size=2).map(lambda x: "{" + ", ".join(f"{k} = {v}" for k, v in x.items()) + "}"),
    ),
    max_leaves=6,
)  # fmt: skip
HEADER = st.lists(KEY, min_size=1, max_size=3).map(" . ".join)
LINE = st.one_of(
    st.tuples(HEADER, VALUE).map(lambda x: f"{x[0]} = {x[1]} # end\n"),
    HEADER.map(lambda x: f"[ {x} ]\n"),
    HEADER.map(lambda x: f"[[{x}]] # many\n"),
    st.sampled_from(["\n", "# a = 1\n", "   \t# [x]\n"]),
)


@given(st.lists(LINE, max_size=7).map("".join))
def test_the_keys_that_are_found_are_those_of_tomllib(text: str) -> None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = positions(text)
    assert set(lines) == paths(content)
    last = text.count("\n") + 1
    assert all(1 <= n <= last for n in lines.values())
