"""Keeps the views up with the store: reads in batches, folds, saves rows and checkpoints in one."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import psycopg

from domain.events import EVENT_CLASSES
from projections.view import View
from services.store.connect import Connection, connect, passes, unavailable
from services.store.errors import StoreUnavailable
from services.store.reading import batch_size
from services.views import by_position, standing, tables
from services.views.batch import Batch
from services.views.by_partition import PartitionProgress
from services.views.by_position import Place, Progress
from services.views.events import Events
from services.views.session import SETTINGS
from services.views.standing import Problem, Standing

BATCH_EVENTS: Final = 1_000
"""Most events of one transaction; fewer where they are large."""
_CLOSE_SECS: Final = 5.0


class Projector:
    """Moves views on, over one connection of its own. Safe to use from any thread and process."""

    def __init__(
        self,
        events: Events,
        conninfo: str,
        views: Sequence[View],
        moved: Callable[[int], None],
        batch_events: int = BATCH_EVENTS,
    ) -> None:
        """Make the tables that are missing.

        Args:
            events: what to fold.
            conninfo: where PostgreSQL is, as URL or keywords.
            views: the read models to keep.
            moved: told the position that all have reached, but for partitions that are stopped.
            batch_events: most events of one transaction.

        Raises:
            StoreUnavailable: no server, or not permitted.
        """
        self._conninfo = conninfo
        self._events = events
        self._views = {view.name: view for view in views}
        self._moved = moved
        self._batch_events = batch_events
        self._limit = min(100, batch_events)
        self._tried: set[tuple[str, int]] = set()
        self._busy = threading.Lock()
        self._connection: Connection | None = None
        self._left_at: int | None = None
        self._lagging: list[tuple[View, PartitionProgress]] = []
        self._closing = False
        self.outdated: list[View] = []
        """Views an earlier version of the program built; they are left as they are."""
        with self._busy:
            self._attempt(lambda connection: self._install(connection, views))

    def catch_up(self) -> int:
        """Bring every view that is not stopped up to where the store is now; return how far.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        with self._busy:
            head = self._events.head()
            self._attempt(lambda connection: self._reach(connection, head))
            return head

    def standings(self) -> list[Standing]:
        """Return how each view stands, those kept apart included."""
        found: list[Standing] = []
        with self._busy:
            self._attempt(lambda connection: found.extend(standing.read(connection, self._events)))
        return found

    def problems(self) -> list[Problem]:
        """Return what holds up the views that are kept here. No event is skipped."""
        found: dict[str, Progress] = {}
        with self._busy:
            self._attempt(lambda connection: found.update(by_position.read(connection)))
        return [
            problem
            for view in self._views.values()
            for problem in standing.problems(view, found[view.name])
        ]

    def shows(self, position: int) -> bool | None:
        """Tell whether views that have come so far take an event in: none lags behind it there.

        None while one does that is catching up. The store is asked only while a partition lags.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        if self._left_at is not None and self._left_at < position:
            return False
        lagging = [(view, part) for view, part in self._lagging if part.position < position]
        found = self._events.read(position - 1, 1, upto=position) if lagging else []
        behind = [each for each in lagging if found and each[1].partition == found[0].partition]
        if any(self._was_tried(view, part) for view, part in behind):
            return False
        return None if behind else True

    def close(self) -> None:
        """Stop after the batch at hand, and drop the connection; don't wait for a lost server."""
        self._closing = True
        if self._busy.acquire(timeout=_CLOSE_SECS):
            self._disconnect()
            self._busy.release()

    def _attempt(self, work: Callable[[Connection], None]) -> None:
        """Do something; once more if the connection turns out to be dead."""
        for last in (False, True):
            try:
                if self._closing:
                    raise StoreUnavailable("the views have been closed", "open them again")
                if self._connection is None:
                    self._connection = connect(self._conninfo, SETTINGS)
                return work(self._connection)
            except psycopg.Error as error:
                self._disconnect()
                if last or not passes(error):
                    raise unavailable(error) from error
            except BaseException:
                self._disconnect()
                raise
        return None

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _install(self, connection: Connection, views: Sequence[View]) -> None:
        self.outdated = tables.install(connection, views)

    def _reach(self, connection: Connection, head: int) -> None:
        """Take turns: a step where a partition lags, then one at the front, until neither is left.

        So a partition that has long to catch up holds up no other and no other view.
        """
        while not self._closing:
            kept = self._kept(by_position.read(connection))
            helped = self._help_up(connection, kept)
            if helped:
                kept = self._kept(by_position.read(connection))
            after = min((each.position for each in kept), default=head)
            self._moved(after)
            if after < head:
                behind = [self._front(each) for each in kept if each.position == after]
                further = (each.position for each in kept if each.position > after)
                self._step(connection, behind, after, min(further, default=head))
            elif not helped:
                return

    def _kept(self, found: dict[str, Progress]) -> list[Progress]:
        """Return where the views stand that are this program's to keep; note what is not shown."""
        here = [found[name] for name in self._views if not found[name].apart]
        kept = [each for each in here if each.version == self._views[each.name].version]
        self._left_at = min((each.position for each in here if each not in kept), default=None)
        self._lagging = [(self._views[each.name], part) for each in kept for part in each.lagging]
        return kept

    def _help_up(self, connection: Connection, kept: Sequence[Progress]) -> bool:
        """Move a partition that lags one batch further; False if there is none that can be moved.

        A process tries once what stopped it.
        """
        for stands in kept:
            for part in stands.lagging:
                if not self._was_tried(self._views[stands.name], part):
                    place = replace(self._front(stands), partition=part.partition)
                    self._step(connection, [place], part.position, stands.position)
                    return True
        return False

    def _was_tried(self, view: View, part: PartitionProgress) -> bool:
        return (view.name, part.failed_position) in self._tried

    def _front(self, stands: Progress) -> Place:
        lagging = frozenset(part.partition for part in stands.lagging)
        return Place(self._views[stands.name], stands.skipped, lagging)

    def _step(self, connection: Connection, places: Sequence[Place], after: int, upto: int) -> None:
        """Move places where views stand alike one batch further, at most to `upto`."""
        topics = frozenset[str]().union(*(place.view.topics for place in places))
        partition = places[0].partition
        events = self._events.read(
            after,
            self._limit,
            partitions=None if partition is None else [partition],
            topics=None if topics >= EVENT_CLASSES.keys() else sorted(topics),
            upto=upto,
        )
        if len(events) == self._limit:
            upto = events[-1].position
        batch = Batch(connection, events)
        batch.apply(places, after, upto)
        self._tried.update(batch.stopped)
        if events:
            mean = sum(len(event.state) for event in events) // len(events)
            self._limit = min(self._batch_events, batch_size(self._limit, mean))
