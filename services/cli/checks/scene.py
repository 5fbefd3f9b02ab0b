"""What checks look at: the settings, this machine, and the store once it is reached."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from services import clock
from services.settings import Settings

if TYPE_CHECKING:
    from services.cli.instance import Running
    from services.store.connect import Connection


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _free_memory() -> int:
    return int(psutil.virtual_memory().available)


def _free_disk(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to run on."""

    cores: Callable[[], int] = _cores
    free_memory: Callable[[], int] = _free_memory
    """Bytes."""
    free_disk: Callable[[Path], int] = _free_disk
    """Bytes free where a folder is."""
    now: Callable[[], datetime] = clock.now


@dataclass(slots=True)
class Scene:
    """Everything a check may ask. Nothing is changed by looking."""

    settings: Settings
    machine: Machine = Machine()
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    connection: "Connection | None" = None
    """To the store, once `store` has reached it and there are tables; else null."""
    conninfo: str | None = None
    """Where the store is, once it is reached."""
    kafka_is_there: bool = False
    """Whether Kafka was reached, and its topics fit."""
    _opened: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Leave everything that was opened for looking."""
        self.connection = None
        self._opened.close()

    def running(self) -> "Running | None":
        """Return the `up` of this home, None if none runs."""
        from services.cli.instance import running

        return running(self.settings.home)

    def open_store(self) -> "Connection | None":
        """Reach the store without changing it; None if it has not been made yet.

        Raises:
            StoreUnavailable: it can't be reached.
        """
        from services.store.connect import connect
        from services.store.embedded import EmbeddedPostgres

        if self.settings.database_url:
            self.conninfo = self.settings.database_url
        elif (self.settings.home / "postgres" / "data").exists():
            embedded = EmbeddedPostgres(self.settings.home)
            self._opened.callback(embedded.stop_if_last_user)
            self.conninfo = embedded.start()
        else:
            return None
        return self._opened.enter_context(connect(self.conninfo))

    def ask(self, sql: str, table: str, parameters: list[Any] | None = None) -> list[Any]:
        """Return the rows of a query on a table of the store; none where there is no such table."""
        if self.connection is None or not self.has(table):
            return []
        return self.connection.execute(sql.encode(), parameters).fetchall()

    def has(self, table: str) -> bool:
        """Tell whether the store has a table."""
        if self.connection is None:
            return False
        row = self.connection.execute("select to_regclass(%s)", [table]).fetchone()
        return bool(row and row[0])


def nearest(path: Path) -> Path:
    """Return the folder that is there of those a path leads through, itself if it is."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())
