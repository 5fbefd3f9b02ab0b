"""Checkpoints of the views `up` keeps: one position a view, moved together with its rows.

One position a view says what its table holds of all partitions but those that lag, each of which
has a row with a position of its own: an event stopped the view there, or did until now. Whoever
wrote the rows, a batch is applied once, however many processes try; and a view that was built anew
meanwhile is simply at another position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.recorded import Stored
from projections.view import View
from services.store.connect import Connection
from services.views.by_partition import PartitionProgress, fault
from services.views.tables import GOING_ON

_READ: Final = """
select name, version, position, apart,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'partition', partition, 'position', part.position,
            'failed_position', failed_position, 'failed_topic', failed_topic, 'error', error
        ) order by partition)
        from view_partitions as part where part.name = view.name and not apart), '[]') as lagging,
    array(select skip.position from view_skips as skip where skip.name = view.name) as skipped
from view_progress as view"""
_LOCK: Final = """
select name, position from view_progress
where (name, version) in (select * from unnest(%s::text[], %s::int[])) and not apart
order by name for update"""
_LAGGING: Final = "select name, partition, position from view_partitions where name = any(%s)"
_ADVANCE: Final = """
update view_progress set position = %s, updated_at = now() where name = any(%s::text[])"""
_ADVANCE_ONE: Final = f"""
update view_partitions set position = %(upto)s, {GOING_ON}
where name = %(name)s and partition = %(partition)s"""  # noqa: S608  columns of our own
_CAUGHT_UP: Final = """
delete from view_partitions using view_progress as view
where view.name = %(name)s and view_partitions.name = view.name
    and partition = %(partition)s and view_partitions.position >= view.position"""
_STOP: Final = """
insert into view_partitions (name, partition, position, failed_position, failed_topic, error)
select %(name)s, %(partition)s, %(after)s, %(at)s, %(topic)s, %(error)s
where not exists (select from view_skips where name = %(name)s and position = %(at)s)
on conflict (name, partition) do update set failed_position = excluded.failed_position,
    failed_topic = excluded.failed_topic, error = excluded.error, updated_at = now()"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a view stands."""

    name: str
    version: int
    position: int
    """Last position its rows take in, but for the partitions that lag."""
    apart: bool
    """Whether processes of its own keep it up, partition by partition."""
    lagging: tuple[PartitionProgress, ...] = ()
    """Partitions that are not as far; none are told of a view that is apart."""
    skipped: frozenset[int] = frozenset()
    """Positions it was decided to pass over."""


@dataclass(frozen=True, slots=True)
class Place:
    """Partitions of a view that are moved as one: one that lags, or all that don't."""

    view: View
    skipped: frozenset[int]
    lagging: frozenset[int]
    """The partitions of the view that lag."""
    partition: int | None = None
    """The one that lags; null: all that don't."""

    def reads(self, stored: Stored) -> bool:
        """Tell whether the view is given an event from here."""
        here = (
            stored.partition not in self.lagging
            if self.partition is None
            else stored.partition == self.partition
        )
        return here and stored.topic in self.view.topics and stored.position not in self.skipped


def read(connection: Connection) -> dict[str, Progress]:
    """Return where each view stands, by name."""
    rows: list[tuple[Any, ...]] = connection.execute(_READ).fetchall()
    return {
        name: Progress(
            name, version, position, apart,
            tuple(PartitionProgress(**each) for each in lagging), frozenset(skipped),
        )
        for name, version, position, apart, lagging, skipped in rows
    }  # fmt: skip


def advance(connection: Connection, places: Sequence[Place], after: int, upto: int) -> bool:
    """Move places on, all from `after`; False, and nothing moved, if one is not there any more.

    Part of the caller's transaction. Views are locked in the order of their names, before their
    tables.
    """
    if not _stand(connection, places, after):
        return False
    first = places[0]
    if first.partition is None:
        connection.execute(_ADVANCE, [upto, [place.view.name for place in places]])
    else:
        moved = {"name": first.view.name, "partition": first.partition, "upto": upto}
        connection.execute(_ADVANCE_ONE, moved)
        connection.execute(_CAUGHT_UP, moved)
    return True


def stop(connection: Connection, place: Place, after: int, failed: Stored, why: Exception) -> bool:
    """Let the partition of an event lag behind, where a view stands at `after`.

    False if it does not any more, or if it was decided meanwhile to pass over that event.
    """
    with connection.transaction():
        if not _stand(connection, [place], after):
            return False
        noted = connection.execute(
            _STOP,
            {
                "name": place.view.name,
                "partition": failed.partition,
                "after": after,
                "at": failed.position,
                "topic": failed.topic,
                "error": fault(why),
            },
        )
    return noted.rowcount > 0


def _stand(connection: Connection, places: Sequence[Place], after: int) -> bool:
    """Lock the views of places, and tell whether all are where they are said to be."""
    names = [place.view.name for place in places]
    versions = [place.view.version for place in places]
    stands: dict[str, int] = dict(connection.execute(_LOCK, [names, versions]).fetchall())
    lagging: dict[str, dict[int, int]] = {name: {} for name in names}
    for name, partition, position in connection.execute(_LAGGING, [names]):
        lagging[name][partition] = position
    return all(_stands(place, stands, lagging[place.view.name], after) for place in places)


def _stands(place: Place, stands: dict[str, int], lagging: dict[int, int], after: int) -> bool:
    if place.partition is not None:
        return place.view.name in stands and lagging.get(place.partition) == after
    return stands.get(place.view.name) == after and lagging.keys() == place.lagging
