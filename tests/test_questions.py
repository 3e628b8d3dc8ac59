"""The thread's questions: all there, answered by verdicts, and the documentation says what the tool says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tdisprove.explore import Verdict, check
from tdisprove.explore.answers import Reply, answers
from tdisprove.explore.equivalence import Side, compare
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import ModelError
from tdisprove.model.world import ASPECTS, KNOBS
from tdisprove.properties.catalogue import PROPERTIES, aspect_of, find
from tdisprove.properties.questions import QUESTIONS, question
from tdisprove.reports.answers import answer_text, document, markdown, table


def test_there_are_83_in_order_and_each_is_answered_or_says_why_not() -> None:
    assert list(QUESTIONS) == [f"Q{n}" for n in range(1, 84)]
    for q in QUESTIONS.values():
        assert q.asks.endswith("?"), q.id
        assert q.raised_by, q.id
        assert q.decided or q.beyond, q.id
        if q.decided:
            assert q.yes and q.no, q.id


def test_questions_speak_of_properties_and_knobs_that_exist_and_that_matter_to_them() -> None:
    knobs = {k.name for k in KNOBS}
    for q in QUESTIONS.values():
        aspects = {aspect_of(find(p.property)) for p in q.probes} | {a.aspect for a in q.alike}
        read = {name for aspect in aspects for name in ASPECTS[aspect].knobs}
        for p in q.probes:
            assert p.property in PROPERTIES, q.id
            assert set(p.knobs) <= knobs
        assert not q.decided or set(q.turns_on) <= read, (q.id, set(q.turns_on) - read)


def test_an_answer_is_what_the_properties_say() -> None:
    (a,) = answers([question("q1")])
    for flow, found in a.flows.items():
        if "lifecycle" not in FLOWS[flow].aspects:
            assert found.reply is Reply.NOT_THERE
            continue
        (r,) = check(FLOWS[flow].system(), [find("run-only-after-accept")])
        expected = Reply.NO if r.verdict is Verdict.VIOLATED else Reply.VACUOUS if r.vacuous else Reply.YES
        assert found.reply is expected


def test_what_would_change_an_answer_does_change_it() -> None:
    (a,) = answers([question("Q1")], [FLOWS["sev-tio-guest-run"]])
    found = a.flows["sev-tio-guest-run"]
    assert found.reply is Reply.NO
    assert {(c.knob, c.value) for c in found.changes} >= {("host", "honest"), ("tsm_consent", True)}
    for c in found.changes:
        (r,) = check(FLOWS["sev-tio-guest-run"].system(changed={c.knob: c.value}), [find("run-only-after-accept")])
        assert r.verdict is Verdict.HOLDS


def test_an_answer_by_comparison_is_what_comparing_says() -> None:
    (a,) = answers([question("Q11")], [FLOWS["sev-tio-guest-run"], FLOWS["cove-io"], FLOWS["ide-only"]])
    assert [f.reply for f in a.flows.values()] == [Reply.NO, Reply.YES, Reply.VACUOUS]
    found = a.flows["sev-tio-guest-run"]
    assert {(c.knob, c.value) for c in found.changes if c.reply is Reply.YES} == {
        ("host", "honest"),
        ("epoch_bind", "tsm"),
        ("tsm_consent", True),
        ("accept_by", "validate"),
    }
    sides = Side.of("sev-tio-guest-run"), Side.of("sev-tio-host-run")
    systems = sides[0].system(), sides[1].system()
    shown = sides[0].alphabet(["effects"], systems[0]), sides[1].alphabet(["effects"], systems[1])
    assert compare(*systems, shown).verdicts == found.likenesses[0][1].comparison.verdicts
    text = str(answer_text(a))
    assert "DIFFERS" in text
    assert "seen of sev-tio-guest-run, never of sev-tio-host-run: DMA of tdi0 reaches tvm0, NOT accepted" in text
    assert "DMA of tdi0 reaches tvm0, NOT accepted" in markdown([a])
    (q,) = json.loads(json.dumps(document([a], "0")))["questions"]
    assert q["flows"]["sev-tio-guest-run"]["comparisons"][0]["verdict"] == "violated"


def test_what_a_flow_never_shows_is_no_yes_to_a_question_by_comparison() -> None:
    """Of ide-only nothing is seen of a contract, so it does not look as CoVE-IO does, and the question does not arise either."""
    (a,) = answers([question("Q83")], [FLOWS["ide-only"]], changes=False)
    (found,) = a.flows.values()
    assert found.reply is Reply.VACUOUS
    ((_, alike),) = found.likenesses
    assert alike.vacuous
    assert alike.verdict is alike.comparison.verdicts["traces"] is Verdict.VIOLATED
    assert "nothing is ever seen" in str(answer_text(a))


def test_answers_come_as_text_as_a_table_as_markdown_and_as_json() -> None:
    found = answers([question("Q1"), question("Q7")], changes=False)
    assert "tdi_bind_run(tdi0)" in str(answer_text(found[0]))
    assert [line[:2] for line in table(found).splitlines() if line.startswith("Q")] == ["Q1", "Q7"]
    assert "## Q7" in markdown(found)
    (first, _) = json.loads(json.dumps(document(found, "0")))["questions"]
    assert first["flows"]["cove-io"]["reply"] == "yes"
    assert first["flows"]["sev-tio-host-run"]["properties"][0]["trace"]


def test_every_row_of_the_pages_table_is_what_the_tool_says() -> None:
    page = (Path(__file__).parent.parent / "docs" / "questions.md").read_text(encoding="utf-8")
    text = markdown(answers(list(QUESTIONS.values()), changes=False))
    for line in text.splitlines():
        if line.startswith("| [Q"):
            assert line in page.splitlines()


@pytest.mark.parametrize("name", ["Q1", "Q4", "Q11", "Q13", "Q29", "Q44", "Q58", "Q64"])
def test_the_page_of_the_documentation_says_what_the_tool_says(name: str) -> None:
    page = (Path(__file__).parent.parent / "docs" / "questions.md").read_text(encoding="utf-8")
    text = markdown(answers([question(name)]))
    (row,) = [line for line in text.splitlines() if line.startswith(f"| [{name}]")]
    assert row in page.splitlines()
    section = text[text.index(f"## {name}\n") :].strip()
    assert section in page


def test_a_question_that_does_not_exist_is_refused_in_one_line() -> None:
    with pytest.raises(ModelError, match="there is no question 'Q99'"):
        question("Q99")
