"""PostgreSQL of our own under the home folder, for whoever has no server (ADR 2)."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final
from urllib.parse import quote

import psutil
import psycopg

from services.store.connect import Connection, connect
from services.store.errors import StoreUnavailable
from services.store.file_lock import file_lock
from services.store.server_files import ServerFiles, make_home
from services.store.server_process import SUPERUSER, ServerProcess
from services.store.server_user import ServerUser, server_user

_START_SECONDS: Final = 90.0
"""Crash recovery included."""
_ANCHOR: Final = "perpetua-anchor-"
"""Begins the name of the connection that says: this process uses the server; its id follows."""
_OTHERS: Final = (
    "select application_name from pg_stat_activity where pid <> pg_backend_pid()"
    " and backend_type in ('client backend', 'walsender')"
)
_CLOSING_SECONDS: Final = 2.0
"""How long connections of nobody who lives may take to close before they count as users."""


class EmbeddedPostgres:
    """A server shared by the processes of one home: the first starts it, the last stops it.

    Each process that uses it keeps one connection open, the anchor: the server's own list of
    connections says who uses it, and is right however a process ended. Starting and stopping
    happen under a lock on a file, which dies with its holder.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._files = ServerFiles(self._home / "postgres")
        self._anchor: Connection | None = None
        self._busy = threading.Lock()

    @property
    def conninfo(self) -> str:
        """The URL of the server, running or not."""
        host = quote(str(self._files.sockets), safe="")
        return f"postgresql://{SUPERUSER}@/postgres?host={host}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return ServerProcess(self._files, ServerUser(None)).pid()

    def start(self) -> str:
        """Make sure the server runs, and that it won't be stopped while we live; return its URL.

        May be called again at any time, from any thread, to bring a crashed server back.

        Raises:
            StoreUnavailable: it can't be started; says why and what to do.
        """
        try:
            with self._busy:
                make_home(self._home)
                user = server_user(self._files.root)
                user.check_entry(self._files.root)
                user.make_folder(self._files.root)
                user.make_folder(self._files.sockets)
                with file_lock(self._files.lock):
                    self._anchor = self._anchored() or self._come_up(
                        ServerProcess(self._files, user)
                    )
        except OSError as error:
            raise StoreUnavailable(
                f"the database can't be started: {error}",
                "make room or set PERPETUA_HOME to a folder that can be written",
            ) from error
        return self.conninfo

    def stop_if_last_user(self) -> bool:
        """Leave the server, and stop it if nobody else is connected; return whether it stopped.

        Close every connection of this process first.
        """
        if self.pid is None:
            self.leave()
            return False
        with self._busy, file_lock(self._files.lock):
            process = ServerProcess(self._files, server_user(self._files.root))
            try:
                self._anchor = self._anchored() or connect(self.conninfo)
                alone = self._alone(self._anchor)
            except (psycopg.Error, StoreUnavailable):  # it has just gone down by itself
                alone = False
            self.leave()
            return alone and process.stop()

    def leave(self) -> None:
        """Stop counting as a user, and let the server run on."""
        if self._anchor:
            with suppress(psycopg.Error):  # from now on it counts as closing
                self._anchor.execute("set application_name = 'perpetua-leaving'")
            self._anchor.close()
            self._anchor = None

    def _anchored(self) -> Connection | None:
        """Return the anchor if the server at its other end still lives.

        Children of a killed server answer for a while: the server itself must be there.
        """
        if self._anchor:
            try:
                self._anchor.execute("select 1")
            except psycopg.Error:
                self.leave()
            if self.pid is None:
                self.leave()
        return self._anchor

    def _come_up(self, process: ServerProcess) -> Connection:
        process.prepare()
        deadline = monotonic() + _START_SECONDS
        while True:
            if process.pid() is None:
                process.launch()
            try:
                return connect(self.conninfo, {"application_name": f"{_ANCHOR}{os.getpid()}"})
            except StoreUnavailable:  # still starting, recovering, or on its way out
                if monotonic() > deadline:
                    raise
            sleep(0.05)

    def _alone(self, anchor: Connection) -> bool:
        patient_until = monotonic() + _CLOSING_SECONDS
        while others := [name for (name,) in anchor.execute(_OTHERS)]:
            if any(map(_is_in_use, others)) or monotonic() > patient_until:
                return False
            sleep(0.01)
        return True


def _is_in_use(name: str) -> bool:
    """Tell whether a connection is the anchor of a process that lives.

    The server closes those of a killed one by itself, however long that takes on a busy machine.
    """
    if not name.startswith(_ANCHOR):
        return False
    try:
        process = psutil.Process(int(name.removeprefix(_ANCHOR)))
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except (ValueError, psutil.Error):
        return False
