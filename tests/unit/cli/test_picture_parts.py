"""Lines are shared out, words kept, rates measured."""

import logging
from contextlib import redirect_stderr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.logs import log_lines
from services.cli.picture.shares import shares
from services.cli.picture.words import MOST, Words
from services.picture.meter import Meter


@pytest.mark.parametrize(
    ("height", "wanted", "given_out"),
    [
        (10, [5, 5], [5, 5]),
        (10, [50, 50], [5, 5]),
        (10, [2, 50], [2, 8]),
        (3, [50, 50], [3, 0]),
        (1, [50, 50], [0, 0]),
        (9, [0, 50], [0, 9]),
        (-3, [5, 5], [0, 0]),
    ],
)
def test_lines_are_shared_out(height: int, wanted: list[int], given_out: list[int]) -> None:
    assert shares(height, wanted, [2, 2]) == given_out


@given(st.integers(0, 99), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), max_size=6))
def test_no_line_is_shared_twice_and_none_is_left_over(
    height: int, parts: list[tuple[int, int]]
) -> None:
    wanted, least = [each[0] for each in parts], [each[1] for each in parts]
    found = shares(height, wanted, least)
    assert sum(found) <= height
    assert all(got <= wants for got, wants in zip(found, wanted, strict=True))
    got_any = [n for n, got in enumerate(found) if got]
    assert sum(found) == height or all(found[n] == wanted[n] for n in got_any)


def test_whatever_is_printed_is_a_word_a_line() -> None:
    words = Words()
    print("half a ", end="", file=words)
    print("line\n\nanother", file=words)
    assert [each.line for each in words.newest] == ["half a line", "another"]
    for number in range(2 * MOST):
        words.say(f"sentence {number}")
    assert len(words.newest) == MOST
    assert words.newest[-1].line == f"sentence {2 * MOST - 1}"
    assert words.count == 2 * MOST + 2


def test_a_warning_of_the_log_is_a_word_meanwhile() -> None:
    words, before = Words(), logging.getLogger().handlers[:]
    try:
        log_lines()
        with redirect_stderr(words):
            logging.getLogger("x").warning("the store is away", extra={"why": "no\nroute"})
    finally:
        logging.getLogger().handlers[:] = before
    [word] = words.newest
    assert (word.word, word.line) == ("warning", "the store is away why=no route")


def test_a_rate_is_that_of_the_last_seconds() -> None:
    now = [0.0]
    meter = Meter(lambda: now[0])
    assert meter.per_second("a", 100) is None
    now[0] = 0.1
    assert meter.per_second("a", 110) is None  # too soon to tell
    now[0] = 2.0
    assert meter.per_second("a", 300) == 100
    assert meter.per_second("b", 7) is None
    for second in range(3, 40):
        now[0] = float(second)
        rate = meter.per_second("a", 300)
    assert rate == 0
    now[0] = 41.0
    assert meter.per_second("a", 0) == 0  # what was counted anew does not run backwards
