"""How the store connects: one place for timeouts, session settings and what refusals mean."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from services.store.errors import StoreUnavailable

Connection = psycopg.Connection[tuple[Any, ...]]

_PARAMETERS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "application_name": "perpetua",
}
"""Used where the URL does not say otherwise: a dead network is noticed within half a minute."""

INDEXED: Final = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Every query here walks an index; a plan made while the tables were small must do so too."""

_HINTS: Final = {
    "28000": "check the user in PERPETUA_DATABASE_URL",
    "28P01": "check the password in PERPETUA_DATABASE_URL",
    "3D000": "create that database, or name another one in PERPETUA_DATABASE_URL",
    "25006": "connect to the primary server, this one only reads",
    "42501": "give the user of PERPETUA_DATABASE_URL the right to create and use tables there",
    "42P01": "the tables are missing: is this the right database?",
    "53100": "make room on the server's disk, then try again",
    "53200": "give the server more memory",
    "53300": "close other clients, or raise max_connections of the server",
}
_UNREACHABLE: Final = "check that PostgreSQL runs there and that PERPETUA_DATABASE_URL is right"
_LOOK: Final = "see the log of the PostgreSQL server"


def connect(conninfo: str, settings: Mapping[str, str] | None = None) -> Connection:
    """Open a connection in autocommit mode, with session settings.

    Raises:
        StoreUnavailable: there is no server, or it refuses.
    """
    try:
        parameters: dict[str, Any] = {**_PARAMETERS, **conninfo_to_dict(conninfo)}
        connection = psycopg.connect(make_conninfo("", **parameters), autocommit=True)
        try:
            _configure(connection, settings or {})
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        raise unavailable(error) from error
    return connection


def _configure(connection: Connection, settings: Mapping[str, str]) -> None:
    """Set session settings; a commit means on disk, even where the server's default says less."""
    connection.execute(
        "select set_config('synchronous_commit', 'on', false)"
        " where current_setting('synchronous_commit') = 'off'"
    )
    for name, value in settings.items():
        connection.execute("select set_config(%s, %s, false)", (name, value))


def passes(error: psycopg.Error) -> bool:
    """Tell whether the connection or the server is at fault, not what was asked or to be written.

    What is too large for an index or a type (class 54) is called operational too, and is not.
    """
    operational = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return operational and not (error.sqlstate or "").startswith("54")


def refusal(sqlstate: str | None, message: str) -> StoreUnavailable:
    """Put what a server said in one line, with what to do."""
    line = message.strip().splitlines()[0] if message.strip() else "the connection was lost"
    return StoreUnavailable(line, _HINTS.get(sqlstate or "", _LOOK if sqlstate else _UNREACHABLE))


def unavailable(error: psycopg.Error) -> StoreUnavailable:
    """Put an error of psycopg in one line, with what to do."""
    return refusal(error.sqlstate, str(error))
