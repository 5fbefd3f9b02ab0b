"""Connections that ask the views, and can do nothing else."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg
from psycopg.rows import dict_row

from projections.view import Cursor
from services.store.connect import Connection, connect, unavailable

T = TypeVar("T")

_SETTINGS: Final = {
    "timezone": "UTC",
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_custom_plan",  # most filters of a query are left open
}


class ViewReader:
    """Lends connections to queries, at most `size` at once. Safe to use from any thread."""

    def __init__(self, conninfo: str, size: int) -> None:
        """Prepare; connections are opened when first needed."""
        self._conninfo = conninfo
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    def ask(self, query: Callable[[Cursor], T]) -> T:
        """Return what a query finds; ask again if its connection was dead before.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        with self._free:
            while True:
                kept = self._take()
                connection = kept or connect(self._conninfo, _SETTINGS)
                try:
                    with connection.cursor(row_factory=dict_row) as cursor:
                        found = query(cursor)
                except psycopg.Error as error:
                    connection.close()
                    if kept is None or not isinstance(error, psycopg.OperationalError):
                        raise unavailable(error) from error
                except BaseException:
                    connection.close()
                    raise
                else:
                    self._give_back(connection)
                    return found

    def close(self) -> None:
        """Drop every connection; those in use when they come back."""
        self._closed = True
        while connection := self._take():
            connection.close()

    def _take(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _give_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()
