"""The tables beside the views: how far each has come, and what people decided on it."""

from collections.abc import Sequence
from typing import Final

from projections.view import View
from services.store.connect import Connection
from services.views import guard

_LOCK: Final = 5208208757389214275

PROGRESS: Final = """
create table if not exists view_progress (
    name text collate "C" primary key,
    version integer not null,
    position bigint not null,
    updated_at timestamptz not null default now(),
    apart boolean not null default false
);
create table if not exists view_partitions (
    name text collate "C" not null,
    partition integer not null,
    position bigint not null,
    marks jsonb not null default '{}',
    failed_position bigint,
    failed_topic text,
    error text,
    updated_at timestamptz not null default now(),
    primary key (name, partition)
);
create table if not exists view_origins (
    name text collate "C" primary key,
    source text not null
);
create table if not exists view_database (id uuid primary key);
"""
"""What a view says of itself; made anew with it."""
_ADDED: Final = (
    ("view_progress", "apart", "boolean not null default false"),
    ("view_partitions", "failed_topic", "text"),
)
"""Columns that tables of earlier versions lack."""
_HAS_COLUMN: Final = """
select exists (select from pg_attribute where attrelid = to_regclass(%s) and attname = %s)"""
GOING_ON: Final = "failed_position = null, failed_topic = null, error = null, updated_at = now()"
"""What is set of a partition that nothing stops any more."""
_DECISIONS: Final = """
create table if not exists view_skips (
    name text collate "C" not null,
    position bigint not null,
    partition integer not null,
    topic text,
    error text not null,
    why text not null,
    decided_by text not null,
    decided_at timestamptz not null default now(),
    primary key (name, position)
);
"""
"""What outlives every view of the name."""
_RESET: Final = """
insert into view_progress (name, version, position) values (%(name)s, %(version)s, 0)
on conflict (name) do update set version = excluded.version, position = 0, updated_at = now()"""
_RESET_APART: Final = f"""
update view_partitions set position = 0, marks = '{{}}', {GOING_ON} where name = %(name)s"""  # noqa: S608  columns of our own
_NONE_LAGS: Final = """
delete from view_partitions using view_progress as view
where view.name = %(name)s and view_partitions.name = view.name and not apart"""


def install(connection: Connection, views: Sequence[View]) -> list[View]:
    """Make the tables that are missing; return the views that an earlier version built.

    Any number of processes may do so at once.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(PROGRESS)
        _add_columns(connection)
        connection.execute(_DECISIONS)
        guard.install(connection)
        found = connection.execute("select name, version from view_progress").fetchall()
        versions: dict[str, int] = dict(found)
        for view in sorted(views, key=lambda view: view.name):
            if view.name not in versions or not _has_table(connection, view):
                reset(connection, view)
                versions[view.name] = view.version
        guard.let_read(connection, [view.table for view in views])
    return [view for view in views if versions[view.name] < view.version]


def reset(connection: Connection, view: View) -> None:
    """Delete a view and make it anew, empty."""
    named = {"name": view.name, "version": view.version}
    with connection.transaction():
        connection.execute(_RESET, named)
        connection.execute(_RESET_APART, named)
        connection.execute(_NONE_LAGS, named)
        connection.execute(f"drop table if exists {view.table}")
        connection.execute(view.ddl)
        guard.let_read(connection, [view.table])


def are_there(connection: Connection, view: View) -> bool:
    """Tell whether a view is kept here, by whatever version of the program."""
    there = connection.execute("select to_regclass('view_progress')").fetchone()
    if there == (None,):
        return False
    row = connection.execute("select from view_progress where name = %s", [view.name]).fetchone()
    return row is not None


def _add_columns(connection: Connection) -> None:
    """Add what is missing; a table that lacks nothing is not locked against who reads it."""
    for table, column, kind in _ADDED:
        if connection.execute(_HAS_COLUMN, [table, column]).fetchone() == (False,):
            connection.execute(f"alter table {table} add column {column} {kind}")


def _has_table(connection: Connection, view: View) -> bool:
    row = connection.execute("select to_regclass(%s)", [view.table]).fetchone()
    return row is not None and row[0] is not None
