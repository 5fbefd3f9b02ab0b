"""Personas: given events, when they are taken in, then so they stand."""

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from domain.limits import Limits
from services.views import Views
from tests.unit.projections.given import MINUTE, NOON, History

Given = Callable[[History], Views]


def test_a_new_persona_is_active_and_has_not_thought(given: Given) -> None:
    views = given(History().spawned("a", tags=("log", "😀"), name="Ann", charter="Watch\0 it"))
    row = views.persona("a")
    assert row is not None
    assert (row.persona_id, row.name, row.role, row.charter) == (
        "a",
        "Ann",
        "watcher",
        "Watch\0 it",
    )
    assert (row.swarm_id, row.parent_id, row.depth, row.tags) == ("swarm", None, 0, ("log", "😀"))
    assert (row.status, row.created_at, row.updated_at) == ("active", NOON, NOON)
    assert row.limits == Limits(max_spawn_depth=3)
    assert (row.thought_count, row.last_thought_at, row.window, row.children) == (0, None, 0, ())
    assert row.created_at.tzinfo is not None
    assert row.created_at.utcoffset() == UTC.utcoffset(None)


def test_nobody_is_found_under_an_id_that_never_was(given: Given) -> None:
    assert given(History().spawned("a")).persona("b") is None


def test_thoughts_are_counted_and_the_usage_of_the_last_minute_shown(given: Given) -> None:
    history = History().spawned("a").thought("a", 100, 50).thought("a", 10, 5)
    history.now = NOON + timedelta(minutes=3)
    row = given(history.thought("a", 7, 3).thought("a", 1, 1)).persona("a")
    assert row is not None
    assert (row.thought_count, row.last_thought_at) == (4, NOON + timedelta(minutes=3, seconds=1))
    assert (row.window, row.tokens_window, row.cpu_ms_window) == (MINUTE + 3, 8, 4)
    assert row.updated_at == row.last_thought_at


def test_no_usage_is_too_large_to_be_counted(given: Given) -> None:
    most = 2**63 - 1
    views = given(History().spawned("a").thought("a", most, most).thought("a", most, most))
    row = views.persona("a")
    assert row is not None
    assert (row.tokens_window, row.cpu_ms_window) == (2 * most, 2 * most)
    assert (views.totals().tokens_used, views.totals("swarm").cpu_ms_used) == (2 * most, 2 * most)
    assert views.problems() == []


def test_a_persona_is_paused_until_it_is_resumed(given: Given) -> None:
    until = NOON + timedelta(minutes=1)
    history = History().spawned("a").paused("a", "budget", until)
    row = given(history).persona("a")
    assert row is not None
    assert (row.status, row.paused_reason, row.paused_until) == ("paused", "budget", until)


def test_a_resumed_persona_is_active_again(given: Given) -> None:
    row = given(History().spawned("a").paused("a").resumed("a")).persona("a")
    assert row is not None
    assert (row.status, row.paused_reason, row.paused_until) == ("active", None, None)


def test_a_reaped_persona_stays_with_its_reason_and_last_snapshot(given: Given) -> None:
    row = given(History().spawned("a").paused("a").reaped("a", "manual")).persona("a")
    assert row is not None
    assert (row.status, row.reaped_reason, row.paused_reason) == ("reaped", "manual", None)
    assert row.final_snapshot_id == "a-final"


def test_personas_are_found_by_swarm_status_and_tag(given: Given) -> None:
    history = History().spawned("a", "one", tags=("x",)).spawned("b", "two", tags=("x", "y"))
    history.spawned("c", "two").spawned("d", "two").paused("c").reaped("d")
    views = given(history)

    def ids(**asked: str) -> list[str]:
        return [row.persona_id for row in views.personas(**asked)]  # type: ignore[arg-type]  # filters by name

    assert ids() == ["a", "b", "c", "d"]
    assert ids(swarm_id="two") == ["b", "c", "d"]
    assert ids(status="active") == ["a", "b"]
    assert ids(status="paused") == ["c"]
    assert ids(status="reaped", swarm_id="one") == []
    assert ids(tag="x") == ["a", "b"]
    assert ids(tag="y", swarm_id="two") == ["b"]


@pytest.mark.parametrize("page", [1, 3, 4, 100])
def test_pages_follow_each_other_without_gap_or_repetition(given: Given, page: int) -> None:
    history = History()
    for name in "hgfedcba":
        history.spawned(name)
    views, found = given(history), list[str]()
    while rows := views.personas(after=found[-1] if found else None, limit=page):
        found += [row.persona_id for row in rows]
    assert found == list("hgfedcba")


def test_lineage_has_all_swarms_and_the_reaped_with_children_in_the_order_they_came(
    given: Given,
) -> None:
    history = History().spawned("root", "one")
    history.spawned("z", "one", parent="root", depth=1).spawned("a", "two", parent="root", depth=1)
    history.spawned("leaf", "two", parent="a", depth=2).spawned("other", "three").reaped("a")
    rows = given(history).everybody()
    assert [row.persona_id for row in rows] == ["root", "other", "z", "a", "leaf"]
    children = {row.persona_id: row.children for row in rows if row.children}
    assert children == {"root": ("z", "a"), "a": ("leaf",)}
    assert {row.persona_id: row.status for row in rows}["a"] == "reaped"


def test_a_child_may_come_before_its_parent(given: Given) -> None:
    history = History().spawned("child", "two", parent="root", depth=1).spawned("root", "one")
    views = given(history)
    assert [row.persona_id for row in views.everybody()] == ["root", "child"]
    root = views.persona("root")
    assert root is not None
    assert root.children == ("child",)
