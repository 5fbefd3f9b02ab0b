"""Making and upgrading the tables."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from services.store.errors import StoreUnavailable
from services.store.migrate import migrate
from services.store.recorder import Recorder


def test_a_new_database_gets_its_tables_and_twelve_partitions(empty_database: str) -> None:
    assert migrate(empty_database) == 12
    with Recorder(empty_database) as store:
        assert store.head() == 0


def test_the_number_of_partitions_is_fixed_at_the_first_start(empty_database: str) -> None:
    assert migrate(empty_database, 3) == 3
    assert migrate(empty_database) == 3
    assert migrate(empty_database, 3) == 3
    with pytest.raises(StoreUnavailable, match="has 3 partitions, fixed when it was made, not 12"):
        migrate(empty_database, 12)


def test_many_may_migrate_at_once(empty_database: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(migrate, [empty_database] * 8)) == [12] * 8


def test_a_database_of_a_later_version_is_refused_and_left_alone(empty_database: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("insert into perpetua_schema (version, name) values (999, 'future')")
    with pytest.raises(StoreUnavailable, match="schema version 999") as refused:
        migrate(empty_database)
    assert "later" in refused.value.hint


def test_a_migration_that_fails_leaves_nothing(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("create table commands (mine int)")
    with pytest.raises(StoreUnavailable, match="already exists"):
        migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        found = connection.execute(
            "select relname from pg_class where relname in ('events', 'perpetua_schema')"
        ).fetchall()
    assert found == []


def test_text_is_ordered_by_bytes_whatever_the_databases_locale(empty_database: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        found = connection.execute(
            "select attrelid::regclass::text, attname from pg_attribute"
            " join pg_collation on pg_collation.oid = attcollation where collname <> 'C'"
            " and attrelid in ('events'::regclass, 'commands'::regclass, 'fences'::regclass)"
        ).fetchall()
    assert found == [("commands", "answer")]


def test_a_database_that_is_not_in_utf8_is_refused(postgres: str, empty_database: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as server:
        with psycopg.connect(empty_database) as connection:
            name = connection.info.dbname
        server.execute(f"drop database {name}".encode())
        server.execute(
            f"create database {name} encoding 'LATIN1' locale_provider libc locale 'C'"
            " template template0".encode()
        )
    with pytest.raises(StoreUnavailable, match="encoding LATIN1"):
        migrate(empty_database)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql:///none?host=/nonexistent",
        "postgresql://[broken",
        "not a url",
    ],
)
def test_a_server_out_of_reach_is_one_line_that_says_what_to_do(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        migrate(url)
    assert "\n" not in str(refused.value)
    assert "PERPETUA_DATABASE_URL" in refused.value.hint
