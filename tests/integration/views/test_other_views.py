"""Snapshots, sources and totals: given events, when they are taken in, then so they stand."""

from collections.abc import Callable

from services.views import Views
from tests.unit.projections.given import History

Given = Callable[[History], Views]


def test_the_newest_snapshot_is_found_of_a_persona_of_a_swarm_and_of_all(given: Given) -> None:
    history = History().spawned("a", "one").spawned("b", "two")
    history.distilled("a", summary="first\0").distilled("b").distilled("a", summary="second\0")
    views = given(history)
    newest = views.latest_snapshot()
    assert newest is not None
    assert (newest.summary, newest.position, newest.event_id) == ("second\0", 5, "event-5")
    assert views.latest_snapshot(persona_id="a") == views.latest_snapshot(swarm_id="one") == newest
    of_b = views.latest_snapshot(persona_id="b")
    assert of_b is not None
    assert (of_b.position, of_b.swarm_id, of_b.persona_scope) == (4, "two", ("b",))
    assert (of_b.facts, of_b.decisions, of_b.open_questions) == (("a fact",), (), ())
    assert (of_b.thoughts_in, of_b.kept, of_b.bytes_out) == (2, 0, 0)


def test_there_is_no_snapshot_where_nothing_was_distilled(given: Given) -> None:
    views = given(History().spawned("a").distilled("a").spawned("b"))
    assert views.latest_snapshot(persona_id="b") is None
    assert views.latest_snapshot(persona_id="a", swarm_id="other") is None


def test_sources_of_a_swarm_tell_how_far_they_were_read(given: Given) -> None:
    strange = "/var/log/ü %2F\0.log"
    history = History().observed(strange, 3, 100).observed("-", 7, 70)
    history.observed(strange, 2, 180, segment=1).observed("-", 9, 90, swarm="other")
    first, second = given(history).sources("swarm")
    assert (first.source, first.lines, first.last_position) == ("-", 7, 2)
    assert (first.offset, first.segments) == (70, 1)
    assert (second.source, second.lines, second.last_position) == (strange, 5, 3)
    assert (second.offset, second.segments) == (180, 2)


def test_the_sources_that_lost_most_come_first(given: Given) -> None:
    history = History().observed("a", 3, 100).dropped("b", 7, 170).dropped("a", 2, 190)
    history.dropped("c", 0, 5, reason="gone").dropped("b", 1, 180)
    views = given(history)
    b, a, c = views.lossy_sources(10)
    assert (b.source, b.lines, b.dropped_lines, b.dropped_bytes, b.offset) == ("b", 0, 8, 80, 180)
    assert (a.source, a.lines, a.dropped_lines, a.last_position) == ("a", 3, 2, 1)
    assert (c.source, c.dropped_lines, c.lost_files) == ("c", 0, 1)
    assert len(views.lossy_sources(1)) == 1


def test_totals_are_of_a_swarm_or_of_all(given: Given) -> None:
    history = History().spawned("a", "one").spawned("b", "two").reaped("b")
    history.thought("a", 10, 5).thought("b", 20, 6).supposed("a").checked("a", "failed")
    history.proposed("p", "a").distilled("a").observed("x", 4, 40, swarm="one")
    views = given(history)
    one, everything, none = views.totals("one"), views.totals(), views.totals("none")
    assert (one.observations, one.thoughts, one.hypotheses, one.proposals) == (4, 1, 1, 1)
    assert (one.checks_passed, one.checks_failed, one.checks_inconclusive) == (0, 1, 0)
    assert (one.spawned, one.reaped, one.live, one.snapshots) == (1, 0, 1, 1)
    assert (one.tokens_used, one.cpu_ms_used, one.events) == (10, 5, 7)
    assert (everything.spawned, everything.reaped, everything.live) == (2, 1, 1)
    assert (everything.tokens_used, everything.events) == (30, 10)
    assert none.events == none.live == 0
