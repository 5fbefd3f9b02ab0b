"""One batch of events, folded into views and saved with their checkpoints."""

import logging
from collections.abc import Sequence

import psycopg

from domain.recorded import Recorded
from projections.view import View
from services.store.connect import Connection
from services.store.mapper import to_recorded
from services.store.save import Stored
from services.views import progress

logger = logging.getLogger(__name__)


class Batch:
    """Applies a batch to views that stand at the same place; decodes each event once for all."""

    def __init__(self, connection: Connection, events: Sequence[Stored]) -> None:
        self._connection = connection
        self._events = events
        self._decoded: dict[int, Recorded] = {}
        self.stopped: list[tuple[str, int]] = []
        """Views this batch stopped, and the position of the event that did."""

    def apply(self, views: Sequence[View], after: int, upto: int) -> None:
        """Save what the batch changes in views that stand at `after`, and that they reach `upto`.

        Views that another process has moved meanwhile stay as they are.

        Raises:
            psycopg.Error: the connection or the server is at fault; nothing is half done.
        """
        self._apply(views, after, upto, self._events)

    def _apply(
        self, views: Sequence[View], after: int, upto: int, events: Sequence[Stored]
    ) -> None:
        try:
            self._save(views, after, upto, events)
        except Exception as error:
            if not events or (isinstance(error, psycopg.Error) and passes(error)):
                raise
            self._isolate(views, after, upto, events, error)

    def _save(self, views: Sequence[View], after: int, upto: int, events: Sequence[Stored]) -> None:
        work = [
            (statement.sql, statement.parameter)
            for view in views
            for statement in view.fold([self._decode(e) for e in events if e.topic in view.topics])
        ]
        with self._connection.transaction():
            if progress.advance(self._connection, views, after, upto):
                for sql, parameter in work:
                    self._connection.execute(sql, [parameter])

    def _isolate(
        self,
        views: Sequence[View],
        after: int,
        upto: int,
        events: Sequence[Stored],
        error: Exception,
    ) -> None:
        """Cut the batch, by view and then in halves, until the event is found that is at fault.

        All before it is saved; what comes after is left, as the view no longer stands there.
        """
        if len(views) > 1:
            for view in views:
                self._apply([view], after, upto, [e for e in events if e.topic in view.topics])
        elif len(events) > 1:
            middle = len(events) // 2
            between = events[middle - 1].position
            self._apply(views, after, between, events[:middle])
            self._apply(views, between, upto, events[middle:])
        elif progress.stop(self._connection, views[0], after, events[0].position, error):
            self.stopped.append((views[0].name, events[0].position))
            logger.error(
                "a view is stopped by an event it can't take in",
                extra={
                    "view": views[0].name, "position": events[0].position, "why": str(error),
                },
            )  # fmt: skip

    def _decode(self, stored: Stored) -> Recorded:
        found = self._decoded.get(stored.position)
        if found is None:
            found = self._decoded[stored.position] = to_recorded(stored)
        return found


def passes(error: psycopg.Error) -> bool:
    """Tell whether the connection or the server is at fault, not what was to be written.

    A row too large for an index (class 54) is called operational too, and is not.
    """
    operational = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return operational and not (error.sqlstate or "").startswith("54")
