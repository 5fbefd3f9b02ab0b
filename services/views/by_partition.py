"""Checkpoints of a view that is kept apart: one a partition, moved together with its rows.

The position says what the view has of a partition, whoever wrote it: so that a stretch is applied
once, however many processes try.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.ports import Checkpoint, Stretch
from domain.recorded import Stored
from projections.view import View
from services.store.connect import Connection
from services.views.ownership import KeptOtherwise
from services.views.tables import GOING_ON

_KEPT: Final = "select version = %s and apart from view_progress where name = %s for share"
_ADVANCE: Final = f"""
with locked as (
    select partition from view_partitions where name = %(name)s and partition = any(%(partitions)s)
    order by partition for update)
update view_partitions as part set position = new.position, marks = new.marks,
    {GOING_ON}
from locked join unnest(%(partitions)s::int[], %(starts)s::bigint[], %(positions)s::bigint[],
    %(marks)s::jsonb[]) as new (partition, start, position, marks) using (partition)
where part.name = %(name)s and part.partition = new.partition and part.position = new.start"""  # noqa: S608  columns of our own
_STOP: Final = """
update view_partitions set failed_position = %(at)s, failed_topic = %(topic)s, error = %(error)s,
    updated_at = now()
where name = %(name)s and partition = %(partition)s and position = %(position)s
    and not exists (select from view_skips where name = %(name)s and position = %(at)s)"""
_READ: Final = """
select partition, position, failed_position, failed_topic, error from view_partitions
where name = %s order by partition"""
_LONGEST_ERROR: Final = 2_000


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """Where a view stands in one partition."""

    partition: int
    position: int
    failed_position: int | None = None
    """Event that stopped it there; null while it goes on, or if it is not an event."""
    failed_topic: str | None = None
    """The class of that event."""
    error: str | None = None
    """What stopped it; null while it goes on."""


def checkpoints(
    connection: Connection, view: View, partitions: Collection[int]
) -> dict[int, Checkpoint]:
    """Return where a view goes on in partitions.

    Raises:
        KeptOtherwise: it is not this program's to keep any more.
    """
    stands = connection.execute(
        "select version, apart from view_progress where name = %s", [view.name]
    ).fetchone()
    if stands != (view.version, True):
        raise KeptOtherwise(view, stands[0] if stands else None)
    rows = connection.execute(
        "select partition, position, marks from view_partitions"
        " where name = %s and partition = any(%s)",
        [view.name, list(partitions)],
    )
    return {partition: Checkpoint(position, marks) for partition, position, marks in rows}


def advance(connection: Connection, view: View, stretches: Sequence[Stretch]) -> bool:
    """Move a view on over stretches, one a partition; False if it is not at the start of each.

    Part of the caller's transaction, which must not be committed after False. The view is locked
    before its partitions, as by everybody.
    """
    if connection.execute(_KEPT, [view.version, view.name]).fetchone() != (True,):
        return False
    ends = [stretch.end for stretch in stretches]
    moved = connection.execute(
        _ADVANCE,
        {
            "name": view.name,
            "partitions": [stretch.partition for stretch in stretches],
            "starts": [stretch.start.position for stretch in stretches],
            "positions": [end.position for end in ends],
            "marks": [Jsonb(dict(end.marks)) for end in ends],
        },
    )
    return moved.rowcount == len(stretches)


def stop(
    connection: Connection, view: View, start: Checkpoint, partition: int, failed: Stored | None,
    error: Exception,
) -> bool:  # fmt: skip
    """Note what stopped a view in one partition.

    False if it is not there any more, or if it was decided meanwhile to pass over that event.
    """
    noted = connection.execute(
        _STOP,
        {
            "name": view.name,
            "partition": partition,
            "position": start.position,
            "at": failed.position if failed else None,
            "topic": failed.topic if failed else None,
            "error": fault(error),
        },
    )
    return noted.rowcount > 0


def fault(error: Exception) -> str:
    """Return what is kept of an error: text that PostgreSQL can hold, not without end."""
    return f"{type(error).__name__}: {error}".replace("\0", "\ufffd")[:_LONGEST_ERROR]


def read(connection: Connection, view: View) -> list[PartitionProgress]:
    """Return where a view stands in each partition; if it is not apart, in those that lag."""
    with connection.cursor(row_factory=class_row(PartitionProgress)) as cursor:
        return cursor.execute(_READ, [view.name]).fetchall()
