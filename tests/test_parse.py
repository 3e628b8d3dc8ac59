"""Terms are read back as they are printed, and every other text is refused with its column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tdisprove.model.language import BOOL, TRUE, ModelError, Rule, Scope, Term, const, forall, ite, neg, parse
from tdisprove.model.world import ASPECTS
from tdisprove.model.world.lifecycle.state import Gate, Guest, Stream, Tdi, Tsm
from tdisprove.model.world.vocabulary import STATE, d, device_of, t, u, v, w

ALL = (d, t, u, v, w)
LIFECYCLE = ASPECTS["lifecycle"].model


def terms(r: Rule) -> list[Term]:
    values = [x.value for x in r.updates if x.value.sort == BOOL and not x.each]
    return [r.when, *(c.term for c in r.checks), *values]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_condition_of_the_world_can_be_read_back_as_it_is_printed(aspect: str) -> None:
    model = ASPECTS[aspect].model
    read = 0
    for r in model.rules:
        scope = model.scope(r.event)
        for term in terms(r):
            assert parse(str(term), scope) is term, f"{r.machine}.{r.name}: {term}"
            read += 1
    assert read > 50


def scope(*params: Term) -> Scope:
    return Scope(LIFECYCLE.families, params, ALL, (device_of,))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("tdi.state = RUN", Tdi.state[t] == "RUN"),
        ("tdi.state == RUN", Tdi.state[t] == "RUN"),
        ("RUN = tdi.state", Tdi.state[t] == "RUN"),
        ("tdi.state != RUN", neg(Tdi.state[t] == "RUN")),
        ("not tdi.state[t] = RUN", neg(Tdi.state[t] == "RUN")),
        ("tdi.state in {RUN, CONFIG_LOCKED}", Tdi.state[t].in_("RUN", "CONFIG_LOCKED")),
        ("tsm.bound = v", Tsm.bound[t] == v),
        ("tsm.bound[t] = tvm0", Tsm.bound[t] == "tvm0"),
        ("tsm.bound[tdi0] = none", Tsm.bound["tdi0"] == "none"),
        # tsm is a value of this sort and a knob as well: the value is meant.
        ("stream.key_session[device_of(t)] = tsm", Stream.key_session[device_of(t)] == "tsm"),
        ("for all w: tsm.bound[t] != w", forall(w, Tsm.bound[t] != w)),
        # The sort of these values comes from what they are compared with, or they are values of one sort only.
        ("(if tdi.nonce then RUN else ERROR) = tdi.state", ite(Tdi.nonce[t], const("RUN", STATE), "ERROR") == Tdi.state[t]),
        ("(if tdi.nonce then RUN else ERROR) in {RUN}", ite(Tdi.nonce[t], const("RUN", STATE), "ERROR") == "RUN"),
        ("guest.verified and not guest.verified[v, t] or true", TRUE),
        ("tdi.nonce -> gate.dma = v -> tdi.nonce", Tdi.nonce[t].implies((Gate.dma[t] == v).implies(Tdi.nonce[t]))),
        ("(guest.verified)", Guest.verified[v, t]),
    ],
)
def test_short_forms(text: str, means: Term) -> None:
    assert parse(text, scope(t, v)) is means


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "column 1: the text ends where a condition is expected"),
        ("tdi.state = ", "column 13: the text ends"),
        ("a", "column 1: there is no variable or parameter 'a'; a variable is written machine.name, such as "),
        ("tdi.state = if tdi.nonce then RUN else ERROR", "column 13: `if` stands where a variable or a value is expected"),
        ("(if tdi.nonce then none else ERROR) = 3", "column 20: 'none' is no value of 3..3"),
        ("none = current", "column 1: there is no variable or parameter 'none'"),
        ("tdi.stat = RUN", "column 1: there is no variable or parameter 'tdi.stat'; did you mean tdi.state"),
        ("tdi.state = RUM", "column 13: 'RUM' is no value of TdiState; did you mean RUN"),
        ("tdi.state", "column 10: `tdi.state[t]` is of sort TdiState, not a truth value: compare it with ="),
        ("tdi.nonce tdi.nonce", "column 11: `tdi.nonce` is left over: join two conditions"),
        ("(tdi.nonce", "column 11: `)` is missing"),
        ("tdi.nonce and", "column 14: the text ends"),
        ("tdi.nonce & true", "column 11: `&` has no meaning"),
        (
            "stream.state = SECURE",
            "column 1: which device is meant by stream.state? There is none here: write stream.state[d]",
        ),
        ("for every t: true", "column 5: write `for all x: …` or `for some x: …`"),
        ("for all x: true", "column 9: there is nothing called 'x' to range over"),
        ("tdi.state[w] = RUN", "column 1: "),
        ("tdi.state < RUN", "column 1: "),
        ("tsm.bound = nobody", "column 13: 'nobody' is no tvm: write tvm0, tvm1, … or none, or a parameter: t, v"),
        ("tdi.state in RUN", "column 14: `{` is missing after `in`, before `RUN`"),
        ("tdi.nonce = and", "column 13: `and` stands where a variable or a value is expected"),
        ("(" * 60 + "true" + ")" * 60, "too deeply nested"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line_with_its_column(text: str, words: str) -> None:
    with pytest.raises(ModelError) as e:
        parse(text, scope(t, v))
    assert words in str(e.value)
    assert "\n" not in str(e.value)


_WORDS = st.sampled_from(
    [
        "tdi.state",
        "tdi.nonce",
        "tsm.bound",
        "guest.accepted",
        "p2p",
        "host",
        "t",
        "v",
        "w",
        "RUN",
        "none",
        "tvm0",
        "current",
        "and",
        "or",
        "not",
        "in",
        "if",
        "then",
        "else",
        "for",
        "all",
        "some",
        "->",
        "=",
        "!=",
        "<",
        "<=",
        "+",
        "-",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "0",
        "1",
        "7",
        "device_of",
        "true",
        "∈",
        "é",
        "$",
        ".",
    ]
)


@given(st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        term = parse(text, scope(t, v))
    except ModelError as e:
        assert ", column " in str(e)
    else:
        assert term.sort == BOOL
        assert parse(str(term), scope(t, v)) is term
