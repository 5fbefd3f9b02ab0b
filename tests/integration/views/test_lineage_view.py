"""Lineage: given events, when they are taken in, then so everybody is kin."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from projections.lineage import VIEW, Kin, Moment, swarms
from projections.rows import OrphanRow
from projections.stranded import orphans
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.conftest import OpenViews
from tests.integration.views.test_rebuilding import histories
from tests.integration.views.writing import execute, write
from tests.unit.projections.given import NOON, History

Given = Callable[[History], Views]


def family() -> History:
    """A root with two children in two swarms, a grandchild, and a root of its own."""
    history = History().spawned("root", "one", role="root", name="Ann")
    history.spawned("z", "one", parent="root", depth=1).spawned("a", "two", parent="root", depth=1)
    return history.spawned("leaf", "two", parent="a", depth=2).spawned("other", "three")


def test_it_has_all_swarms_and_the_reaped_with_children_in_the_order_they_came(
    given: Given,
) -> None:
    rows = given(family().reaped("a")).lineage()
    assert [row.persona_id for row in rows] == ["root", "other", "z", "a", "leaf"]
    assert {row.persona_id: row.swarm_id for row in rows} == {
        "root": "one", "other": "three", "z": "one", "a": "two", "leaf": "two",
    }  # fmt: skip
    children = {row.persona_id: row.children for row in rows if row.children}
    assert children == {"root": ("z", "a"), "a": ("leaf",)}
    assert {row.persona_id: row.parent_id for row in rows if row.parent_id} == {
        "z": "root", "a": "root", "leaf": "a",
    }  # fmt: skip


def test_it_says_who_somebody_is_and_since_when(given: Given) -> None:
    [row, *_] = given(family()).lineage()
    assert (row.persona_id, row.name, row.role, row.depth) == ("root", "Ann", "root", 0)
    assert (row.parent_id, row.spawned_at) == (None, NOON)
    assert row.status == "active"


def test_a_child_may_come_before_its_parent(given: Given) -> None:
    history = History().spawned("child", "two", parent="root", depth=1).spawned("root", "one")
    root, child = given(history).lineage()
    assert (root.persona_id, root.children) == ("root", ("child",))
    assert (child.persona_id, child.parent_id) == ("child", "root")


def test_somebody_is_paused_until_resumed_and_reaped_for_ever(given: Given) -> None:
    history = family().paused("root").paused("z").resumed("z").paused("leaf").paused("other", "why")
    history.now = NOON + timedelta(minutes=1)
    rows = {row.persona_id: row for row in given(history.reaped("leaf", "manual")).lineage()}
    assert {who: row.status for who, row in rows.items()} == {
        "root": "paused", "other": "paused", "z": "active", "a": "active", "leaf": "reaped",
    }  # fmt: skip
    assert (rows["other"].reason, rows["z"].reason) == ("why", None)
    assert (rows["leaf"].reason, rows["leaf"].paused_reason) == ("manual", None)
    assert rows["leaf"].since == NOON + timedelta(minutes=1)


def standing(views: Views, **asked: Any) -> dict[str, str]:
    """Return who is told of, and how each stands."""
    return {row.persona_id: row.status for row in views.lineage(**asked)}


def test_as_of_a_position_it_is_what_it_was_then(given: Given) -> None:
    views = given(family().paused("z").reaped("leaf").resumed("z").reaped("a"))
    assert standing(views, moment=Moment(0)) == {}
    assert standing(views, moment=Moment(2)) == {"root": "active", "z": "active"}
    then = standing(views, moment=Moment(7))
    assert (then["z"], then["leaf"], then["a"]) == ("paused", "reaped", "active")
    assert standing(views, moment=Moment(8))["z"] == "active"
    assert standing(views, moment=Moment(9)) == standing(views)


def test_as_of_a_position_nobody_has_children_of_later(given: Given) -> None:
    [root, _] = given(family()).lineage(moment=Moment(2))
    assert root.children == ("z",)


def test_as_of_a_time_it_is_what_had_happened_by_the_clocks_of_then(given: Given) -> None:
    views = given(family().paused("root").reaped("other"))
    assert standing(views, moment=Moment(time=NOON - timedelta(seconds=1))) == {}
    then = standing(views, moment=Moment(time=NOON + timedelta(seconds=5)))
    assert (then["root"], then["other"]) == ("paused", "active")


def test_it_knows_the_kin_of_somebody_over_all_swarms(given: Given) -> None:
    views = given(family().reaped("a"))
    assert list(standing(views, kin=Kin("leaf", "ancestors"))) == ["root", "a", "leaf"]
    assert list(standing(views, kin=Kin("a", "descendants"))) == ["a", "leaf"]
    assert list(standing(views, kin=Kin("root", "descendants"))) == ["root", "z", "a", "leaf"]
    assert list(standing(views, kin=Kin("nobody", "ancestors"))) == []
    assert list(standing(views, kin=Kin("root", "descendants"), swarm_id="two")) == ["a", "leaf"]
    assert standing(views, kin=Kin("root", "descendants"), moment=Moment(2)).keys() == {"root", "z"}


def test_children_are_told_among_those_asked_for(given: Given) -> None:
    rows = {row.persona_id: row for row in given(family()).lineage(kin=Kin("leaf", "ancestors"))}
    assert (rows["root"].children, rows["a"].children) == (("a",), ("leaf",))


def test_a_history_in_a_circle_ends_all_the_same(given: Given) -> None:
    history = History().spawned("a", parent="b").spawned("b", parent="a")
    assert standing(given(history), kin=Kin("a", "ancestors")).keys() == {"a", "b"}


def test_the_kin_of_thousands_of_generations_are_found(
    open_views: OpenViews, store: Recorder
) -> None:
    history = History().spawned("0")
    for depth in range(1, 2_000):
        history.spawned(f"{depth}", parent=f"{depth - 1}", depth=depth)
    write(store, history)
    views = alone(open_views)
    assert len(views.lineage(kin=Kin("1999", "ancestors"))) == 2_000
    assert len(views.lineage(kin=Kin("0", "descendants"))) == 2_000


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@hypothesis_given(history=histories(), share=st.floats(0, 1))
def test_as_of_any_position_is_what_the_history_up_to_there_makes(
    open_views: OpenViews, store: Recorder, database: str, history: History, share: float
) -> None:
    """Whatever follows, the past does not change."""
    views = alone(open_views)
    execute(database, "truncate events, view_lineage; update view_progress set position = 0")
    upto = write(store, history, 0, int(share * len(history.recorded)))
    views.catch_up()
    then = views.lineage()
    write(store, history, upto)
    views.catch_up()
    assert views.lineage(moment=Moment(upto)) == then
    views.close()


def alone(open_views: OpenViews) -> Views:
    views = open_views(views=[VIEW])
    views.catch_up()
    return views


def test_orphans_are_the_live_children_of_the_reaped(given: Given) -> None:
    history = family().reaped("a").spawned("late", "two", parent="a", depth=2).reaped("other")
    found = given(history).ask(orphans)
    assert found == [OrphanRow("leaf", "a", False), OrphanRow("late", "a", False)]


def test_an_orphan_of_a_cascade_is_known_by_its_parent_or_by_who_went_with_it(given: Given) -> None:
    history = family().spawned("late", "two", parent="a", depth=2)
    history.reaped("leaf", "cascade", cascade_root="a").reaped("a")
    assert given(history).ask(orphans) == [OrphanRow("late", "a", True)]


def test_swarms_are_told_newest_first(given: Given) -> None:
    assert given(family()).ask(swarms) == ["three", "two", "one"]
