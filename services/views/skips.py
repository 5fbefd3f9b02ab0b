"""What people decided that a view passes over: events that stopped it and never will be taken in.

A decision outlives the view, so that one built anew passes over the same events and is equal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from projections.view import View
from services.store.connect import Connection
from services.views.tables import GOING_ON

_STOPPED: Final = """
select failed_position from view_partitions
where name = %s and failed_position is not null order by failed_position"""
_DECIDE: Final = """
insert into view_skips (name, position, partition, topic, error, why, decided_by)
select name, failed_position, partition, failed_topic, error, %s, %s from view_partitions
where name = %s and failed_position = %s"""
_GO_ON: Final = f"""
update view_partitions set {GOING_ON}
where name = %s and failed_position = %s"""  # noqa: S608  columns of our own
_READ: Final = """
select name as view, position, partition, topic, error, why, decided_by, decided_at
from view_skips order by name, position"""


class NotWhatStopsIt(Exception):
    """A position that is to be skipped, and is not one that stopped the view."""

    code = "not_what_stops_it"

    def __init__(self, view: View, position: int, stopped_at: list[int]) -> None:
        named = ", ".join(map(str, stopped_at))
        stands = f"it is stopped at {named}" if stopped_at else "nothing stops it"
        super().__init__(f"the view {view.name} is not stopped at position {position}: {stands}")


@dataclass(frozen=True, slots=True)
class Skip:
    """One decision."""

    view: str
    position: int
    partition: int
    topic: str | None
    """Event class; null if what stopped the view could not be told."""
    error: str
    """What stopped the view there."""
    why: str
    decided_by: str
    decided_at: datetime


def decide(connection: Connection, view: View, position: int, why: str, decided_by: str) -> None:
    """Record that a view passes over what stopped it, and let it go on from there.

    Raises:
        NotWhatStopsIt: another event stopped it, or none.
    """
    with connection.transaction():
        connection.execute("select from view_progress where name = %s for update", [view.name])
        done = connection.execute(_DECIDE, [why, decided_by, view.name, position])
        if not done.rowcount:
            found = connection.execute(_STOPPED, [view.name]).fetchall()
            raise NotWhatStopsIt(view, position, [at for (at,) in found])
        connection.execute(_GO_ON, [view.name, position])


def read(connection: Connection) -> list[Skip]:
    """Return all decisions, by view and position."""
    with connection.cursor(row_factory=class_row(Skip)) as cursor:
        return cursor.execute(_READ).fetchall()


def positions(connection: Connection, view: View) -> frozenset[int]:
    """Return the positions a view passes over."""
    found = connection.execute("select position from view_skips where name = %s", [view.name])
    return frozenset(position for (position,) in found)
