"""Keeps one view up from any source of events, partition by partition, in any number of processes.

Rows and checkpoints are saved in one transaction, and only from where the checkpoints stand: so a
stretch that two processes take in, or one that died in between, counts once.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from time import sleep
from typing import Final, TypeVar

import psycopg

from domain.ports import Checkpoint, EventSource, Stretch
from domain.recorded import Stored
from projections.view import View
from services.bus.errors import BusError
from services.store.connect import Connection, connect, passes, unavailable
from services.store.errors import StoreUnavailable
from services.store.mapper import to_recorded
from services.views import by_partition, ownership, skips, tables
from services.views.batch import change
from services.views.session import SETTINGS, session

logger = logging.getLogger(__name__)

T = TypeVar("T")

TAKE_SECS: Final = 0.5
AGAIN_SECS: Final = 1.0
"""How soon it begins again when its source or its database was away."""


class Apart:
    """One view in one database. Not safe to be used from two threads at once."""

    def __init__(
        self, conninfo: str, view: View, of_partitions: int, search_path: str | None = None
    ) -> None:
        """Make its tables if they are missing, and take the view over from who keeps the others.

        Args:
            conninfo: where PostgreSQL is, as URL or keywords.
            view: the read model to keep.
            of_partitions: how many its events have.
            search_path: where its tables are, already made, if not where they always are.

        Raises:
            StoreUnavailable: no server, or not permitted.
            KeptOtherwise: another version of the program built it.
        """
        self._view = view
        self._conninfo = conninfo
        self._settings = SETTINGS | ({"search_path": search_path} if search_path else {})
        self._connection: Connection | None = None
        self._stopped = set[int]()
        self.taken = 0
        """How many events it has taken in."""

        def install(connection: Connection) -> str:
            if not search_path:
                tables.install(connection, [view])
                ownership.take_over(connection, view, of_partitions)
            return str(ownership.database_id(connection))

        try:
            database = self._ask(install)
        except BaseException:
            self.close()
            raise
        self.group = f"perpetua-view-{view.name}-{database[:8]}"
        """The consumer group of all that keep this view in this database."""

    def checkpoints(self, of: Collection[int]) -> dict[int, Checkpoint]:
        """Return where it goes on in partitions.

        Raises:
            KeptOtherwise: it was handed back, or another version of the program keeps it.
        """
        return self._ask(lambda connection: by_partition.checkpoints(connection, self._view, of))

    def belongs(self, source: str) -> None:
        """See that events of this `ce_source` are those it is made of.

        Raises:
            ForeignHistory: they are of another store.
        """
        self._ask(lambda connection: ownership.must_belong(connection, self._view, source))

    def run(self, source: EventSource, stopped: Callable[[], bool]) -> None:
        """Take in what comes until stopped, or until a new source is needed.

        That is so where a partition was left that can be gone on in: what stopped it is skipped,
        or was taken in by another program.

        Raises:
            StoreUnavailable, BusUnavailable: nothing is half done; begin again with a new source.
            KeptOtherwise: it was handed back, or another version of the program keeps it.
        """
        while not stopped():
            if self._freed():
                return
            if stretches := source.take(TAKE_SECS):
                self._take_in(source, stretches)

    def broken(self, partition: int, wrong: Exception) -> None:
        """Note that a partition can't be read on."""
        start = self.checkpoints([partition]).get(partition, Checkpoint())
        self._stop(start, partition, None, wrong)

    def progress(self) -> list[by_partition.PartitionProgress]:
        """Return where it stands in each partition."""
        return self._ask(lambda connection: by_partition.read(connection, self._view))

    def close(self) -> None:
        """Drop the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _take_in(self, source: EventSource, stretches: Sequence[Stretch]) -> None:
        """Save stretches of several partitions at once; if that fails, each by itself."""
        if len(stretches) > 1:
            try:
                if self._ask(lambda connection: self._save(connection, stretches), passes):
                    return
            except StoreUnavailable:
                raise
            except Exception as error:
                logger.debug("stretches are taken in one by one", extra={"why": str(error)})
        for stretch in stretches:
            self._take_in_one(source, stretch)

    def _take_in_one(self, source: EventSource, stretch: Stretch) -> bool:
        """Save a stretch; if an event in it is at fault, all before it, and stop there."""
        try:
            moved = self._ask(lambda connection: self._save(connection, [stretch]), passes)
        except StoreUnavailable:
            raise
        except Exception as error:
            if not stretch.steps:
                raise
            if len(stretch.steps) == 1:
                failed = stretch.steps[0].stored
                if self._stop(stretch.start, stretch.partition, failed, error):
                    source.leave(stretch.partition)
                else:
                    source.again(stretch.partition)
                return False
            first, rest = stretch.split(len(stretch.steps) // 2)
            return self._take_in_one(source, first) and self._take_in_one(source, rest)
        if not moved:
            source.again(stretch.partition)
        return moved

    def _save(self, connection: Connection, stretches: Sequence[Stretch]) -> bool:
        events = [s.stored for each in stretches for s in each.steps if self._reads(s.stored)]
        skipped = skips.positions(connection, self._view) if events else frozenset[int]()
        wanted = sorted((e for e in events if e.position not in skipped), key=_position)
        batch = [to_recorded(each) for each in wanted]
        moved = False
        with connection.transaction():
            if not by_partition.advance(connection, self._view, stretches):
                raise psycopg.Rollback
            change(connection, self._view, batch)
            moved = True
        self.taken += len(batch) if moved else 0
        return moved

    def _reads(self, stored: Stored) -> bool:
        return stored.topic in self._view.topics

    def _stop(
        self, start: Checkpoint, partition: int, failed: Stored | None, error: Exception
    ) -> bool:
        """Note what stopped it in a partition; False if it is to go on there all the same."""
        position = failed.position if failed else None
        stopped = self._ask(
            lambda connection: by_partition.stop(
                connection, self._view, start, partition, failed, error
            )
        )
        if stopped:
            self._stopped.add(partition)
            logger.error(
                "a view is stopped in one partition",
                extra={"view": self._view.name, "partition": partition, "position": position,
                       "event_class": failed.topic if failed else None, "why": str(error)},
            )  # fmt: skip
        return stopped

    def _freed(self) -> bool:
        """Tell whether a partition that was stopped here is not any more."""
        if not self._stopped:
            return False
        freed = self._stopped - {part.partition for part in self.progress() if part.error}
        self._stopped -= freed
        return bool(freed)

    def _ask(
        self,
        work: Callable[[Connection], T],
        is_trouble: Callable[[psycopg.Error], bool] = lambda _: True,
    ) -> T:
        if self._connection is None:
            self._connection = connect(self._conninfo, self._settings)
        try:
            return work(self._connection)
        except psycopg.Error as error:
            if not is_trouble(error):
                raise
            self.close()
            raise unavailable(error) from error


def keep(apart: Apart, source: Callable[[], EventSource], stopped: Callable[[], bool]) -> None:
    """Keep a view up until stopped, however often its source or its database goes away.

    Raises:
        KeptOtherwise: it was handed back, or another version of the program keeps it.
    """
    while not stopped():
        try:
            with closing(source()) as opened:
                apart.run(opened, stopped)
        except (BusError, StoreUnavailable) as error:
            logger.warning("a view waits for its events", extra={"why": str(error)})
            sleep(AGAIN_SECS)


def hand_back(conninfo: str, view: View) -> bool:
    """Empty a view, and keep it apart no more; False if it is not.

    Raises:
        StoreUnavailable: no server, or not permitted.
    """
    with session(conninfo) as connection:
        tables.install(connection, [view])
        return ownership.hand_back(connection, view)


def _position(stored: Stored) -> int:
    return stored.position
