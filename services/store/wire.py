"""One connection on which prepared statements travel in pipelines: a round trip for many.

psycopg's own pipeline stops for ever when a statement's parameters are larger than the socket's
buffers while answers wait to be read (seen at 450 KB on a Unix socket); here every wait while
sending also reads, as libpq's documentation asks for (34.5.1.1). It also waits with the
interpreter lock released, which `PGconn.get_result` alone does not.
"""

import select
from collections.abc import Callable, Mapping, Sequence

import psycopg
from psycopg import pq

READ, WRITE = select.POLLIN, select.POLLIN | select.POLLOUT
_TICK_MS = 1000
"""How often a wait looks whether it should go on waiting."""

Statement = tuple[bytes, Sequence[bytes]]
"""Name of a prepared statement and its parameters in binary format."""


class Disconnected(Exception):
    """The connection is gone; what the last statements did is unknown."""


class Failed(Exception):
    """The server refused a statement; the transaction is void."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message


class Wire:
    """A psycopg connection used through libpq's pipeline mode."""

    def __init__(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        statements: Mapping[bytes, bytes],
        abandoned: Callable[[], bool],
    ) -> None:
        """Prepare `statements` (SQL by name). `abandoned` tells waits to give up.

        Raises:
            Disconnected: the connection is gone.
            Failed: a statement is refused.
        """
        self._connection = connection
        self._pgconn = connection.pgconn
        self._abandoned = abandoned
        self._poll = select.poll()
        self._poll.register(self._pgconn.socket, READ)
        self._sent = 0
        try:
            self._pgconn.enter_pipeline_mode()
            for name, sql in statements.items():
                self._pgconn.send_prepare(name, sql)
                self._sent += 1
            self._sync()
        except psycopg.OperationalError as error:
            raise Disconnected(str(error)) from error
        self.receive()

    def send(self, statements: Sequence[Statement]) -> None:
        """Send statements and return without waiting for their results."""
        try:
            for name, parameters in statements:
                formats = [1] * len(parameters)
                self._pgconn.send_query_prepared(name, parameters, formats, 1)
                self._sent += 1
            self._sync()
        except psycopg.OperationalError as error:
            raise Disconnected(str(error)) from error

    def receive(self) -> list[pq.abc.PGresult]:
        """Wait for the result of every statement sent.

        Raises:
            Disconnected: the connection is gone.
            Failed: a statement was refused.
        """
        try:
            results = [self._result() for _ in range(self._sent)]
            self._next()
        except psycopg.OperationalError as error:
            raise Disconnected(str(error)) from error
        self._sent = 0
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise _failure(result)
        return results

    def call(self, statements: Sequence[Statement]) -> list[pq.abc.PGresult]:
        """Send statements and wait for their results."""
        self.send(statements)
        return self.receive()

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _sync(self) -> None:
        self._pgconn.pipeline_sync()
        while self._pgconn.flush():
            if self._wait(WRITE) & select.POLLIN:
                self._pgconn.consume_input()

    def _result(self) -> pq.abc.PGresult:
        result = self._next()
        if result is None or self._next() is not None:
            raise Disconnected("the server answered out of order")
        return result

    def _next(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            self._wait(READ)
            self._pgconn.consume_input()
        result = self._pgconn.get_result()
        if self._pgconn.status != pq.ConnStatus.OK:
            raise Disconnected(self._pgconn.get_error_message().strip())
        return result

    def _wait(self, events: int) -> int:
        if events != READ:
            self._poll.modify(self._pgconn.socket, events)
        try:
            while not (ready := self._poll.poll(_TICK_MS)):
                if self._abandoned():
                    raise Disconnected("gave up waiting for the server")
        finally:
            if events != READ:
                self._poll.modify(self._pgconn.socket, READ)
        return ready[0][1]


def _failure(result: pq.abc.PGresult) -> Failed:
    sqlstate = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
    message = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    return Failed(sqlstate.decode(), message.decode(errors="replace").strip())
