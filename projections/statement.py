"""What a fold brings out: statements, each with all its rows as one JSON parameter.

One parameter is one round trip, whatever the number of rows and columns: PostgreSQL reads the
rows by the table's own row type (`json_populate_recordset`), so that no type is named twice.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

NEW: Final = "new.{0}"
"""The new value replaces the old."""
KNOWN: Final = "coalesce(new.{0}, old.{0})"
"""The new value replaces the old, unless it is null."""
SUM: Final = "old.{0} + new.{0}"
"""The new value is added."""
LATEST: Final = "greatest(old.{0}, new.{0})"
"""The greater value stays; null is less than any."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and the rows it is for, column to value."""

    sql: str
    """SQL with one parameter: the rows as JSON."""
    rows: Sequence[Mapping[str, Any]]

    @property
    def parameter(self) -> str:
        """The rows as JSON. NUL, which no text of PostgreSQL can hold, becomes U+FFFD.

        What must not change by that goes into its column as JSON of its own, where NUL is an
        escape.
        """
        text = json.dumps(self.rows, default=datetime.isoformat)
        if "\\u0000" not in text:
            return text
        rows = [{name: _without_nul(value) for name, value in row.items()} for row in self.rows]
        return json.dumps(rows, default=datetime.isoformat)


def upsert(table: str, key: str, **columns: str) -> str:
    """Write the SQL that inserts rows, or merges them into those that are there.

    Since either may come first, events of two partitions may come in any order.

    Args:
        table: table to fill.
        key: its primary key, one column.
        columns: column to how it is merged; `old` is the row that is there, `new` the other.
    """
    names = ", ".join((key, *columns))
    merged = ", ".join(f"{name} = {how.format(name)}" for name, how in columns.items())
    return (
        f"insert into {table} as old ({names}) select {names}"  # noqa: S608  names of our own
        f" from json_populate_recordset(null::{table}, %s::json)"
        f" on conflict ({key}) do update set {merged.replace('new.', 'excluded.')}"
    )


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    return [_without_nul(each) for each in value] if isinstance(value, list | tuple) else value
