"""The thought graph: what supports a memory, and what a reader may walk."""

from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import pytest

from domain.limits import Limits
from projections import edges
from projections.edges import Edge
from projections.privacy import EVERYTHING, PUBLIC, Reader, persona
from projections.view import Cursor, Row
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.memory.remembering import compressed, shown
from tests.integration.views.writing import write
from tests.unit.projections.given import History

Told = set[tuple[str, str, str, int]]


@pytest.fixture
def views(store: Recorder, database: str) -> Iterator[Views]:
    opened = Views(store, database)
    yield opened
    opened.close()


def decided() -> History:
    """An observation leads to a decision: by way of two thoughts, a hypothesis and its check."""
    history = History().spawned("a").observed("sshd.log", 3, 30)
    history.thought("a", content="many failed", context_refs=shown(["2#0-2"]))
    history.supposed("a", "brute-force", "h", evidence_refs=("2#1",), causation_id="event-3")
    history.requested("a", "h", "k").checked("a", "passed", "h", check_id="k")
    history.thought("a", content="it holds", context_refs=shown(["event-4"]))
    return history.proposed("p", "a", evidence_refs=("h", "2#1"), causation_id="event-7")


def told(found: list[Edge]) -> Told:
    return {(each.source, each.kind, each.target, each.depth) for each in found}


def walked(views: Views, memory_id: str, reader: Reader = EVERYTHING, **bounds: int) -> list[Edge]:
    return views.ask(lambda cursor: edges.supports(cursor, memory_id, **bounds), reader)


def given(store: Recorder, views: Views, history: History) -> None:
    write(store, history)
    views.catch_up()
    assert not views.problems()


def test_a_decision_is_walked_down_to_the_lines_it_rests_on(store: Recorder, views: Views) -> None:
    given(store, views, decided())
    found = walked(views, "event-8")
    assert told(found) == {
        ("event-8", "evidence", "event-4", 1),
        ("event-8", "evidence", "2", 1),
        ("event-8", "cause", "event-7", 1),
        ("event-4", "evidence", "2", 2),
        ("event-4", "cause", "event-3", 2),
        ("event-4", "tests", "event-5", 2),
        ("event-4", "tests", "event-6", 2),
        ("event-7", "context", "event-4", 2),
        ("event-3", "context", "2", 3),
    }
    assert all(edge.node for edge in found)


def test_a_walk_is_bounded_in_depth_and_in_number(store: Recorder, views: Views) -> None:
    given(store, views, decided())
    assert {edge.depth for edge in walked(views, "event-8", depth=2)} == {1, 2}
    assert len(walked(views, "event-8", most=4)) == 4


class Counting:
    """A cursor that counts the rows it reads."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.rows = 0

    def execute(self, sql: str, asked: dict[str, Any]) -> list[Row]:
        rows = self._cursor.execute(sql, asked).fetchall()
        self.rows += len(rows)
        return rows


def test_a_walk_reads_little_more_than_it_brings(store: Recorder, views: Views) -> None:
    history = History().spawned("a").supposed("a")
    for number in range(100):
        history.checked("a", check_id=f"k{number}", evidence_refs=("event-2",))
    history.proposed("p", "a", evidence_refs=tuple(f"event-{3 + n}" for n in range(100)))
    given(store, views, history)

    def walk(memory_id: str, cursor: Cursor) -> tuple[int, int]:
        counting = Counting(cursor)
        found = edges.supports(cast("Cursor", counting), memory_id, most=5)
        return len(found), counting.rows

    for memory_id in ("event-103", "event-2"):
        assert views.ask(partial(walk, memory_id), EVERYTHING) == (5, 1 + 5)


def test_a_hypothesis_whose_name_was_used_again_is_walked_to_its_own_checks(
    store: Recorder, views: Views
) -> None:
    history = History().spawned("a").supposed("a").checked("a").supposed("a").checked("a")
    given(store, views, history)
    assert told(walked(views, "event-2")) == {("event-2", "tests", "event-3", 1)}
    assert told(walked(views, "event-4")) == {("event-4", "tests", "event-5", 1)}


def test_a_walk_ends_where_memories_rest_on_each_other(store: Recorder, views: Views) -> None:
    history = History().spawned("a").supposed("a", "one", "h1", evidence_refs=("event-3",))
    given(store, views, history.supposed("a", "two", "h2", evidence_refs=("event-2",)))
    found = walked(views, "event-2", depth=50)
    assert told(found) == {
        ("event-2", "evidence", "event-3", 1),
        ("event-3", "evidence", "event-2", 2),
    }


def test_what_is_gone_from_warm_memory_is_told_by_its_reference(
    store: Recorder, views: Views
) -> None:
    history = History().spawned("a").thought("a", content="idle", impact=0.0)
    compressed(history, "a").supposed("a", evidence_refs=("event-2", "99#1"))
    given(store, views, history)
    found = walked(views, "event-4")
    assert [(edge.target, edge.node) for edge in found] == [("event-2", None), ("99", None)]


def test_another_persona_walks_nowhere_in_private_memory(store: Recorder, views: Views) -> None:
    given(store, views, decided().spawned("b"))
    for reader in (persona("b"), PUBLIC):
        assert walked(views, "event-8", reader) == []
    assert len(walked(views, "event-8", persona("a"))) == 9


def test_a_walk_does_not_lead_through_what_its_reader_may_not_see(
    store: Recorder, views: Views
) -> None:
    history = History().spawned("a").thought("a", content="private")
    history.spawned("b", limits=Limits(share_memory=True))
    history.supposed("b", "k", "h", evidence_refs=("event-2",)).spawned("c")
    given(store, views, history)
    [edge] = walked(views, "event-4", persona("c"))
    assert (edge.target, edge.node) == ("event-2", None)
