"""What every view keeps to."""

from collections import Counter

import pytest

from domain.events import EVENT_CLASSES
from projections import VIEWS
from projections.view import Growing, View
from tests.unit.projections.given import History

every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


def one_of_each() -> History:
    history = History().spawned("root").spawned("child", parent="root", depth=1)
    history.thought("root").supposed("root").checked("root").distilled("root")
    history.observed("a.log", 3, 30).dropped("a.log", 2, 50).paused("root").resumed("root")
    history.proposed("p", "root").verified("p").voted("p", "child", "approve")
    history.decided("p", "allow").approved("p").started("p").executed("p")
    history.requested("root").checked("root", "failed")
    history.claimed("root").claimed("child", "u").released("child", "u")
    return history.proposed("q", "child").rejected("q").reaped("child")


def test_names_and_tables_are_used_once() -> None:
    counted = Counter([view.name for view in VIEWS] + [view.table for view in VIEWS])
    assert set(counted.values()) == {1}


@every_view
def test_a_view_reads_only_topics_that_exist(view: View) -> None:
    assert view.topics
    assert view.topics <= EVENT_CLASSES.keys()


@every_view
def test_a_view_makes_its_own_table(view: View) -> None:
    assert f"create table {view.table} (" in view.ddl


@every_view
def test_nothing_changes_where_nothing_happened(view: View) -> None:
    assert list(view.fold([])) == []


@every_view
def test_the_same_batch_is_always_folded_into_the_same_statements(view: View) -> None:
    batch = [each for each in one_of_each().recorded if each.event.topic in view.topics]
    first = [(each.sql, each.parameter) for each in view.fold(batch)]
    assert first
    assert [(each.sql, each.parameter) for each in view.fold(batch)] == first


@every_view
def test_every_topic_a_view_reads_leaves_a_trace(view: View) -> None:
    batch = [each for each in one_of_each().recorded if each.event.topic in view.topics]
    if view.name != "totals":
        assert {each.event.topic for each in batch} == view.topics
    if not isinstance(view.fold, Growing):  # what only settles needs something that is there
        assert all(view.fold([each]) for each in batch)
