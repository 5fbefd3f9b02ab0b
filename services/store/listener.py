"""Hears of the commits of other processes: by LISTEN, and by asking where that does not reach."""

import logging
import select
import socket
import threading
from collections.abc import Callable
from typing import Final

import psycopg

from services.store.connect import Connection, connect
from services.store.errors import StoreUnavailable
from services.store.transaction import CHANNEL

logger = logging.getLogger(__name__)

_PAUSE_MS: Final = 200
"""Between two attempts to reach the server."""


class Listener:
    """One thread and one connection a process, however many follow; starts when first needed.

    After every connect, and whenever nothing was heard for `poll_seconds`, it asks for the head
    itself: a notification that was lost delays, it never hides an event.
    """

    def __init__(self, conninfo: str, poll_seconds: float, heard: Callable[[int], None]) -> None:
        """`heard` is told committed positions, in the listening thread."""
        self._conninfo = conninfo
        self._poll_ms = int(poll_seconds * 1000)
        self._heard = heard
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._woken, self._wake = socket.socketpair()

    def start(self) -> None:
        """Listen from now on."""
        with self._starting:
            if not self._thread and not self._closing:
                self._thread = threading.Thread(
                    target=self._run, name="perpetua-listen", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        with self._starting:
            if self._closing:
                return
            self._closing = True
            self._wake.send(b"x")
            if self._thread:
                self._thread.join()
            self._wake.close()
            self._woken.close()

    def _run(self) -> None:
        reported = False
        while not self._closing:
            try:
                with connect(self._conninfo) as connection:
                    reported = False
                    self._listen(connection)
            except (psycopg.Error, StoreUnavailable) as error:
                if not reported and not self._closing:
                    logger.warning("the store is out of reach, trying on", extra={"why": error})
                    reported = True
                select.select([self._woken], [], [], _PAUSE_MS / 1000)

    def _listen(self, connection: Connection) -> None:
        connection.add_notify_handler(lambda notify: self._note(notify.payload))
        connection.execute(f"listen {CHANNEL}")
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        waiting.register(self._woken, select.POLLIN)
        while not self._closing:
            row = connection.execute("select coalesce(max(position), 0) from events").fetchone()
            self._note(str(row[0]) if row else "")
            while not self._closing and waiting.poll(self._poll_ms):
                connection.pgconn.consume_input()
                while notify := connection.pgconn.notifies():
                    self._note(notify.extra.decode())

    def _note(self, position: str) -> None:
        if position.isdecimal():
            self._heard(int(position))
