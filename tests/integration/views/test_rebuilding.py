"""Views are a function of the events: however they are cut into batches, and however often."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events.cognition import ContextRef
from projections import VIEWS
from projections.view import View
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.conftest import OpenViews
from tests.integration.views.writing import execute, positions, tables, write
from tests.unit.projections.given import History

WHO = ["a", "b", "c"]
STEPS: list[Callable[[History, str, int], Any]] = [
    *[lambda h, who, n: h.thought(who, n + 1, n)] * 4,
    lambda h, who, _: h.paused(who),
    lambda h, who, _: h.resumed(who),
    lambda h, who, _: h.supposed(who).checked(who),
    lambda h, who, n: h.supposed(who, f"b{n}", f"h{n}", contradicts=("b", f"b{n - 1}")),
    lambda h, who, n: h.checked(who, ["passed", "failed", "inconclusive"][n % 3], f"h{n}"),
    lambda h, who, n: h.claimed(who, f"t{n}", n * 30),
    lambda h, who, n: h.released(who, f"t{n}"),
    lambda h, who, _: h.distilled(who),
    lambda h, who, n: h.thought(who, content=f"seen {n}", impact=n / 5, context_refs=before(h)),
    lambda h, who, n: h.supposed(who, hypothesis=f"h{n}", evidence_refs=(last(h),)),
    lambda h, who, n: h.requested(who, f"h{n}", causation_id=last(h)).checked(who),
    lambda h, who, n: h.observed(f"{n % 2}.log", n + 1, n, swarm=h.swarms[who], segment=n % 3),
    lambda h, who, n: h if known(h, f"p{n}") else h.proposed(f"p{n}", who),
    lambda h, who, n: h.voted(f"p{n}", who, "approve") if known(h, f"p{n}") else h,
    lambda h, _, n: h.verified(f"p{n}") if known(h, f"p{n}") else h,
    lambda h, _, n: h.decided(f"p{n}", "allow") if known(h, f"p{n}") else h,
    lambda h, _, n: h.started(f"p{n}").executed(f"p{n}") if known(h, f"p{n}") else h,
    lambda h, who, n: failing(h, f"q{len(h.recorded)}", who, n),
    lambda h, who, n: h if known(h, f"{who}{n}") else h.spawned(f"{who}{n}", parent=who),
    lambda h, who, _: h.reaped(who),
]


def failing(history: History, what: str, who: str, number: int) -> History:
    """Propose what is out of time, or fails, until it succeeds after all."""
    history.proposed(what, who)
    if number == 0:
        return history.rejected(what, "deadline")
    history.executed(what, "unknown")
    return history.executed(what, "success") if number == 1 else history


def last(history: History) -> str:
    return history.recorded[-1].event.event_id


def before(history: History) -> tuple[ContextRef, ...]:
    return tuple(ContextRef(ref=str(r.position), tier="hot") for r in history.recorded[-3:])


def known(history: History, what: str) -> bool:
    return what in history.swarms


happenings = st.tuples(
    st.sampled_from(STEPS), st.sampled_from(WHO), st.integers(0, 3), st.integers(-90, 90)
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Histories of three personas in two swarms, in almost any order, whose clocks jump."""
    history = History().spawned("a", "one").spawned("b", "two").spawned("c", "two")
    for step, who, number, seconds in draw(st.lists(happenings, min_size=20, max_size=60)):
        history.now += seconds * (history.now - history.recorded[-1].event.occurred_at)
        step(history, who, number)
    return history


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    history=histories(),
    steps=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9)), min_size=1, max_size=4),
    anew=st.integers(9, 100),
    beside=st.sampled_from(VIEWS),
)
def test_views_built_in_steps_equal_those_built_anew(
    open_views: OpenViews,
    store: Recorder,
    database: str,
    history: History,
    steps: list[tuple[int, int]],
    anew: int,
    beside: View,
) -> None:
    open_views().close()
    execute(database, "truncate events, view_progress")
    written = 0
    for count, batch_events in steps:
        write(store, history, written, written + count)
        build(open_views, batch_events)
        written += count
    write(store, history, written)
    build(open_views, steps[0][1])
    in_steps = tables(database)

    views = open_views(batch_events=anew)
    views.rebuild(beside.name)
    views.close()
    assert tables(database) == in_steps
    assert set(positions(database).values()) == {len(history.recorded)}

    execute(database, "truncate view_progress")
    build(open_views, anew)

    assert tables(database) == in_steps
    assert set(positions(database).values()) == {len(history.recorded)}


def build(open_views: OpenViews, batch_events: int) -> None:
    views = open_views(batch_events=batch_events)
    views.catch_up()
    assert not views.problems()
    views.close()


def test_all_that_is_deleted_comes_back_equal(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    views = open_views()
    write(store, some_of_everything())
    views.catch_up()
    before = tables(database)
    views.close()
    execute(database, "drop table view_progress, " + ", ".join(view.table for view in VIEWS))

    open_views().catch_up()

    assert tables(database) == before


def test_a_view_whose_table_is_gone_is_built_again_at_the_next_start(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    views = open_views()
    write(store, some_of_everything())
    views.catch_up()
    before = tables(database)
    views.close()
    execute(database, "drop table view_totals")

    open_views().catch_up()

    assert tables(database) == before


def test_a_view_no_one_knows_is_not_rebuilt(views: Views) -> None:
    with pytest.raises(KeyError, match="nonsense"):
        views.rebuild("nonsense")


def test_views_that_stand_at_different_places_are_all_brought_to_the_head(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, some_of_everything())
    for number, view in enumerate(VIEWS):
        alone = open_views(views=[view], batch_events=1 + number)
        alone.catch_up()
        write(store, History().spawned(f"new-{number}"))
    views = open_views(batch_events=2)
    head = views.catch_up()
    in_steps = tables(database)

    assert set(positions(database).values()) == {head}
    for view in VIEWS:
        views.rebuild(view.name)
    assert tables(database) == in_steps


def some_of_everything() -> History:
    history = History().spawned("a").spawned("b", parent="a", depth=1).thought("a").distilled("b")
    history.observed("x.log", 5, 50).proposed("p", "a").verified("p").voted("p", "b", "approve")
    history.paused("a").reaped("b").supposed("a").checked("a", "failed")
    return history.claimed("a").proposed("q", "a").executed("q", "failure")
