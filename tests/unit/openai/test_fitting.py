"""What is shown of a request: never more than there is room for, and the important of it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.thinking import Malformed, Memory, ObservedLine, OpenHypothesis, ThinkRequest
from services.cognition.openai.escaping import encoded
from services.cognition.openai.shown import MOST_LABELS
from tests.unit.openai.asking import (
    FRAME,
    asked,
    asked_about,
    data_of,
    hypothesis,
    line,
    memory,
    sent,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.sampled_from(
    ["\u200b" * 300, '"\\' * 200, "\U000e0041" * 100, "\x00" * 300, "plain words " * 30]
)
LINES = st.lists(
    st.builds(
        ObservedLine,
        st.sampled_from(["a", "/var/log/" + "x" * 900, "\x1b" * 60, *"bcdefghijk"]),
        st.integers(1, 10**15),
        st.integers(0, 9_999),
        TEXT,
    ),
    max_size=60,
    unique_by=lambda each: (each.position, each.number),
)
MEMORIES = st.lists(
    st.builds(
        Memory,
        st.integers(1, 10**15).map(str),
        st.sampled_from(["hot", "warm", "cold"]),
        TEXT,
        st.none(),
        st.lists(TEXT, max_size=2).map(tuple),
    ),
    max_size=12,
    unique_by=lambda each: each.ref,
)
HYPOTHESES = st.lists(
    st.builds(
        OpenHypothesis,
        st.text(min_size=1, max_size=9),
        st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=128),
        TEXT,
        st.floats(0, 1),
        st.lists(st.sampled_from(["7#0-9", "12", "7#3,5"]), max_size=3).map(tuple),
    ),
    max_size=8,
)
REQUESTS = st.builds(
    asked,
    st.sampled_from(["observe", "reflect", "test", "compress"]),
    charter=TEXT | TEXT.map(lambda text: text * 40),
    room=st.integers(0, 40_000),
    tools=st.sampled_from([(), ("notify",), ("notify", "file.append")]),
    parent_id=st.sampled_from([None, "q"]),
    lines=LINES,
    memories=MEMORIES,
    hypotheses=HYPOTHESES,
    known=st.sets(TEXT, max_size=9),
)


@given(REQUESTS, LINES, MEMORIES)
def test_a_prompt_has_never_more_bytes_than_it_may(
    request: ThinkRequest, lines: list[ObservedLine], memories: list[Memory]
) -> None:
    fitted = FRAME.fit(request, lines, memories)

    if request.room_bytes >= FRAME.least_bytes(request):
        assert sent(fitted).size_bytes <= request.room_bytes
        again = replace(fitted, repair=Malformed("\x00" * 5_000, '"' * 5_000))
        assert sent(again).size_bytes <= request.room_bytes
        assert fitted.hypotheses or not request.hypotheses or request.phase != "test"
        if request.phase == "observe":
            assert fitted.memories or not request.memories
    if request.phase == "observe" and request.lines:
        last, shown = request.lines[-1], fitted.lines[-1]
        assert (last.position, last.number) == (shown.position, shown.number)


@given(REQUESTS)
def test_what_fits_is_left_as_it_is_when_fitted_again(request: ThinkRequest) -> None:
    fitted = FRAME.fit(request, (), ())

    assert FRAME.least_bytes(fitted) == FRAME.least_bytes(request)
    assert set(data_of(sent(fitted)).get("known", ())) <= set(request.known)


def test_where_all_has_room_all_is_shown() -> None:
    lines = [line(n, f"line {n}") for n in range(20)]
    memories = [memory(str(n)) for n in range(9)]
    for phase in ("observe", "reflect"):
        fitted = FRAME.fit(asked(phase, lines=lines, memories=memories), (), ())
        assert (fitted.lines, fitted.memories) == (lines, memories)


def test_a_charter_takes_at_most_half_of_the_room_and_is_cut_between_code_points() -> None:
    request = asked(charter="\N{GRINNING FACE}" * 9_000, room=9_000)

    charter = FRAME.fit(request, (), ()).identity.charter

    assert charter == "\N{GRINNING FACE}" * len(charter)
    assert 4_000 < len(encoded(charter).encode()) <= 4_500


def test_memories_are_shown_whole_or_not_at_all_the_newest_first() -> None:
    memories = [memory(str(n), "x" * 400) for n in range(40)]
    for room in range(6_000, 16_000, 500):
        shown = FRAME.fit(asked("reflect", memories=memories, room=room), (), ()).memories
        assert shown == memories[len(memories) - len(shown) :]
    assert 0 < len(shown) < 40


def test_what_an_ended_child_leaves_is_cut_rather_than_never_taken_in() -> None:
    left = Memory("21", "cold", "x" * 50_000, facts=("y" * 50_000,) * 9)

    (shown,) = FRAME.fit(asked(lines=[line()], memories=[left]), (), ()).memories

    assert shown.ref == "21"
    assert shown.text.lstrip("x") == "\N{HORIZONTAL ELLIPSIS}"
    assert (len(shown.text) > 1_000, shown.facts) == (True, ())


def test_a_claim_too_long_for_the_prompt_is_cut_and_tested() -> None:
    long = replace(hypothesis("H"), claim="x" * 50_000)

    (shown,) = FRAME.fit(asked("test", lines=[line()], hypotheses=[long]), (), ()).hypotheses

    assert shown.hypothesis_id == "H"
    assert 1_000 < len(shown.claim) < 10_000


def test_a_memory_too_long_for_the_prompt_makes_no_other_go() -> None:
    memories = [memory("1", "short"), memory("2", "x" * 50_000)]

    assert FRAME.fit(asked("reflect", memories=memories), (), ()).memories == memories[:1]


def test_a_reflection_shows_lines_that_were_read_before_and_an_observation_does_not() -> None:
    before = [line(1, "read before")]

    for request, shown in [
        (asked("reflect"), before),
        (asked_about(), before),
        (asked("compress"), before),
        (asked("observe", lines=[line(2)]), [line(2)]),
        (asked("test", lines=[line(2)]), [line(2)]),
    ]:
        assert FRAME.fit(request, before, ()).lines == shown


def test_a_test_shows_the_memories_that_hypotheses_rest_on() -> None:
    kept = [memory("21"), memory("22")]
    request = asked("test", hypotheses=[hypothesis("H", ["22", "7#0"])], lines=[line(0)])

    fitted = FRAME.fit(request, (), kept)

    assert fitted.memories == kept[1:]
    assert data_of(sent(fitted))["hypotheses"][0]["evidence"] == ["e2", "e1"]


def test_what_is_known_is_told_where_it_may_be_said_anew_and_kept_where_it_is_judged() -> None:
    keys = {"a-key", "another"}

    reflecting = FRAME.fit(asked("reflect", known=keys), (), ())
    testing = FRAME.fit(asked("test", known=keys), (), ())

    assert data_of(sent(reflecting))["known"] == ["a-key", "another"]
    assert "known" not in data_of(sent(testing))
    assert set(testing.known) == keys


def test_no_more_is_labelled_than_a_schema_takes() -> None:
    lines = [line(n, f"word{chr(97 + n % 26)}{n}") for n in range(3_000)]

    fitted = FRAME.fit(asked(lines=lines, room=1_000_000, memories=[memory()]), (), ())

    assert len(fitted.lines) + len(fitted.memories) <= MOST_LABELS


@pytest.mark.parametrize("room", [0, 1, 500, 2_000])
def test_too_little_room_for_a_prompt_is_told_by_what_it_needs(room: int) -> None:
    request = asked(lines=[line(0), line(1)], room=room)

    assert FRAME.fit(request, (), ()).lines == [line(1)]
    assert FRAME.least_bytes(request) > room


def test_a_question_is_shown_whole_however_long() -> None:
    text = "why? " * 1_000
    request = asked_about(text, memories=[memory()])

    assert data_of(sent(FRAME.fit(request, (), ())))["question"]["text"] == text
    assert FRAME.least_bytes(request) > len(text)


def test_a_long_line_is_cut_and_says_so() -> None:
    lines = [line(0, "x" * 60_000), line(1)]

    first, last = FRAME.fit(asked(lines=lines), (), ()).lines

    assert first.text.lstrip("x") == "\N{HORIZONTAL ELLIPSIS}"
    assert last.text == line(1).text


def test_sources_beyond_the_room_have_no_name_but_their_lines_are_shown() -> None:
    lines = [line(n, "up", source=f"/var/log/{n:03}/" + "x" * 80) for n in range(200)]

    fitted = FRAME.fit(asked(lines=lines, room=6_000), (), ())

    assert len(fitted.lines) > 1
    assert len(json.dumps(data_of(sent(fitted))["sources"])) < 1_500
