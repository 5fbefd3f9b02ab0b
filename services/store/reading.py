"""Reading the store: by position or by stream, in bounded batches, from any thread."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from eventsourcing.persistence import StoredEvent
from psycopg.rows import BaseRowFactory, args_row, scalar_row

from domain.recorded import Stored
from services.store.pool import Pool
from services.store.save import Given

Row = TypeVar("Row")

LAST_POSITION: Final = 2**63 - 1
"""Beyond any position."""
BATCH_BYTES: Final = 4_000_000
"""What a batch of unknown events should come to; batches adapt to what they find."""

_COLUMNS: Final = b"position, stream, version, topic, partition, state"
_ALL: Final = (
    b"select " + _COLUMNS + b" from events where position > %(after)s and position <= %(upto)s"
    b" order by position limit %(limit)s"
)
# Each topic or partition is walked along its own index, which the comparison of pairs alone can
# use, whatever the planner believes of how common it is; the states are fetched at the end.
_FOUND: Final = (
    b"select " + _COLUMNS + b" from events join (select position from (%s) as nearest"
    b" order by position limit %%(limit)s) as found using (position) order by position"
)
_BY_PARTITION: Final = _FOUND % (
    b"select position from unnest(%(partitions)s::int2[]) as wanted (one), lateral ("
    b"select position from events where (partition, position) > (one, %(after)s::int8)"
    b" and (partition, position) <= (one, %(upto)s::int8)"
    b" order by partition, position limit %(limit)s) as each_one"
)
_BY_TOPIC: Final = _FOUND % (
    b"select position from unnest(%(topics)s::text[]) as wanted (one), lateral ("
    b"select position from events where (topic, position) > (one, %(after)s::int8)"
    b" and (topic, position) <= (one, %(upto)s::int8)"
    b" and (%(partitions)s::int2[] is null or partition = any(%(partitions)s::int2[]))"
    b" order by topic, position limit %(limit)s) as each_one"
)
_STREAM: Final = (
    b"select stream, version, topic, state from events where stream = %(stream)s"
    b" and version > %(gt)s and version <= %(lte)s order by version "
)


class Reading:
    """What can be asked of the stored events."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def read(
        self,
        after: int,
        limit: int,
        partitions: Sequence[int] | None = None,
        topics: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Stored]:
        """Return the first `limit` events after a position, in order, of these and no others."""
        wanted = {
            "after": after,
            "upto": LAST_POSITION if upto is None else upto,
            "limit": limit,
            "partitions": None if partitions is None else list(partitions),
            "topics": None if topics is None else list(topics),
        }
        sql = _ALL if partitions is None else _BY_PARTITION
        if topics is not None:
            sql = _BY_TOPIC
        return self._pool.query(sql, wanted, args_row(Stored))

    def read_positions(self, positions: Sequence[int]) -> list[Stored]:
        """Return the events at these positions, in order."""
        sql = b"select " + _COLUMNS + b" from events where position = any(%(positions)s::int8[])"
        wanted = {"positions": list(positions)}
        return self._pool.query(sql + b" order by position", wanted, args_row(Stored))

    def last_events(self, stream: str, count: int, topic: str | None = None) -> list[Stored]:
        """Return the last events of a stream, of one class if given, oldest first."""
        sql = b"select " + _COLUMNS + b" from events where stream = %(stream)s"
        if topic is not None:
            sql += b" and topic = %(topic)s"
        wanted = {"stream": stream, "count": count, "topic": topic}
        rows = self._pool.query(
            sql + b" order by version desc limit %(count)s", wanted, args_row(Stored)
        )
        return rows[::-1]

    def span(self, stream: str, first: int, last: int) -> list[Stored]:
        """Return the events of a stream from one version to another, both included."""
        sql = b"select " + _COLUMNS + b" from events where stream = %(stream)s"
        wanted = {"stream": stream, "first": first, "last": last}
        between = b" and version between %(first)s and %(last)s order by version"
        return self._pool.query(sql + between, wanted, args_row(Stored))

    def stream(
        self, stream: str, gt: int = 0, lte: int | None = None, *, desc: bool = False
    ) -> Iterator[StoredEvent]:
        """Yield the events of a stream, fetched in batches as the reader gets on."""
        lower, upper = gt, LAST_POSITION if lte is None else lte
        sql = _STREAM + (b"desc" if desc else b"asc") + b" limit %(limit)s"
        limit = 100
        while True:
            wanted = {"stream": stream, "gt": lower, "lte": upper, "limit": limit}
            batch = self._pool.query(sql, wanted, args_row(StoredEvent))
            yield from batch
            if len(batch) < limit:
                return
            if desc:
                upper = batch[-1].originator_version - 1
            else:
                lower = batch[-1].originator_version
            limit = batch_size(limit, sum(len(event.state) for event in batch) // len(batch))

    def head(self) -> int:
        """Return the last position; 0 while nothing is stored."""
        return self._number(b"select coalesce(max(position), 0) from events", {})

    def stream_head(self, stream: str) -> int:
        """Return the version a stream stands at; 0 if it does not exist."""
        sql = b"select coalesce(max(version), 0) from events where stream = %(stream)s"
        return self._number(sql, {"stream": stream})

    def store_id(self) -> str:
        """Return which store this is: made with it, the same for ever."""
        sql = b"select value from meta where name = 'store_id'"
        return str(self._pool.query(sql, {}, scalar_row)[0])

    def epoch(self, name: str) -> int:
        """Return the current epoch of a fence; 0 if it was never raised."""
        sql = b"select coalesce(max(epoch), 0) from fences where name = %(name)s"
        return self._number(sql, {"name": name})

    def answer_of(self, caller: str, key: str) -> Given | None:
        """Return what a command was answered, if it was carried out."""
        sql = (
            b"select body_hash, answer, status from commands"
            b" where caller = %(caller)s and key = %(key)s"
        )
        rows = self._pool.query(sql, {"caller": caller, "key": key}, args_row(Given))
        return rows[0] if rows else None

    def query(self, sql: bytes, parameters: dict[str, Any], rows: BaseRowFactory[Row]) -> list[Row]:
        """Return the rows of a statement that may be asked again when the server was away."""
        return self._pool.query(sql, parameters, rows)

    def _number(self, sql: bytes, parameters: dict[str, Any]) -> int:
        return int(self._pool.query(sql, parameters, scalar_row)[0])


def batch_size(limit: int, event_bytes: int) -> int:
    """Return how many events to fetch next, given the mean size of the last ones."""
    return max(1, min(2 * limit, 2_000, BATCH_BYTES // max(1, event_bytes)))
