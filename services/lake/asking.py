"""DuckDB on a lake: a view an event class, over exactly the files of the manifest.

A query may read the other files of the folder too, such as merged ones; nothing outside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from domain.events import EVENT_CLASSES
from services.lake import manifest as manifests
from services.lake.columns import columns
from services.lake.errors import BUILD_ANEW, LakeDamaged, QueryRefused
from services.lake.manifest import Manifest

_CONFIG: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
}
_HINT: Final = 'correct it; `perpetua sql "show tables"` lists what there is'


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@contextmanager
def connected(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB in memory on a lake as it is now, for as long as the block lasts.

    It reads nothing outside the folder, and its settings are locked.

    Raises:
        NoLake: there is none.
        LakeDamaged: its manifest, or a file that this names, can't be read.
    """
    manifest = manifests.existing(folder)
    with duckdb.connect(config=dict(_CONFIG)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for topic in EVENT_CLASSES:
            _see(connection, folder, manifest, topic)
        connection.execute(f"set allowed_directories = [{_quoted(str(folder.absolute()))}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> Answer:
    """Return what one query finds; anything that could write is none.

    Raises:
        QueryRefused: it is wrong, or is not one query.
    """
    try:
        statements = duckdb.extract_statements(query)
        if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
            raise QueryRefused("this is not one query", "ask with one `select`")
        found = connection.sql(query).to_arrow_table()
    except duckdb.Error as wrong:
        raise QueryRefused(str(wrong).split("\n\nLINE", 1)[0], _HINT) from wrong
    values = [_values(name, found[at]) for at, name in enumerate(found.column_names)]
    return Answer(tuple(found.column_names), list(zip(*values, strict=True)))


def _values(name: str, column: pa.ChunkedArray) -> list[Any]:
    try:
        found: list[Any] = column.to_pylist()
    except (OverflowError, ValueError) as wrong:
        raise QueryRefused(
            f"{name} has a time outside the years 1 to 9999, or finer than microseconds",
            "ask for it as text: `::varchar`",
        ) from wrong
    return found


def view_name(topic: str) -> str:
    """Return the name of an event class in SQL."""
    return topic.replace(".", "_")


def _see(
    connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, topic: str
) -> None:
    """Make the view of a class; one without files has its columns and no rows."""
    there = manifest.data_sets.get(topic, ())
    if not there:
        connection.register(view_name(topic), columns(topic).empty_table())
        return
    paths = ", ".join(_quoted(str((folder / topic / file.name).absolute())) for file in there)
    try:
        connection.execute(
            f"create view {view_name(topic)} as"  # noqa: S608  (names of ours, quoted paths)
            f" select * from read_parquet([{paths}], union_by_name = true)"
        )
    except (duckdb.IOException, duckdb.InvalidInputException) as wrong:
        why = str(wrong).split("\n", 1)[0]
        raise LakeDamaged(
            f"a file of {folder / topic} is gone or torn ({why})", BUILD_ANEW
        ) from wrong


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
