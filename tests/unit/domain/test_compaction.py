"""The rules of compaction: what repeats what, and when a memory is let go."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.compaction import (
    FLOOR,
    HALF_LIFE,
    check_value,
    expires_at,
    fingerprint,
    masked,
    proposal_value,
    thought_value,
)
from domain.vocabulary import CHECK_OUTCOMES, RISKS

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
shares = st.floats(0, 1)


@given(value=shares)
def test_what_is_worth_twice_as_much_stays_a_half_life_longer(value: float) -> None:
    if value / 2 > 0.01:
        longer = expires_at(value, NOON) - expires_at(value / 2, NOON)
        assert abs(longer - HALF_LIFE) < timedelta(milliseconds=1)


@given(one=shares, other=shares)
def test_what_is_worth_less_is_never_let_go_later(one: float, other: float) -> None:
    assert expires_at(min(one, other), NOON) <= expires_at(max(one, other), NOON)


def test_a_memory_below_the_floor_is_let_go_at_once() -> None:
    assert expires_at(FLOOR, NOON) == NOON
    assert expires_at(FLOOR * 0.99, NOON) < NOON
    assert expires_at(0, NOON) < NOON


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Read 1,520 lines.", "read 7   LINES."),
        ("it failed at 12:00:01 from 10.0.0.1", "it failed at 13:59:59 from 10.0.0.2"),
        ("check 0190163d-8694-739b-aea5-00000000001", "check 0190163d-8694-739b-aea5-0000000000f"),
    ],
)  # fmt: skip
def test_thoughts_that_differ_in_numbers_case_and_spaces_repeat_each_other(
    one: str, other: str
) -> None:
    assert fingerprint("a", one) == fingerprint("a", other)


@pytest.mark.parametrize(
    ("one", "other"), [("root failed", "guest failed"), ("7 failed", "7 passed"), ("", "a")]
)
def test_thoughts_that_differ_in_words_do_not(one: str, other: str) -> None:
    assert fingerprint("a", one) != fingerprint("a", other)


def test_nobody_repeats_another() -> None:
    assert fingerprint("a", "same") != fingerprint("b", "same")


@given(text=st.text())
def test_a_fingerprint_is_a_bigint_and_masking_is_done_once(text: str) -> None:
    assert 0 <= fingerprint("a", text) < 2**63
    assert masked(masked(text)) == masked(text)


def test_every_value_is_a_share() -> None:
    values = [check_value(each) for each in (*CHECK_OUTCOMES, "unheard of")]
    values += [proposal_value(each) for each in (*RISKS, "unheard of")]
    assert all(0 < value <= 1 for value in values)
    assert (thought_value(0.7, None), thought_value(0.7, "timeout")) == (0.7, 0.0)
