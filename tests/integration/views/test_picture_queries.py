"""What a picture asks of the views: rates over the last minute, whatever came in what batches."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.asking import asked_source
from projections import picture
from projections.picture import Busiest
from projections.privacy import EVERYTHING, PUBLIC
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.writing import write
from tests.unit.projections.given import NOON, History

OpenViews = Callable[..., Views]
START = NOON.replace(second=0, microsecond=0)


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def busiest(views: Views, seconds: float, limit: int = 10) -> Busiest:
    return views.ask(lambda cursor: picture.busiest(cursor, START + at(seconds), limit))


def thinking() -> History:
    """`a` thinks 60 times in the first minute, 30 in the second, and once late, of the first."""
    history = History(START).spawned("a")
    for second in range(60):
        history.thought("a", at=START + at(second))
    for second in range(60, 120, 2):
        history.thought("a", at=START + at(second), phase="reflect")
    return history.thought("a", at=START + at(59), phase="compress")


@pytest.mark.parametrize("batch_events", [1, 7, 2_000])
def test_a_rate_is_that_of_the_last_sixty_seconds_in_any_batches(
    batch_events: int, store: Recorder, open_views: OpenViews
) -> None:
    write(store, thinking())
    views = open_views(batch_events=batch_events)
    views.catch_up()
    rates = [busiest(views, now).thoughts_per_minute for now in (60, 90, 120, 150, 180, 240)]
    assert rates == pytest.approx([91, 60.5, 30, 15, 0, 0])
    [shown] = busiest(views, 120).shown
    assert (shown.phase, shown.thought_count) == ("compress", 91)


def test_the_busiest_are_few_and_bring_all_they_descend_from(
    store: Recorder, open_views: OpenViews
) -> None:
    history = History(START).spawned("root").spawned("ended", parent="root", depth=1)
    history.spawned("deep", parent="ended", depth=2).spawned("b").spawned("c").paused("b")
    for who, times in (("deep", 9), ("b", 5), ("c", 3)):
        for _ in range(times):
            history.thought(who)
    write(store, history.reaped("ended"))
    views = open_views()
    views.catch_up()
    found = busiest(views, 59, limit=1)
    assert [each.lineage.persona_id for each in found.shown] == ["root", "ended", "deep"]
    assert [each.lineage.status for each in found.shown] == ["active", "reaped", "active"]
    assert found.live == 4
    names = [each.lineage.persona_id for each in busiest(views, 59).shown]
    assert names == ["b", "c", "root", "ended", "deep"]
    assert busiest(open_views(), 9 * 60).thoughts_per_minute == 0


def test_nobody_at_all_is_no_error(open_views: OpenViews) -> None:
    views = open_views()
    assert busiest(views, 0) == Busiest(0, 0.0, ())
    assert views.ask(lambda cursor: picture.due(cursor, 5)) == (0, [])
    assert views.ask(lambda cursor: picture.supposed(cursor, 5), EVERYTHING) == []
    assert views.ask(lambda cursor: picture.sources_read(cursor, 5)) == []


def test_questions_are_no_inputs(store: Recorder, open_views: OpenViews) -> None:
    write(store, History(START).observed("ask.log", 3, 30).observed(asked_source("a"), 1, 5))
    views = open_views()
    views.catch_up()
    [read] = views.ask(lambda cursor: picture.sources_read(cursor, 5))
    assert read.source == "ask.log"


def test_the_newest_hypotheses_are_found_with_the_check_of_their_own_persona_first(
    store: Recorder, open_views: OpenViews
) -> None:
    history = History(START).spawned("a").spawned("b")
    history.supposed("a", "old", "h1", claim="old").supposed("a", "new", "h2", claim="new")
    history.checked("a", hypothesis="h2", outcome="failed").checked("b", hypothesis="h2")
    write(store, history)
    views = open_views()
    views.catch_up()
    found = views.ask(lambda cursor: picture.supposed(cursor, 5), EVERYTHING)
    assert [(each.word.claim, each.check and each.check.outcome) for each in found] == [
        ("new", "failed"), ("old", None),
    ]  # fmt: skip
    newest = views.ask(lambda cursor: picture.supposed(cursor, 1), EVERYTHING)
    assert [each.word.claim for each in newest] == ["new"]
    assert views.ask(lambda cursor: picture.supposed(cursor, 5), PUBLIC) == []


def test_what_waits_is_counted_and_told_oldest_first(
    store: Recorder, open_views: OpenViews
) -> None:
    history = History(START).spawned("a")
    for name in "pqr":
        history.proposed(name, "a").verified(name).decided(name, "require_approval")
    write(store, history.approved("q"))
    views = open_views()
    views.catch_up()
    count, due = views.ask(lambda cursor: picture.due(cursor, 1))
    assert (count, [each.proposal_id for each in due]) == (2, ["p"])
