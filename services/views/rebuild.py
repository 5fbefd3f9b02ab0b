"""Builds a view anew beside the one that is read, and puts it in its place (ADR 0012).

Reads and the keeping-up go on meanwhile. What is built is a view kept apart, in a schema of its own
(`beside`); at the end whoever keeps the old one waits for a moment, until the new one has taken in
what the old one has, and is put in its place in one transaction. Comparing the two holds up nobody:
it is done as of a moment at which they were level.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

import psycopg

from domain.ports import EventSource
from projections.view import View
from services.store.connect import Connection
from services.views import exchange
from services.views.apart import Apart
from services.views.beside import Beside
from services.views.bounded import Bounded
from services.views.by_partition import PartitionProgress
from services.views.errors import Differs, RebuiltElsewhere, StopsSooner
from services.views.exchange import Old
from services.views.filling import Goals, Told, after, fill
from services.views.session import session

logger = logging.getLogger(__name__)

LOCK_MS: Final = 1_500
"""How long it waits for who reads the old view, and new readers behind it, before it lets go.

Longer than PostgreSQL's `deadlock_timeout`, a second: only then an autovacuum that is in the way is
ended.
"""
HOLD_SECS: Final = 3.0
"""How long those who keep the old view may be held up by the last of the building."""
AGAIN_SECS: Final = 1.0
"""How long it lets them all go on before it tries again."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Where the events come from."""

    source: Callable[[Apart], EventSource]
    reachable: Callable[[Goals], Goals] = lambda goals: goals
    """Positions such a source will come to, given those that are wanted."""
    ahead: Callable[[str, Goals], int] = lambda *_: 0
    """Builds a part before the source is asked; says how many events that took in.

    It is given the search path of what is built, and the positions it is wanted up to.
    """


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done."""

    view: str
    events: int
    """Events it took in."""
    seconds: float
    equal: bool | None
    """Whether the old view held the same rows when they were compared; null if not asked."""
    stopped: Sequence[PartitionProgress]
    """Partitions in which it can't take in what the old one, of another version, did."""

    @property
    def events_per_second(self) -> float:
        """How fast it was."""
        return self.events / self.seconds if self.seconds else 0.0


Level = AbstractContextManager[tuple[Old, list[PartitionProgress]]]
"""Where the old view stands and where the new one does, neither moving while it lasts."""


class Rebuild:
    """One rebuild of one view."""

    def __init__(self, conninfo: str, view: View, of_partitions: int, told: Told) -> None:
        """Prepare; the view must have been installed.

        Args:
            conninfo: where the view is, as URL or keywords.
            view: the read model.
            of_partitions: how many its events have.
            told: told again and again how far it is.
        """
        self._conninfo = conninfo
        self._view = view
        self._of_partitions = of_partitions
        self._told = told

    def run(self, feed: Feed, *, check: bool = False) -> Rebuilt:
        """Build the view and put it in the place of the old one.

        If it ends early, the old view is as it was.

        Args:
            feed: where the events come from.
            check: whether to compare the rows of old and new; if both are of one version and
                differ, the old one stays.

        Raises:
            NotRebuilt: the old one must stay in use; see `errors`.
            StoreUnavailable, BusError: the server, or the source, is out of reach.
            PartLost: a process that built a part of it has ended.
        """
        began = monotonic()
        with session(self._conninfo) as connection:
            beside = Beside(connection, self._view)
            beside.must_not_be_needed(connection)
            if not _lock(connection, beside):
                raise RebuiltElsewhere(self._view)
            try:
                beside.make(connection, self._of_partitions)
                before = feed.ahead(beside.search_path, self._goals(connection))
                taken, equal, stopped = self._build(connection, beside, feed, check=check)
            except BaseException:
                with suppress(psycopg.Error):
                    beside.drop(connection)
                raise
        return Rebuilt(self._view.name, before + taken, monotonic() - began, equal, stopped)

    def _build(
        self, connection: Connection, beside: Beside, feed: Feed, *, check: bool
    ) -> tuple[int, bool | None, list[PartitionProgress]]:
        apart = Apart(self._conninfo, self._view, self._of_partitions, beside.search_path)
        with closing(apart), closing(Bounded(feed.source(apart))) as source:

            @contextmanager
            def level() -> Iterator[tuple[Old, list[PartitionProgress]]]:
                """Hold whoever keeps the old view where the new one has all that it has."""
                while True:
                    fill(apart, source, feed.reachable(self._goals(connection)), self._told)
                    with connection.transaction():
                        old = exchange.locked(connection, self._view, self._of_partitions)
                        goals = feed.reachable(old.positions)
                        if fill(apart, source, goals, stopped=after(HOLD_SECS)):
                            yield old, apart.progress()
                            return

            equal = self._compared(beside, level()) if check else None
            while True:
                try:
                    with level() as (old, new):
                        sooner = self._stopping_sooner(old, new)
                        exchange.take_place(connection, self._view, old, new, beside.schema)
                        connection.execute(f"set local lock_timeout = {LOCK_MS}")
                        beside.replace(connection)
                    self._warn(sooner)
                    return apart.taken, equal, sooner
                except psycopg.errors.LockNotAvailable:
                    logger.info("a view built anew waits for who reads the old one")
                    sleep(AGAIN_SECS)

    def _compared(self, beside: Beside, level: Level) -> bool:
        """Tell whether old and new are equal, as of a moment at which they are level."""
        with session(self._conninfo) as looking:
            with level as (old, new):
                self._stopping_sooner(old, new)
                looking.execute("begin isolation level repeatable read; select")  # as of now
            equal = beside.equals(looking)
        if not equal and old.version == self._view.version:
            raise Differs(self._view)
        return equal

    def _goals(self, connection: Connection) -> Goals:
        """Return where the old view stands now."""
        with connection.transaction():
            return exchange.locked(connection, self._view, self._of_partitions).positions

    def _stopping_sooner(
        self, old: Old, new: Sequence[PartitionProgress]
    ) -> list[PartitionProgress]:
        """Return where the new view can't take in what the old one of another version did.

        Raises:
            StopsSooner: both are of one version; the old one can be kept on with.
        """

        def is_sooner(part: PartitionProgress) -> bool:
            failed = part.failed_position or part.position
            return part.error is not None and failed <= old.positions[part.partition]

        sooner = [part for part in new if is_sooner(part)]
        if sooner and old.version == self._view.version:
            raise StopsSooner(self._view, sooner[0])
        return sooner

    def _warn(self, sooner: Sequence[PartitionProgress]) -> None:
        for part in sooner:
            logger.error(
                "a view of a new version is in use that takes in less than the one before it",
                extra={"view": self._view.name, "partition": part.partition,
                       "position": part.position, "why": part.error},
            )  # fmt: skip


def _lock(connection: Connection, beside: Beside) -> bool:
    """Take the lock of all who build there; it is gone with the connection."""
    sql = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
    return connection.execute(sql, [beside.schema]).fetchone() == (True,)
