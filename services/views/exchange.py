"""What a view that was built anew takes over from the one before it: where it stands, who keeps it.

What was built counts by partition. A view that is kept with the others has one position instead:
that of the partition furthest ahead, behind which the others lag until they have caught up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from projections.view import View
from services.store.connect import Connection
from services.views.by_partition import PartitionProgress

_LOCK: Final = "select version, position, apart from view_progress where name = %s for update"
_PARTS: Final = "select partition, position, marks from view_partitions where name = %s"
_MOVE: Final = """
update view_progress set version = %s, position = %s, updated_at = now() where name = %s"""
_CLEAR: Final = "delete from view_partitions where name = %s"
_PART: Final = """
insert into view_partitions
    (name, partition, position, marks, failed_position, failed_topic, error)
select name, partition, %(position)s,
    case when not %(apart)s then '{{}}' when marks = '{{}}' then %(marks)s else marks end,
    failed_position, failed_topic, error
from {schema}.view_partitions where name = %(name)s and partition = %(partition)s"""


@dataclass(frozen=True, slots=True)
class Old:
    """Where the view stands that is read."""

    version: int
    apart: bool
    positions: dict[int, int]
    """Partition to the last position it takes in there."""
    marks: dict[int, dict[str, int]]
    """Partition to its source's notes on where to go on; none of one that is not kept apart."""

    def marks_for(self, part: PartitionProgress) -> dict[str, int]:
        """Return notes from which a source comes to all that is after a position: not beyond it."""
        fits = part.position >= self.positions[part.partition]
        return self.marks.get(part.partition, {}) if fits else {}


def locked(connection: Connection, view: View, of_partitions: int) -> Old:
    """Return where the old view stands; it stays so for the rest of the caller's transaction."""
    row = connection.execute(_LOCK, [view.name]).fetchone()
    assert row is not None  # noqa: S101  whoever rebuilds has installed it
    version, position, apart = row
    positions = dict.fromkeys(range(of_partitions), int(position))
    marks: dict[int, dict[str, int]] = {}
    for partition, reached, marked in connection.execute(_PARTS, [view.name]):
        positions[partition], marks[partition] = reached, marked
    return Old(version, apart, positions, marks)


def take_place(
    connection: Connection, view: View, old: Old, new: Sequence[PartitionProgress], schema: str
) -> None:
    """Say of the view in use what was said of the new one, in its schema.

    Part of the caller's transaction. The new one takes in all that the old one does, where it is
    not stopped; so it stands no less far, though it may have met no event there. Built from the
    store it has no marks of Kafka; those of the old one save reading all topics again.
    """
    parts = [part if part.error else _no_less_far(part, old) for part in new]
    going = [part.position for part in parts if not part.error]
    front = max(going or [part.position for part in parts])
    connection.execute(_MOVE, [view.version, front, view.name])
    connection.execute(_CLEAR, [view.name])
    for part in parts:
        if old.apart or part.error or part.position < front:
            connection.execute(
                SQL(_PART).format(schema=Identifier(schema)),
                {
                    "name": view.name,
                    "partition": part.partition,
                    "position": part.position,
                    "apart": old.apart,
                    "marks": Jsonb(old.marks_for(part)),
                },
            )


def _no_less_far(part: PartitionProgress, old: Old) -> PartitionProgress:
    return replace(part, position=max(part.position, old.positions[part.partition]))
