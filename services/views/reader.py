"""Connections that ask the views, and can do nothing else."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg.sql import SQL

from projections.privacy import NOBODY, SETTING, Reader
from projections.view import Cursor
from services.store.connect import Connection, connect, passes, unavailable
from services.store.errors import StoreUnavailable
from services.views import guard

T = TypeVar("T")

PATIENCE_SECS: Final = 10
"""How long a statement may take. Connections are few: as many slow questions as there are of them
would hold up every other; and who asked over HTTP has given up by then."""
_SETTINGS: Final = {
    "timezone": "UTC",
    "default_transaction_read_only": "on",
    SETTING: NOBODY.name,
    "plan_cache_mode": "force_custom_plan",  # most filters of a query are left open
    "statement_timeout": f"{PATIENCE_SECS}s",
}
_BEGIN: Final = SQL("begin; select set_config({}, {}, true)")
"""Sent at once: each time it waits for the server, a query waits for its turn on the processor."""


class QueryTooSlow(StoreUnavailable):
    """A query took longer than any may, and was broken off."""

    code = "query_too_slow"

    def __init__(self) -> None:
        super().__init__(
            f"the query took more than {PATIENCE_SECS} s", "ask for less, or try again later"
        )


class ViewReader:
    """Lends connections to queries, at most `size` at once. Safe to use from any thread."""

    def __init__(self, conninfo: str, size: int) -> None:
        """Prepare; connections are opened when first needed."""
        self._conninfo = conninfo
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    def ask(self, query: Callable[[Cursor], T], reader: Reader = NOBODY) -> T:
        """Return what a query finds; ask again if its connection was dead before.

        Args:
            query: what to ask.
            reader: for whom; of memory it finds only what they may read.

        Raises:
            QueryTooSlow: it was broken off.
            StoreUnavailable: the server is out of reach.
            psycopg.Error: the query is at fault, or what it was given.
        """
        with self._free:
            while True:
                kept = self._take()
                connection = kept or self._connect()
                try:
                    return _asked(connection, query, reader)
                except psycopg.errors.QueryCanceled as error:
                    raise QueryTooSlow from error
                except psycopg.Error as error:
                    if not passes(error):
                        raise
                    connection.close()
                    if kept is None:
                        raise unavailable(error) from error
                finally:
                    self._give_back(connection)

    def close(self) -> None:
        """Drop every connection; those in use when they come back."""
        self._closed = True
        while connection := self._take():
            connection.close()

    def _connect(self) -> Connection:
        connection = connect(self._conninfo, _SETTINGS)
        try:
            guard.step_down(connection)
        except psycopg.Error as error:
            connection.close()
            raise unavailable(error) from error
        return connection

    def _take(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _give_back(self, connection: Connection) -> None:
        """Keep a connection for the next query, unless something is left open on it."""
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            connection.close()
            return
        self._idle.append(connection)
        if self._closed:
            self.close()


def _asked(connection: Connection, query: Callable[[Cursor], T], reader: Reader) -> T:
    """Return what a query finds in a transaction of its own."""
    try:
        connection.execute(_BEGIN.format(SETTING, reader.name), prepare=False)
        with connection.cursor(row_factory=dict_row) as cursor:
            found = query(cursor)
        connection.commit()
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise
    return found
