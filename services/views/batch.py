"""One batch of events, folded into views and saved with their checkpoints."""

import logging
from collections.abc import Sequence

import psycopg
from psycopg.rows import dict_row

from domain.recorded import Recorded, Stored
from projections.view import View
from services.store.connect import Connection, passes
from services.store.mapper import to_recorded
from services.views import by_position
from services.views.by_position import Place

logger = logging.getLogger(__name__)


class Batch:
    """Applies a batch to views that stand at the same place; decodes each event once for all."""

    def __init__(self, connection: Connection, events: Sequence[Stored]) -> None:
        self._connection = connection
        self._events = events
        self._decoded: dict[int, Recorded] = {}
        self.stopped: list[tuple[str, int]] = []
        """Views this batch stopped in a partition, and the position of the event that did."""

    def apply(self, places: Sequence[Place], after: int, upto: int) -> None:
        """Save what the batch changes where views stand at `after`, and that they reach `upto`.

        Views that another process has moved meanwhile stay as they are.

        Raises:
            psycopg.Error: the connection or the server is at fault; nothing is half done.
        """
        self._apply(places, after, upto, self._events)

    def _apply(
        self, places: Sequence[Place], after: int, upto: int, events: Sequence[Stored]
    ) -> None:
        try:
            self._save(places, after, upto, events)
        except Exception as error:
            if not events or (isinstance(error, psycopg.Error) and passes(error)):
                raise
            self._isolate(places, after, upto, events, error)

    def _save(
        self, places: Sequence[Place], after: int, upto: int, events: Sequence[Stored]
    ) -> None:
        work = [
            (place.view, [self._decode(each) for each in events if place.reads(each)])
            for place in places
        ]
        with self._connection.transaction():
            if by_position.advance(self._connection, places, after, upto):
                for view, batch in work:
                    change(self._connection, view, batch)

    def _isolate(
        self,
        places: Sequence[Place],
        after: int,
        upto: int,
        events: Sequence[Stored],
        error: Exception,
    ) -> None:
        """Cut the batch, by view and then in halves, until the event is found that is at fault.

        All before it is saved; what comes after is left, as the view no longer stands there.
        """
        if len(places) > 1:
            for place in places:
                self._apply([place], after, upto, [e for e in events if place.reads(e)])
        elif len(events) > 1:
            middle = len(events) // 2
            between = events[middle - 1].position
            self._apply(places, after, between, events[:middle])
            self._apply(places, between, upto, events[middle:])
        elif by_position.stop(self._connection, places[0], after, events[0], error):
            self._tell(places[0].view, events[0], error)

    def _tell(self, view: View, failed: Stored, error: Exception) -> None:
        self.stopped.append((view.name, failed.position))
        logger.error(
            "a view is stopped in one partition by an event it can't take in",
            extra={
                "view": view.name, "partition": failed.partition, "position": failed.position,
                "event_class": failed.topic, "why": str(error),
            },
        )  # fmt: skip

    def _decode(self, stored: Stored) -> Recorded:
        found = self._decoded.get(stored.position)
        if found is None:
            found = self._decoded[stored.position] = to_recorded(stored)
        return found


def change(connection: Connection, view: View, batch: Sequence[Recorded]) -> None:
    """Make the changes of a batch in a view's rows; part of the caller's transaction."""
    if not batch:
        return
    with connection.cursor(row_factory=dict_row) as cursor:
        for statement in view.changes(batch, cursor):
            cursor.execute(statement.sql, [statement.parameter])
