"""A few connections for reading, shared by threads, mended when the server was away."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore, Event
from time import monotonic, sleep
from typing import Any, Final, TypeVar

import psycopg
from psycopg.rows import BaseRowFactory

from services.store.connect import INDEXED, Connection, connect, unavailable
from services.store.errors import StoreUnavailable

Row = TypeVar("Row")

_PAUSE: Final = 0.1
"""Seconds between two attempts to reach the server."""


class Pool:
    """Lends connections, at most `size` at once; broken ones are replaced."""

    def __init__(
        self,
        conninfo: str,
        size: int,
        reconnect_seconds: float,
        revive: Callable[[], object] | None = None,
    ) -> None:
        """`revive` is called before connecting anew: it may start the server."""
        self._conninfo = conninfo
        self._reconnect_seconds = reconnect_seconds
        self._revive = revive
        self._free = BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._closed = Event()

    def query(
        self, sql: bytes, parameters: Mapping[str, Any], rows: BaseRowFactory[Row]
    ) -> list[Row]:
        """Return the rows of a statement that only reads, so that it may be asked again.

        Raises:
            StoreUnavailable: the server refuses, or was out of reach for too long.
        """
        deadline = monotonic() + self._reconnect_seconds
        while True:
            try:
                with self._lend() as connection:
                    cursor = connection.cursor(binary=True, row_factory=rows)
                    return cursor.execute(sql, parameters, prepare=True).fetchall()
            except psycopg.OperationalError as error:
                reason = unavailable(error)
            except psycopg.Error as error:
                raise unavailable(error) from error
            except StoreUnavailable as error:
                reason = error
            if self._closed.is_set() or monotonic() > deadline:
                raise reason
            self._drop_idle()
            sleep(_PAUSE)
            if self._revive:
                self._revive()

    def close(self) -> None:
        """Close every connection; those lent out when they come back."""
        self._closed.set()
        self._drop_idle()

    @contextmanager
    def _lend(self) -> Iterator[Connection]:
        with self._free:
            if self._closed.is_set():
                raise StoreUnavailable("the store has been closed", "open it again")
            connection = self._take() or connect(self._conninfo, INDEXED)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
        if self._closed.is_set():
            self._drop_idle()

    def _take(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _drop_idle(self) -> None:
        while connection := self._take():
            connection.close()
