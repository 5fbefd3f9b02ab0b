"""Personas, folded: given events, when a batch is folded, then so many rows change, and so."""

from datetime import timedelta
from typing import Any

from projections.personas import fold
from tests.unit.projections.given import MINUTE, NOON, History

Row = dict[str, Any]


def rows(history: History) -> list[list[Row]]:
    """The rows of each statement a batch is folded into."""
    return [[dict(row) for row in statement.rows] for statement in fold(history.recorded)]


def test_a_thousand_thoughts_of_two_personas_are_two_rows_of_one_statement() -> None:
    history = History()
    history.swarms |= {"a": "swarm", "b": "swarm"}
    for number in range(1_000):
        history.thought("a" if number % 4 else "b")
    [changed] = rows(history)
    assert {row["persona_id"]: row["thought_count"] for row in changed} == {"a": 750, "b": 250}


def test_of_what_was_used_only_the_last_minute_is_kept() -> None:
    history = History()
    history.swarms["a"] = "swarm"
    for seconds, tokens in ((0, 7), (59, 11), (60, 100), (61, 10)):
        history.thought("a", tokens, cpu_ms=tokens * 2, at=NOON + timedelta(seconds=seconds))
    [[row]] = rows(history)
    assert (row["minute"], row["tokens_minute"], row["cpu_ms_minute"]) == (MINUTE + 1, 110, 220)
    assert row["thought_count"] == 4


def test_a_thought_of_an_earlier_minute_counts_but_its_usage_is_not_of_the_window() -> None:
    history = History()
    history.swarms["a"] = "swarm"
    late, early = NOON + timedelta(minutes=2), NOON
    history.thought("a", 5, at=late).thought("a", 50, at=early)
    [[row]] = rows(history)
    assert (row["minute"], row["tokens_minute"], row["thought_count"]) == (MINUTE + 2, 5, 2)
    assert row["last_thought_at"] == row["updated_at"] == late


def test_of_pauses_and_resumptions_the_last_one_counts() -> None:
    history = History().spawned("a").spawned("b")
    history.paused("a").resumed("a").paused("b", "manual").resumed("b").paused("b", "overspent")
    _, standing = rows(history)
    assert {row["persona_id"]: row["paused_reason"] for row in standing} == {
        "a": None,
        "b": "overspent",
    }


def test_a_reaped_persona_is_not_paused_any_more() -> None:
    _, [standing], [reaped] = rows(History().spawned("a").paused("a").reaped("a", "quota"))
    assert standing["paused_reason"] is None
    assert (reaped["reaped_reason"], reaped["final_snapshot_id"]) == ("quota", "a-final")


def test_a_clock_that_went_back_does_not_take_the_last_change_back() -> None:
    late, early = NOON + timedelta(minutes=2), NOON
    history = History(late).spawned("a").paused("a")
    history.now = early
    _, [standing] = rows(history.resumed("a"))
    assert standing["updated_at"] == late + timedelta(seconds=1)


def test_thoughts_are_counted_by_the_minute_and_the_one_before() -> None:
    history = History()
    history.swarms["a"] = "swarm"
    for minute, phase in ((0, "observe"), (2, "observe"), (2, "reflect"), (3, "test"), (2, "x")):
        history.thought("a", at=NOON + timedelta(minutes=minute), phase=phase)
    [[row]] = rows(history)
    assert (row["minute"], row["thoughts_minute"], row["thoughts_before"]) == (MINUTE + 3, 1, 3)
    assert row["phase"] == "x"  # the last one that was stored
