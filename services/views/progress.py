"""How far each view has come: one checkpoint a view, moved in the transaction of its rows.

The position says what a view's table holds, whoever wrote it: so a batch is applied once, however
many processes try, and one that was built anew meanwhile is simply at another position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row

from projections.view import View
from services.store.connect import Connection

_LOCK: Final = 5208208757389214275
_LONGEST_ERROR: Final = 2_000

_TABLE: Final = """
create table if not exists view_progress (
    name text collate "C" primary key,
    version integer not null,
    position bigint not null,
    failed_position bigint,
    error text,
    updated_at timestamptz not null default now()
)"""
_RESET: Final = """
insert into view_progress (name, version, position) values (%s, %s, 0)
on conflict (name) do update set version = excluded.version, position = 0,
    failed_position = null, error = null, updated_at = now()"""
_AT: Final = """
select name from view_progress
where (name, version) in (select * from unnest(%s::text[], %s::int[])) and position = %s
order by name for update"""
_ADVANCE: Final = """
update view_progress
set position = %s, failed_position = null, error = null, updated_at = now()
where name = any(%s::text[])"""
_STOP: Final = """
update view_progress set failed_position = %s, error = %s, updated_at = now()
where name = %s and version = %s and position = %s"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a view stands."""

    name: str
    version: int
    position: int
    """Last position its rows take in."""
    failed_position: int | None
    """Event that stopped it; null while it goes on."""
    error: str | None
    """What was wrong with that event."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A view that does not go on."""

    view: str
    position: int
    """Last position it takes in."""
    failed_position: int | None
    """Event it can't take in; null if another version of the program is at fault."""
    error: str


def install(connection: Connection, views: Sequence[View]) -> None:
    """Make the tables of views that have none, or whose tables an earlier version made.

    Any number of processes may do so at once.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_TABLE)
        found = read(connection)
        for view in sorted(views, key=lambda view: view.name):
            stands = found.get(view.name)
            if not stands or stands.version < view.version or not _has_table(connection, view):
                reset(connection, view)


def reset(connection: Connection, view: View) -> None:
    """Delete a view and make it anew, empty."""
    with connection.transaction():
        connection.execute(_RESET, [view.name, view.version])
        connection.execute(f"drop table if exists {view.table}")
        connection.execute(view.ddl)


def read(connection: Connection) -> dict[str, Progress]:
    """Return where each view stands, by name."""
    with connection.cursor(row_factory=class_row(Progress)) as cursor:
        cursor.execute("select name, version, position, failed_position, error from view_progress")
        return {found.name: found for found in cursor}


def advance(connection: Connection, views: Sequence[View], after: int, upto: int) -> bool:
    """Move views on, all from `after`; False, and nothing moved, if one is not there any more.

    Part of the caller's transaction. Views are locked in the order of their names, before their
    tables.
    """
    names = [view.name for view in views]
    at = connection.execute(_AT, [names, [view.version for view in views], after]).fetchall()
    if len(at) < len(views):
        return False
    connection.execute(_ADVANCE, [upto, names])
    return True


def stop(
    connection: Connection, view: View, after: int, failed_position: int, error: Exception
) -> bool:
    """Note what stopped a view that stands at `after`; False if it is not there any more."""
    text = f"{type(error).__name__}: {error}".replace("\0", "\ufffd")[:_LONGEST_ERROR]
    noted = [failed_position, text, view.name, view.version, after]
    return connection.execute(_STOP, noted).rowcount > 0


def problem(view: View, stands: Progress) -> Problem | None:
    """Say why a view does not go on; None if it does."""
    error = stands.error
    if stands.version != view.version:
        error = (
            f"built as version {stands.version}, this program knows {view.version}: use the program"
            " that built it, or rebuild it"
        )
    return Problem(view.name, stands.position, stands.failed_position, error) if error else None


def _has_table(connection: Connection, view: View) -> bool:
    row = connection.execute("select to_regclass(%s)", [view.table]).fetchone()
    return row is not None and row[0] is not None
