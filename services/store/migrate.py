"""Brings the tables to the version this program knows: forward only, one at a time."""

from pathlib import Path
from typing import Final

import psycopg

from services.store.connect import Connection, connect, unavailable
from services.store.errors import StoreUnavailable

DEFAULT_PARTITIONS: Final = 12
"""Partitions of a new store, unless its first start says otherwise."""
_FOLDER: Final = Path(__file__).parent / "migrations"
_OLDEST_SERVER: Final = 14
_LOCK: Final = 5208208757389214274


def migrate(conninfo: str, partitions: int | None = None) -> int:
    """Create or upgrade the tables, and return the number of partitions.

    Any number of processes may do so at once. `partitions` fixes the number at the first start
    (default 12); later it must be the same, or None.

    Raises:
        StoreUnavailable: no server, not permitted, a database of a later version, or another
            number of partitions.
    """
    with connect(conninfo) as connection:
        _check_server(connection)
        try:
            with connection.transaction():
                connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
                _upgrade(connection)
                return _fix_partitions(connection, partitions)
        except psycopg.Error as error:
            raise unavailable(error) from error


def _check_server(connection: Connection) -> None:
    if (version := connection.info.server_version // 10_000) < _OLDEST_SERVER:
        raise StoreUnavailable(
            f"PostgreSQL {version} is too old", f"use version {_OLDEST_SERVER} or later"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreUnavailable(
            f"the database has encoding {encoding}", "create one with encoding 'UTF8'"
        )


def _upgrade(connection: Connection) -> None:
    connection.execute(
        "create table if not exists perpetua_schema (version int primary key, name text not null,"
        " applied_at timestamptz not null default now())"
    )
    row = connection.execute("select coalesce(max(version), 0) from perpetua_schema").fetchone()
    current: int = row[0] if row else 0
    migrations = {int(path.name.split("_")[0]): path for path in sorted(_FOLDER.glob("*.sql"))}
    if current > max(migrations):
        raise StoreUnavailable(
            f"the database has schema version {current}, this program knows {max(migrations)}",
            "use the version of perpetua that last opened it, or a later one",
        )
    for version, path in migrations.items():
        if version > current:
            connection.execute(path.read_bytes())
            connection.execute(
                "insert into perpetua_schema (version, name) values (%s, %s)", (version, path.stem)
            )


def _fix_partitions(connection: Connection, wanted: int | None) -> int:
    connection.execute(
        "insert into meta (name, value) values ('partitions', %s) on conflict do nothing",
        (str(wanted or DEFAULT_PARTITIONS),),
    )
    row = connection.execute("select value from meta where name = 'partitions'").fetchone()
    fixed = int(row[0]) if row else 0
    if wanted not in (None, fixed):
        raise StoreUnavailable(
            f"this store has {fixed} partitions, fixed when it was made, not {wanted}",
            "leave the setting out, or use another database",
        )
    return fixed
