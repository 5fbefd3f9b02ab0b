"""Stands between a client and PostgreSQL, and cuts the line at the worst moments."""

import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

import psycopg

COMMITTED = b"C\0\0\0\x0bCOMMIT\0"
"""What the server says when a transaction is committed."""
COMMIT = b"\0commit\0\0\0\0\0\0\1\0\1"
"""In what the client sends: `commit` is bound, to no portal's name, without parameters."""


class CuttingProxy:
    """Forwards connections on a Unix socket of its own until told to cut one."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            info = connection.info
            self._server = info.host, info.port
            parameters = {"user": info.user, "password": info.password, "dbname": info.dbname}
        self._folder = tempfile.TemporaryDirectory(prefix="perpetua-proxy-")
        self.url = psycopg.conninfo.make_conninfo(
            "", **parameters, host=self._folder.name, sslmode="disable", gssencmode="disable"
        )
        self._cut_at: bytes | None = None
        self._cuts_there = True
        self._from_server = True
        self._then: Callable[[], object] = lambda: None
        self.cuts = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(Path(self._folder.name) / ".s.PGSQL.5432"))
        self._listening.listen()
        self._spawn(self._accept)

    def cut_before_answer(self, then: Callable[[], object] = lambda: None) -> None:
        """At the next commit, let the server commit, but never say so. `then` runs before."""
        self._arm(COMMITTED, from_server=True, then=then)

    def cut_before_commit(self, then: Callable[[], object] = lambda: None) -> None:
        """At the next commit, keep the request from the server."""
        self._arm(COMMIT, from_server=False, then=then)

    def hold_at(self, text: bytes, until: Callable[[], object]) -> None:
        """Let the next request with this text wait until a call returns."""
        self._arm(text, from_server=False, then=until, cuts=False)

    def refuse(self) -> None:
        """Take no new connections."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def __enter__(self) -> "CuttingProxy":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()
        for each in self._open:
            _close(each)
        for thread in self._threads:
            thread.join(5)
        self._folder.cleanup()

    def _arm(
        self, cut_at: bytes, *, from_server: bool, then: Callable[[], object], cuts: bool = True
    ) -> None:
        self._from_server, self._then, self._cuts_there = from_server, then, cuts
        self._cut_at = cut_at

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            host, port = self._server
            if host.startswith("/"):
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{host}/.s.PGSQL.{port}")
            else:
                server = socket.create_connection((host, port))
            self._open += [client, server]
            self._spawn(partial(self._forward, client, server, False))
            self._spawn(partial(self._forward, server, client, True))

    def _forward(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        try:
            while data := source.recv(1 << 20):
                cut_at = self._cut_at
                if cut_at and self._from_server == from_server and cut_at in data:
                    self._cut_at = None
                    self._then()
                    if self._cuts_there:
                        self.cuts += 1
                        break
                sink.sendall(data)
        except OSError:
            pass
        _close(source)
        _close(sink)

    def _spawn(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()


def _close(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
