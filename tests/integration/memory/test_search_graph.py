"""The graph of vectors finds nearly all of the nearest, and no filter starves it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from projections import privacy
from projections.view import Cursor, Row
from services.memory import near, vectors
from services.memory.near import Wanted
from tests.integration.memory.warm_house import House, house_of_its_own
from tests.remembered import NOON, MadeUp, fill, made_up

PERSONAS, EACH, FOUND = 20, 100, 10
QUERIES = [vectors.literal(row) for row in made_up(20, seed=1_000_000)]


@pytest.fixture(scope="module")
def filled(postgres: str, template: str) -> Iterator[House]:
    with house_of_its_own(postgres, template) as warm:
        fill(warm.connection, PERSONAS, EACH)
        yield warm


def nearest(
    filled: House, query: str, reader: privacy.Reader, wanted: Wanted, exact_rows: int
) -> list[Row]:
    found = filled.views.ask(
        lambda cursor: near.by_vector(
            cursor, MadeUp.id, query, wanted, FOUND, exact_rows=exact_rows
        ),
        reader,
    )
    return found or []


def ids(rows: Sequence[Row]) -> set[str]:
    return {row["memory_id"] for row in rows}


def test_the_graph_finds_nearly_all_that_comparing_each_finds(filled: House) -> None:
    everybody = Wanted(persona_ids=[f"p{number}" for number in range(PERSONAS)])
    agreed = 0
    for query in QUERIES:
        exact = nearest(filled, query, privacy.EVERYTHING, everybody, 10_000)
        graph = nearest(filled, query, privacy.EVERYTHING, Wanted(), 0)
        agreed += len(ids(exact) & ids(graph))
        assert [row["similarity"] for row in exact] == sorted(
            (row["similarity"] for row in exact), reverse=True
        )

    assert agreed / (FOUND * len(QUERIES)) >= 0.95


def test_a_filter_does_not_starve_the_graph(filled: House) -> None:
    one = Wanted(persona_ids=["p3"])
    filled.connection.execute("update view_memories set kind = 'check' where memory_id like '%7'")
    checks = replace(one, kinds=["check"])
    for wanted in (one, checks):
        found = nearest(filled, QUERIES[0], privacy.EVERYTHING, wanted, 0)
        exact = nearest(filled, QUERIES[0], privacy.EVERYTHING, wanted, 10_000)
        assert len(found) == len(exact)
        assert {row["persona_id"] for row in found} <= {"p3"}


def test_what_the_walk_does_not_come_to_is_found_among_the_newest(filled: House) -> None:
    """As where a million older thoughts lie nearer to the query than the few since then."""
    since = Wanted(since=NOON + timedelta(seconds=900))
    days = "update view_memories set last_seen_at = last_seen_at %s interval '1 day' where %s"
    few = "position % 500 <> 0"  # of those the planner expects half
    filled.connection.execute((days % ("-", few)).encode())
    for query in QUERIES:
        found = filled.views.ask(partial(scarcely, query, since), privacy.EVERYTHING) or []
        assert {row["position"] for row in found} == {1_000, 1_500, 2_000}
        similar = [row["similarity"] for row in found]
        assert similar == sorted(similar, reverse=True)
    filled.connection.execute((days % ("+", few)).encode())


def scarcely(query: str, wanted: Wanted, cursor: Cursor) -> list[Row] | None:
    """Search with a walk that ends where it begins."""
    return near.by_vector(cursor, MadeUp.id, query, wanted, FOUND, scan_rows=1)


def test_the_graph_shows_a_reader_only_what_is_theirs(filled: House) -> None:
    found = nearest(filled, QUERIES[0], privacy.persona("p3"), Wanted(), 0)

    assert len(found) == FOUND
    assert {row["persona_id"] for row in found} == {"p3"}
    stranger = privacy.persona("stranger")
    assert nearest(filled, QUERIES[0], stranger, Wanted(persona_ids=["p3"]), 0) == []


def test_it_is_the_graph_that_is_walked(filled: House) -> None:
    def walks() -> int:
        row = filled.connection.execute(
            "select idx_scan from pg_stat_user_indexes where indexrelname = 'memory_vectors_graph'"
        ).fetchone()
        return int(row[0]) if row else 0

    def ask(cursor: Cursor) -> None:
        near.by_vector(cursor, MadeUp.id, QUERIES[0], Wanted(), FOUND)
        cursor.execute("select pg_stat_force_next_flush()")

    filled.views.ask(ask, privacy.EVERYTHING)  # and what was counted before is told
    before = walks()
    filled.views.ask(ask, privacy.EVERYTHING)
    assert walks() == before + 1
