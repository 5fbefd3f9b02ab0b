"""DuckDB on the lake: it sees the manifest's files, all columns typed, and nothing else."""

import re
from pathlib import Path

import duckdb
import pytest

from domain.events import EVENT_CLASSES
from domain.recorded import Stored
from services.lake.asking import ask, connected, view_name
from services.lake.columns import columns
from services.lake.errors import LakeDamaged, NoLake, QueryRefused
from services.lake.manifest import CURRENT
from tests.integration.lake.telling import exported, some, told

DOCS = Path(__file__).parents[3] / "docs" / "lake.md"

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture(scope="module")
def events() -> list[Stored]:
    return some(80)


@pytest.fixture
def lake(tmp_path: Path, events: list[Stored]) -> Path:
    exported(tmp_path / "it's a lake", told(events))
    return tmp_path / "it's a lake"


def test_every_class_has_a_view_with_every_column_even_if_nothing_of_it_happened(
    lake: Path,
) -> None:
    with connected(lake) as connection:
        for topic in EVENT_CLASSES:
            answer = ask(connection, f"select * from {view_name(topic)} limit 0")
            assert list(answer.columns) == columns(topic).names


@pytest.mark.parametrize(
    "kept", [None, 0, 100, -1], ids=["gone", "empty", "cut", "without its end"]
)
def test_a_file_that_is_gone_or_torn_is_told_with_what_to_do(lake: Path, kept: int | None) -> None:
    [path, *_] = (lake / "thought.generated").iterdir()
    whole = path.read_bytes()
    path.unlink()
    if kept is not None:
        path.write_bytes(whole[:kept])
    told = r"thought\.generated is gone or torn .*export --rebuild` builds the lake anew$"
    with pytest.raises(LakeDamaged, match=told), connected(lake):
        pass


def test_columns_are_typed(lake: Path, events: list[Stored]) -> None:
    with connected(lake) as connection:
        types = dict(
            ask(
                connection, "select column_name, column_type from (describe thought_generated)"
            ).rows
        )
        [[first, cost]] = ask(
            connection,
            "select min(occurred_at), sum(usage.cpu_ms) from thought_generated"
            " where occurred_at < timestamptz '2100-01-01' and len(context_refs) = 0",
        ).rows
    assert types["position"] == "BIGINT"
    assert types["partition"] == "SMALLINT"
    assert types["occurred_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["impact"] == "DOUBLE"
    assert types["context_refs"].endswith("[]")
    assert first.isoformat() == "2026-08-01T12:00:08.123456+00:00"
    assert cost == 5 * sum(each.topic == "thought.generated" for each in events)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("selec 1", "Parser Error"),
        ("select nonsense from vote_cast", "nonsense"),
        ("", "not one query"),
        ("select 1; select 2", "not one query"),
        ("copy (select 1) to '{lake}/x.csv'", "not one query"),
        ("create table x (a int)", "not one query"),
        ("set threads = 1", "not one query"),
        ("attach '{lake}/x.db' as x", "not one query"),
        ("install httpfs", "not one query"),
        ("load httpfs", "not one query"),
        ("explain analyze copy (select 1) to '{lake}/x.csv'", "not one query"),
        ("select * from read_text('/etc/passwd')", "Permission Error"),
        ("select * from read_text('{lake}/../secret')", "Permission Error"),
        ("select * from glob('/etc/*')", "Permission Error"),
        ("select * from read_parquet('https://127.0.0.1:1/x.parquet')", "Error"),
        ("select date 'infinity' as day", "day has a time outside the years 1 to 9999"),
        ("select [timestamptz '-infinity'] as ats", "ats has a time outside the years 1 to 9999"),
        ("select timestamp '20000-01-01' as at", r"years 1 to 9999.*::varchar"),
        ("select timestamp_ns '2026-08-01 12:00:00.123456789' as at", "finer than microseconds"),
        ("select 1/0 + cast('x' as int)", "Conversion Error"),
    ],
)
def test_a_query_that_is_wrong_or_could_do_more_than_read_is_refused(
    lake: Path, query: str, why: str
) -> None:
    (lake.parent / "secret").write_text("no")
    there = set(lake.iterdir())
    with connected(lake) as connection, pytest.raises(QueryRefused, match=why):
        ask(connection, query.format(lake=str(lake).replace("'", "''")))
    assert set(lake.iterdir()) == there


def test_other_files_of_the_folder_are_seen_by_those_who_name_them_only(
    lake: Path, events: list[Stored]
) -> None:
    name = next((lake / "thought.generated").iterdir()).name
    (lake / "thought.generated" / f"of-nobody-{name}").write_bytes(
        (lake / "thought.generated" / name).read_bytes()
    )
    every = f"select * from '{lake}/*/of-nobody-*.parquet'".replace("it's", "it''s")
    with connected(lake) as connection:
        [[seen]] = ask(connection, "select count(*) from thought_generated").rows
        assert ask(connection, every).rows
    assert seen == sum(each.topic == "thought.generated" for each in events)


def test_where_there_is_no_lake_nobody_can_ask_it(tmp_path: Path) -> None:
    with pytest.raises(NoLake, match="perpetua export"), connected(tmp_path):
        pass


def test_what_the_docs_show_can_be_asked(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *queries = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    with connected(lake) as connection:
        for query in queries:
            ask(connection, query)
    lake.rename(lake.with_name("lake"))
    monkeypatch.chdir(lake.parent)
    with duckdb.connect() as connection:
        assert connection.sql(first).to_arrow_table().num_rows == 10
    assert len(queries) == 3


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 2}', b'{"format": 1, "sour'])
def test_a_manifest_that_is_not_what_was_written_is_told(lake: Path, content: bytes) -> None:
    (lake / CURRENT).write_bytes(content)
    with pytest.raises(LakeDamaged, match="is no manifest"), connected(lake):
        pass
