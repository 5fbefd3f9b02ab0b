"""Where a view is built anew: a schema of its own, beside the one that is read.

The schema comes first on the search path of who builds. So the same SQL makes and fills the table
of the new view and those that tell its progress, and finds all else where it always is. Put in its
place, the table keeps its indexes, grants and policies.
"""

from typing import Final

from psycopg.sql import SQL, Composed, Identifier

from projections.view import View
from services.store.connect import Connection
from services.views import others, tables
from services.views.errors import StillNeeded

_WHERE: Final = """
select nspname, oid::text, current_setting('search_path') from pg_namespace
where nspname = current_schema()"""
_MAKE: Final = """
drop schema if exists {schema} cascade;
create schema {schema};
set local search_path = {path}"""
_BEGIN: Final = """
insert into view_progress (name, version, position, apart) values (%s, %s, 0, true)"""
_BEGIN_PARTITIONS: Final = """
insert into view_partitions (name, partition, position)
select %s, generate_series(0, %s - 1), 0"""
_REPLACE: Final = """
drop table if exists {live}.{table};
alter table {schema}.{table} set schema {live};
drop schema {schema} cascade"""
_DIFFERENCE: Final = """
with old as (select kept::text from {live}.{table} as kept),
    new as (select kept::text from {schema}.{table} as kept)
select exists (table old except all table new) or exists (table new except all table old)"""


class Beside:
    """The schema in which one view of one schema is built anew."""

    def __init__(self, connection: Connection, view: View) -> None:
        """Name it; nothing is made."""
        row = connection.execute(_WHERE).fetchone()
        assert row is not None  # noqa: S101  the view's own tables are there
        self._live, oid, path = row
        self.schema = f"perpetua_rebuild_{oid}_{view.name}"
        self.search_path = f'"{self.schema}", {path}'
        self._view = view

    def make(self, connection: Connection, of_partitions: int) -> None:
        """Make the tables, empty; what a rebuild that died has left is dropped."""
        with connection.transaction():
            connection.execute(self._sql(_MAKE))
            connection.execute(tables.PROGRESS)
            connection.execute(_BEGIN, [self._view.name, self._view.version])
            connection.execute(_BEGIN_PARTITIONS, [self._view.name, of_partitions])
            connection.execute(self._view.ddl)

    def must_not_be_needed(self, connection: Connection) -> None:
        """See that nothing keeps the old table from being dropped.

        Raises:
            StillNeeded: something of others depends on it.
        """
        if found := others.dependents(connection, self._live, self._view.table):
            raise StillNeeded(self._view, found)

    def equals(self, connection: Connection) -> bool:
        """Tell whether old and new hold the same rows."""
        return connection.execute(self._sql(_DIFFERENCE)).fetchone() == (False,)

    def replace(self, connection: Connection) -> None:
        """Put the new table in the place of the old one; part of the caller's transaction.

        Whoever was granted something on the old one has it on the new one.

        Raises:
            StillNeeded: something of others depends on the old one by now.
            psycopg.errors.LockNotAvailable: somebody reads the old one for longer than the
                transaction waits for a lock.
        """
        self.must_not_be_needed(connection)
        others.hand_on_grants(connection, self._live, self.schema, self._view.table)
        connection.execute(self._sql(_REPLACE))

    def drop(self, connection: Connection) -> None:
        """Drop what was built."""
        connection.execute(self._sql("drop schema if exists {schema} cascade"))

    def _sql(self, template: str) -> Composed:
        return SQL(template).format(
            schema=Identifier(self.schema),
            live=Identifier(self._live),
            table=Identifier(self._view.table),
            path=SQL(self.search_path),
        )
