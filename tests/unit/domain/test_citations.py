"""References to lines of observations, and the lines of snapshots that carry things on."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.references import (
    MOST_LINES,
    carried_in,
    cite,
    highest_position,
    hypothesis_line,
    lines_of,
    position_of,
    proposal_line,
    read_reference,
)
from domain.vocabulary import MAX_ID_LENGTH, checked_id

NUMBERS = st.lists(st.integers(0, 70_000), min_size=1, max_size=60) | st.sets(
    st.integers(0, 400), min_size=1, max_size=300
).map(list)
CITED = st.dictionaries(st.integers(0, 10**18 - 1), NUMBERS, max_size=5)
IDS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1).filter(
    lambda text: text.isprintable() and len(text) <= MAX_ID_LENGTH
)


@given(cited=CITED)
def test_what_was_cited_is_found_again(cited: dict[int, list[int]]) -> None:
    refs = cite(cited)
    assert lines_of(refs) == {position: sorted(set(n)) for position, n in cited.items()}
    assert highest_position(refs) == max(cited, default=0)


@given(cited=CITED)
def test_every_citation_is_a_valid_id(cited: dict[int, list[int]]) -> None:
    for ref in cite(cited):
        assert checked_id(ref, "ref") == ref


def test_runs_are_written_as_ranges() -> None:
    assert cite({12: [3, 1, 2, 7, 9, 8, 5, 5]}) == ("12#1-3,5,7-9",)


def test_many_lines_take_several_references_and_as_few_as_possible() -> None:
    refs = cite({1: list(range(0, 200, 2))})
    assert len(refs) == 3
    assert all(len(ref) > MAX_ID_LENGTH - 5 for ref in refs[:-1])


@pytest.mark.parametrize(
    "ref",
    [
        "", "#", "1#", "#1", "1#a", "1#-2", "1#1-", "1#1,", "1#,1", "1 #1", "1#1 ", "1#1\n",
        "x#1", "1##1", "1#1#1", "-1#1", "1#1--2", "\u0661#1", "1#\u0661", "1234567890123456789#1",
        "0190163d-8694-739b-aea5-966c26f8ad91",
    ],
)  # fmt: skip
def test_what_names_no_lines_is_passed_over(ref: str) -> None:
    assert lines_of([ref]) == {}


@pytest.mark.parametrize(
    ("ref", "position"),
    [
        ("7", 7), ("7#1", 7), ("0", 0), ("", None), ("#1", None), ("x7", None), ("-7", None),
        ("1" * 19, None), ("\u0661", None), ("12#x", None), ("7#", None), ("7#1-", None),
        ("0190163d-8694-739b-aea5-966c26f8ad91", None),
    ],
)  # fmt: skip
def test_the_position_is_told_from_an_event_id(ref: str, position: int | None) -> None:
    assert position_of(ref) == position


@pytest.mark.parametrize(
    ("text", "position", "spans"),
    [
        ("12", 12, ()),
        ("12#0", 12, ((0, 0),)),
        ("12#0,4,7-9", 12, ((0, 0), (4, 4), (7, 9))),
        ("12#", None, ()),
        ("12#a", None, ()),
        ("12#1-", None, ()),
        ("#1", None, ()),
        ("-1#1", None, ()),
        ("٣#1", None, ()),
        ("9" * 19, None, ()),
        ("01985d4e-0000-7000-8000-000000000000", None, ()),
    ],
)
def test_a_reference_is_taken_apart(
    text: str, position: int | None, spans: tuple[tuple[int, int], ...]
) -> None:
    read = read_reference(text)
    assert (read.position, tuple(read.spans)) == (position, spans)


@pytest.mark.parametrize(
    ("text", "good"),
    [("1#0", True), ("1#2", True), ("1#3", False), ("1#0-2", True), ("1#0-3", False),
     ("1#2-1", False), ("1#0,1,3", False), ("1#0-999999999", False)],
)  # fmt: skip
def test_lines_must_be_there(text: str, good: bool) -> None:
    assert (read_reference(text).fault(3) is None) == good


def test_lines_are_told_once_and_in_order() -> None:
    assert lines_of(["5#9,1-3", "5#2-4", "5#9", "6#3-1"]) == {5: [1, 2, 3, 4, 9], 6: []}


def test_references_to_absurdly_many_lines_cost_little() -> None:
    refs = [f"{n}#" + ",".join(["0-999999999"] * 10) for n in range(200)]
    began = time.process_time()
    found = lines_of(refs * 5)
    assert sum(map(len, found.values())) == MOST_LINES
    assert time.process_time() - began < 2


@given(ids=st.lists(IDS, unique=True, max_size=6), text=st.text(max_size=40))
def test_every_line_of_a_snapshot_names_what_it_carries_on(ids: list[str], text: str) -> None:
    proposals = [proposal_line(each, "created", text) for each in ids]
    hypotheses = [hypothesis_line(each, text) for each in ids]
    assert carried_in(proposals) == dict(zip(ids, proposals, strict=True))
    assert carried_in(hypotheses) == dict(zip(ids, hypotheses, strict=True))


@pytest.mark.parametrize("line", ["", "fact", "proposal", "hypothesis x", " proposal x [y]: z"])
def test_other_lines_carry_nothing_on(line: str) -> None:
    assert carried_in([line]) == {}
