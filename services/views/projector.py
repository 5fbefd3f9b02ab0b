"""Keeps the views up with the store: reads in batches, folds, saves rows and checkpoints in one.

The writes don't wait for the disk: if the server crashes, rows and checkpoints are lost together,
and are made again of events that did wait.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import psycopg

from domain.events import EVENT_CLASSES
from projections.view import View
from services.store.connect import Connection, connect, unavailable
from services.store.errors import StoreUnavailable
from services.store.reading import batch_size
from services.store.save import Stored
from services.views import progress
from services.views.batch import Batch, passes
from services.views.progress import Problem, Progress

BATCH_EVENTS: Final = 1_000
"""Most events of one transaction; fewer where they are large."""
_CLOSE_SECS: Final = 5.0
_SETTINGS: Final = {
    "synchronous_commit": "off",
    "idle_in_transaction_session_timeout": "10s",  # a stopped process must not hold up others
    "client_min_messages": "warning",
}


class Events(Protocol):
    """The store as far as views read it."""

    def head(self) -> int:
        """Return the last position; 0 while nothing is stored."""
        ...

    def read(
        self,
        after: int,
        limit: int,
        partitions: Sequence[int] | None = None,
        topics: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Stored]:
        """Return the first `limit` events after a position, in order, of these and no others."""
        ...


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
        """Make the tables that are missing, or that an earlier version made.

        Args:
            events: what to fold.
            conninfo: where PostgreSQL is, as URL or keywords.
            views: the read models to keep.
            moved: told the position that all have reached that are not stopped.
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
        self._stopped_at: int | None = None
        self._closing = False
        with self._busy:
            self._attempt(lambda connection: progress.install(connection, views))

    def catch_up(self) -> int:
        """Bring every view that is not stopped up to where the store is now; return how far.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        with self._busy:
            head = self._events.head()
            self._attempt(lambda connection: self._reach(connection, head))
            return head

    def rebuild(self, name: str) -> None:
        """Delete a view and build it again from the first event; meanwhile it is behind.

        Raises:
            KeyError: there is no view of this name.
            StoreUnavailable: the server is out of reach.
        """
        view = self._views[name]
        with self._busy:
            self._attempt(lambda connection: progress.reset(connection, view))
        self.catch_up()

    def problems(self) -> list[Problem]:
        """Return the views that are stopped, and why. The event is not skipped."""
        found: dict[str, Progress] = {}
        with self._busy:
            self._attempt(lambda connection: found.update(progress.read(connection)))
        problems = (progress.problem(view, found[view.name]) for view in self._views.values())
        return [problem for problem in problems if problem]

    def stopped_before(self, position: int) -> bool:
        """Tell whether a view is stopped that does not take in this position."""
        return self._stopped_at is not None and self._stopped_at < position

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
                    self._connection = connect(self._conninfo, _SETTINGS)
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

    def _reach(self, connection: Connection, head: int) -> None:
        while not self._closing:
            going, stopped = self._standing(progress.read(connection))
            self._stopped_at = min(stopped, default=None)
            after = min(going.values(), default=head)
            self._moved(after)
            if after >= head:
                return
            behind = [self._views[name] for name, at in going.items() if at == after]
            further = (at for at in going.values() if at > after)
            self._step(connection, behind, after, min(further, default=head))

    def _standing(self, progress: dict[str, Progress]) -> tuple[dict[str, int], list[int]]:
        """Return where views stand that can be moved, by name, and where the others stopped."""
        going = {
            name: progress[name].position
            for name, view in self._views.items()
            if self._goes_on(view, progress[name])
        }
        return going, [progress[name].position for name in self._views.keys() - going.keys()]

    def _goes_on(self, view: View, stands: Progress) -> bool:
        """Tell whether a view can be moved; a process tries once what stopped it."""
        tried = (view.name, stands.failed_position) in self._tried
        return stands.version == view.version and not tried

    def _step(self, connection: Connection, views: Sequence[View], after: int, upto: int) -> None:
        """Move views that stand at the same place one batch further, at most to `upto`."""
        topics = frozenset[str]().union(*(view.topics for view in views))
        events = self._events.read(
            after,
            self._limit,
            topics=None if topics >= EVENT_CLASSES.keys() else sorted(topics),
            upto=upto,
        )
        if len(events) == self._limit:
            upto = events[-1].position
        batch = Batch(connection, events)
        batch.apply(views, after, upto)
        self._tried.update(batch.stopped)
        if events:
            mean = sum(len(event.state) for event in events) // len(events)
            self._limit = min(self._batch_events, batch_size(self._limit, mean))
