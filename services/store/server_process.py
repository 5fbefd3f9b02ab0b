"""The embedded server as a process: made, launched, found again, stopped."""

import os
import shlex
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from services.store.errors import StoreUnavailable
from services.store.server_files import ServerFiles, find_programs
from services.store.server_user import ServerUser

VERSION: Final = "18"
"""Release of PostgreSQL whose data we read and write."""
SUPERUSER: Final = "perpetua"
"""The database's own user; whoever may open the socket is let in."""
_LOG_BYTES: Final = 5_000_000
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "update_process_title": "off",
}
"""Nothing here trades durability: fsync, full_page_writes and synchronous_commit stay on."""
_INITDB: Final = (
    "--username=" + SUPERUSER,
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--auth-local=trust",
    "--auth-host=reject",
    "--data-checksums",
    "--no-instructions",
)
_REMAINS: Final = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block")
"""Complaints about children of a killed server, which end by themselves."""
_HINTS: Final = {
    "No space left": "make room on the disk, or set PERPETUA_HOME to another one",
    "ermission denied": "set PERPETUA_HOME to a folder the user perpetua may enter and write",
}
_WRONG: Final = ("FATAL:", "PANIC:", "error:")


class ServerProcess:
    """The server of these files. Whoever changes anything holds the file lock."""

    def __init__(self, files: ServerFiles, user: ServerUser) -> None:
        self._files = files
        self._user = user
        self._programs: Path | None = None

    def pid(self) -> int | None:
        """Return the running server's process id.

        A number in a file is not enough: after a crash it may be anybody's.
        """
        try:
            process = psutil.Process(self._noted_pid())
            ours = Path(process.cwd()) == self._files.data.resolve()
            return process.pid if ours and process.name().startswith("postgres") else None
        except (OSError, ValueError, psutil.Error):
            return None

    def prepare(self) -> None:
        """Make the data directory unless it is there, whole or not at all.

        Raises:
            StoreUnavailable: it can't be made, or belongs to another release.
        """
        if not self._files.data.exists():
            self._make_data()
        found = (self._files.data / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise StoreUnavailable(
                f"{self._files.data} was written by PostgreSQL {found}, this one is {VERSION}",
                "use the release of perpetua that wrote it, or another PERPETUA_HOME",
            )

    def launch(self) -> None:
        """Start the server and wait until it answers.

        Returns without it if remains of a killed one are still in the way: try again.

        Raises:
            StoreUnavailable: it does not start.
        """
        self._clear_remains()
        log, said = self._files.log, 0
        with suppress(FileNotFoundError):
            said = log.stat().st_size
            if said > _LOG_BYTES:
                log.replace(log.with_suffix(".log.old"))
                said = 0
        done = self._run("pg_ctl", "start", "-w", "-s", "-l", log.name, "-o", self._options())
        if done.returncode == 0:
            return
        text = self._files.said(said) or done.stdout
        if self.pid() is None and not any(remains in text for remains in _REMAINS):
            reason = _complaint(text)
            raise StoreUnavailable(f"PostgreSQL does not start: {reason}", self._hint(reason))

    def stop(self) -> bool:
        """Stop the server in good order; return whether it is gone."""
        self._run("pg_ctl", "stop", "-w", "-s", "-m", "fast")
        return self.pid() is None

    def _noted_pid(self) -> int:
        return int((self._files.data / "postmaster.pid").read_text().splitlines()[0])

    def _make_data(self) -> None:
        for left in self._files.root.glob("initdb-*"):  # by one that was killed
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix="initdb-", dir=self._files.root)) / "data"
        if self._user.entry:
            os.chown(made.parent, self._user.entry.pw_uid, self._user.entry.pw_gid)
        done = self._run("initdb", *_INITDB, "-D", made)
        if done.returncode:
            shutil.rmtree(made.parent, ignore_errors=True)
            reason = _complaint(done.stdout)
            raise StoreUnavailable(f"the database can't be made: {reason}", self._hint(reason))
        made.rename(self._files.data)
        made.parent.rmdir()
        folder = os.open(self._files.root, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _clear_remains(self) -> None:
        """Remove what a killed server left and a new one would mistake for a running one.

        The data's own lock file stays, for it also guards against orphaned children; but its
        number may by now be another process's. A server takes its grandparent's for dead.
        """
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._files.sockets / name).unlink(missing_ok=True)
        noted = self._files.data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError):
            if psutil.pid_exists(self._noted_pid()):
                _, _, rest = noted.read_text().partition("\n")
                noted.write_text(f"{os.getpid()}\n{rest}")

    def _options(self) -> str:
        folder = str(self._files.sockets).replace('"', '""')
        settings = {**_SETTINGS, "unix_socket_directories": f'"{folder}"'}
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        self._programs = self._programs or find_programs(self._user, self._files)
        # Names relative to the folder it runs in: pg_ctl's shell would read a path's $ and ".
        where = () if program == "initdb" else ("-D", self._files.data.name)
        try:
            return self._user.run([self._programs / program, *arguments, *where], self._files.root)
        except subprocess.SubprocessError as error:
            raise StoreUnavailable(f"{program} does not end: {error}", "try again") from error

    def _hint(self, reason: str) -> str:
        hints = [hint for cause, hint in _HINTS.items() if cause in reason]
        return (hints or [f"see {self._files.log}, or set PERPETUA_DATABASE_URL"])[0]


def _complaint(text: str) -> str:
    """Return the last line that says what went wrong, without time and process."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line.partition(mark)[2] for line in lines for mark in _WRONG if mark in line]
    causes = [line for line in wrong if any(cause in line for cause in _HINTS)]
    return (causes or wrong or lines or ["it does not say why"])[-1].strip()
