"""Who runs the embedded server: PostgreSQL refuses to run as root, so root steps down."""

import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.store.errors import StoreUnavailable

NAME: Final = "perpetua"
"""System user the server runs as when we are root."""
_PROGRAM_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who owns the server's files and runs its programs; None: whoever we are."""

    entry: pwd.struct_passwd | None

    @property
    def uid(self) -> int:
        """The numeric id files must have."""
        return self.entry.pw_uid if self.entry else os.geteuid()

    def make_folder(self, folder: Path) -> None:
        """Make a folder of mode 0700 that is the server's own, unless it is there.

        Raises:
            StoreUnavailable: what is there is not a private folder of the server's user.
        """
        if not folder.exists():
            made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            if self.entry:
                os.chown(made, self.entry.pw_uid, self.entry.pw_gid)
            with suppress(OSError):  # another process was first
                made.rename(folder)
        found = folder.lstat()
        if found.st_uid != self.uid or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
            raise StoreUnavailable(
                f"{folder} is not a private folder of the database's user",
                "remove it, or set PERPETUA_HOME to another folder",
            )

    def check_entry(self, folder: Path) -> None:
        """Make sure this user can get into a folder; we change nothing about others' folders.

        Raises:
            StoreUnavailable: a folder on the way is closed.
        """
        for parent in folder.resolve().parents if self.entry else ():
            found = parent.stat()
            if not (found.st_mode & 0o001 or found.st_uid == self.uid):
                raise StoreUnavailable(
                    f"the database runs as user {NAME}, who can't enter {parent}",
                    "set PERPETUA_HOME to a folder all may enter, such as /var/lib/perpetua",
                )

    def run(self, command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in a folder it may enter, and wait for it.

        Raises:
            OSError: it can't be started.
            subprocess.TimeoutExpired: it took over two minutes.
        """
        return subprocess.run(  # noqa: S603 (our own programs, no shell)
            [str(part) for part in command],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_PROGRAM_SECONDS,
            check=False,
            user=self.entry.pw_uid if self.entry else None,
            group=self.entry.pw_gid if self.entry else None,
            extra_groups=[] if self.entry else None,
        )


def server_user(folder: Path) -> ServerUser:
    """Return who runs the server whose files are in a folder.

    As root that is whoever owns the folder, or for a new one the user `perpetua`, made if there is
    none.

    Raises:
        StoreUnavailable: the user can't be made.
    """
    if os.geteuid() != 0:
        return ServerUser(None)
    try:
        if folder.exists() and (owner := folder.stat().st_uid) != 0:
            return ServerUser(pwd.getpwuid(owner))
        return ServerUser(pwd.getpwnam(NAME))
    except KeyError:
        return ServerUser(_add())


def _add() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (useradd, no shell)
        reason = made.stderr.strip()
    except OSError as error:
        reason = str(error)
    try:
        return pwd.getpwnam(NAME)  # also when another process was first
    except KeyError:
        raise StoreUnavailable(
            f"PostgreSQL does not run as root, and the user {NAME} can't be made: {reason}",
            f"make the system user {NAME}, run as another user, or set PERPETUA_DATABASE_URL",
        ) from None
