"""Totals and sources, folded: sums that don't depend on how the events are cut into batches."""

from collections import Counter

from projections import sources, totals
from tests.unit.projections.given import History


def test_the_totals_of_each_swarm_are_one_row() -> None:
    history = History().spawned("a", "one").spawned("b", "two").reaped("b")
    history.thought("a", 10, 5).thought("a", 20, 6).observed("x.log", 4, 40, swarm="one")
    [statement] = totals.fold(history.recorded)
    one, two = (Counter(row) for row in statement.rows)
    assert (one["spawned"], one["live"], one["thoughts"], one["tokens_used"]) == (1, 1, 2, 30)
    assert (one["cpu_ms_used"], one["observations"], one["events"]) == (11, 4, 4)
    assert (two["spawned"], two["reaped"], two["live"], two["events"]) == (1, 1, 0, 2)


def test_checks_are_counted_by_how_they_ended() -> None:
    history = History().spawned("a")
    for outcome in ("passed", "failed", "failed", "inconclusive"):
        history.checked("a", outcome)
    [statement] = totals.fold(history.recorded)
    row = statement.rows[0]
    counts = [row[f"checks_{outcome}"] for outcome in ("passed", "failed", "inconclusive")]
    assert counts == [1, 2, 1]


def test_a_line_cut_over_two_batches_counts_once() -> None:
    history = History().observed("x.log", 3, 100).observed("x.log", 1, 200, continues=True)
    [statement] = totals.fold(history.recorded)
    assert statement.rows[0]["observations"] == 3
    [statement] = sources.fold(history.recorded)
    assert statement.rows[0]["lines"] == 3


def test_a_source_stands_where_its_last_batch_ended() -> None:
    history = History().observed("x.log", 3, 100).observed("y", 1, 5)
    history.observed("x.log", 2, 150, segment=1)
    [statement] = sources.fold(history.recorded)
    x, y = statement.rows
    assert (x["lines"], x["consumed"], x["last_position"], x["segments"]) == (5, 150, 3, 2)
    assert (y["lines"], y["consumed"], y["last_position"], y["segments"]) == (1, 5, 2, 1)


def test_what_was_dropped_of_a_source_is_counted_and_is_done_with() -> None:
    history = History().observed("x.log", 3, 100).dropped("x.log", 7, 170).dropped("x.log", 2, 190)
    history.dropped("x.log", 0, 190, reason="gone")
    [statement] = sources.fold(history.recorded)
    [row] = statement.rows
    assert (row["lines"], row["consumed"], row["last_position"]) == (3, 190, 1)
    assert (row["dropped_lines"], row["dropped_bytes"], row["lost_files"]) == (9, 90, 1)
