"""A question that can't be answered is told for what it is, and costs nobody a connection."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from projections.view import Cursor
from services.store.errors import StoreUnavailable
from services.views.reader import PATIENCE_SECS, QueryTooSlow, ViewReader
from tests.integration.views.conftest import OpenViews

PID = "select pg_backend_pid()"


@pytest.fixture
def reader(open_views: OpenViews, database: str) -> Iterator[ViewReader]:
    """Lends one connection, always the same while it lives."""
    open_views(views=[])
    with closing(ViewReader(database, 1)) as reader:
        yield reader


def value(cursor: Cursor, sql: str) -> Any:
    [row] = cursor.execute(sql.encode()).fetchall()
    return next(iter(row.values()))


def asked(reader: ViewReader, *statements: str) -> Any:
    """Return what the last of some statements says."""
    return reader.ask(lambda cursor: [value(cursor, sql) for sql in statements][-1])


def terminate(database: str, pid: int) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])


def test_a_question_that_takes_too_long_is_broken_off_and_its_connection_stays(
    reader: ViewReader,
) -> None:
    before = asked(reader, PID)
    assert asked(reader, "show statement_timeout") == f"{PATIENCE_SECS}s"

    soon = "select set_config('statement_timeout', '20', true)"
    with pytest.raises(QueryTooSlow, match=f"more than {PATIENCE_SECS} s"):
        asked(reader, soon, "select pg_sleep(60)")
    assert asked(reader, PID) == before


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select 1 / 0", psycopg.DataError),
        ("select to_tsvector(string_agg(n::text, ' ')) from generate_series(1, 300000) as n",
         psycopg.errors.ProgramLimitExceeded),
        ("select nothing", psycopg.ProgrammingError),
    ],
)  # fmt: skip
def test_a_question_at_fault_is_not_told_as_a_server_out_of_reach(
    reader: ViewReader, sql: str, kind: type[Exception]
) -> None:
    before = asked(reader, PID)
    for _ in range(2):
        with pytest.raises(kind):
            asked(reader, sql)
    assert asked(reader, PID) == before


def test_a_connection_that_died_is_replaced(reader: ViewReader, database: str) -> None:
    before = asked(reader, PID)
    terminate(database, before)

    assert asked(reader, PID) != before


def test_a_connection_that_dies_again_and_again_is_a_server_out_of_reach(
    reader: ViewReader, database: str
) -> None:
    def die(cursor: Cursor) -> None:
        terminate(database, value(cursor, PID))
        cursor.execute("select")

    with pytest.raises(StoreUnavailable):
        reader.ask(die)
    assert asked(reader, "select 1") == 1
