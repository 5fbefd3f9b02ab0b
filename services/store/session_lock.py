"""A lock that makes one of many: held by a connection, gone with it."""

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final, LiteralString

import psycopg

from services.store.connect import Connection, connect, unavailable

_KEEPALIVE: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""The server notices within half a minute that a holder's machine is gone."""


class SessionLock:
    """A session lock by name, on a connection of its own that a thread watches.

    Losing the connection is losing the lock: `lost` is set at once, and another may hold it. What
    the loser still writes is refused by its fence.

    It may be taken and given back from any thread: a release that comes while the lock is being
    taken waits for that, and gives it back.
    """

    def __init__(
        self,
        conninfo: str,
        name: str,
        on_lost: Callable[[], None] | None = None,
        silence_secs: float | None = None,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            conninfo: where PostgreSQL is, as URL or keywords.
            name: what the lock is on.
            on_lost: called once, in the watching thread, when the lock is lost.
            silence_secs: how long a holder may be stopped before it loses the lock; null: for ever.
                Only for holders whose writes are fenced: one that wakes goes on for a moment.
        """
        self.lost = threading.Event()
        self._conninfo = conninfo
        self._key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
        self._on_lost = on_lost
        self._silence_secs = silence_secs
        self._changing = threading.Lock()
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._wake: socket.socket | None = None

    @property
    def held(self) -> bool:
        """Whether this one has it, as far as is known."""
        return self._connection is not None and not self.lost.is_set()

    def try_acquire(self) -> bool:
        """Take the lock if it is free; return whether it is held now.

        Raises:
            StoreUnavailable: the server can't be reached.
        """
        if self.held:
            return True
        self.release()
        with self._changing:
            return self.held or self._take()

    def _take(self) -> bool:
        self.lost.clear()
        connection = connect(self._conninfo, _KEEPALIVE | self._silence())
        if not self._ask(connection, "select pg_try_advisory_lock(%s)"):
            connection.close()
            return False
        self._connection = connection
        woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(
            target=self._guard, args=(connection, woken), name="perpetua-lock", daemon=True
        )
        self._thread.start()
        return True

    def holder(self) -> int | None:
        """Return the process id of the server's session that holds the lock.

        Raises:
            StoreUnavailable: the server can't be reached.
        """
        with connect(self._conninfo) as connection:
            pid: int | None = self._ask(
                connection,
                "select pid from pg_locks where locktype = 'advisory' and granted"
                " and objsubid = 1 and classid::int8 << 32 | objid::int8 = %s"
                " and database = (select oid from pg_database where datname = current_database())",
            )
        return pid

    def release(self) -> None:
        """Give the lock back, if it is held."""
        with self._changing:
            connection, thread, wake = self._connection, self._thread, self._wake
            self._connection = self._thread = self._wake = None
        if wake and thread:
            wake.close()
            if thread is not threading.current_thread():
                thread.join()
        if connection:
            if not self.lost.is_set():  # the server may take a while to notice that it is closed
                with suppress(psycopg.Error):
                    connection.execute("select pg_advisory_unlock(%s)", (self._key,))
            connection.close()

    def _ask(self, connection: Connection, question: LiteralString) -> Any:
        """Return the one value a question about the lock brings, if any."""
        try:
            row = connection.execute(question, (self._key,)).fetchone()
        except psycopg.Error as error:
            connection.close()
            raise unavailable(error) from error
        return row[0] if row else None

    def _silence(self) -> dict[str, str]:
        if self._silence_secs is None:
            return {}
        return {"idle_session_timeout": f"{int(self._silence_secs * 1000)}ms"}

    def _guard(self, connection: Connection, woken: socket.socket) -> None:
        """Wait for the end of the connection, or for `release`; break the silence meanwhile."""
        pause_ms = self._silence_secs * 250 if self._silence_secs else None
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        waiting.register(woken, select.POLLIN)
        with woken, suppress(psycopg.Error):
            while True:
                ready = {descriptor for descriptor, _ in waiting.poll(pause_ms)}
                if woken.fileno() in ready:
                    return
                if ready:
                    connection.pgconn.consume_input()
                else:
                    connection.execute("select")
        self.lost.set()
        if self._on_lost:
            self._on_lost()
