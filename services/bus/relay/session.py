"""One hold on a slot's partitions, from the fence to the first error; never resumed after one."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from psycopg.rows import scalar_row

from domain.events import EVENT_CLASSES
from domain.recorded import Stored
from services.bus.client import Client, Outgoing, Producer, TopicPartition
from services.bus.record import source_of, to_record
from services.bus.relay import layout, mending, progress
from services.bus.relay.layout import Layout
from services.bus.relay.progress import Progress
from services.bus.relay.published import published
from services.bus.relay.tail import hanging
from services.store.heading import heading
from services.store.recorder import Recorder

logger = logging.getLogger(__name__)

_NEXT: Final = b"""
select min(nearest.position)
from unnest(%(partitions)s::int2[], %(lasts)s::int8[]) as wanted (one, last), lateral (
    select position from events where (partition, position) > (one, last)
        and (partition, position) <= (one, %(end)s::int8)
    order by partition, position limit 1) as nearest"""


_LAST_UPTO: Final = (
    b"select coalesce(max(position), 0) from events"
    b" where partition = %(partition)s and position <= %(position)s"
)
_PAGE: Final = 1_000


class LayoutChanged(Exception):
    """The slots are other ones now, or are about to be."""


class Session:
    """The right to publish a slot's partitions, until another takes it."""

    def __init__(
        self, producer: Producer, store_id: str, lasts: dict[int, Progress | None]
    ) -> None:
        self._producer = producer
        self._store_id = store_id
        self._source = source_of(store_id)
        self._tails: Mapping[TopicPartition, int] = {}
        self._lasts = {partition: last.position if last else 0 for partition, last in lasts.items()}

    def publish(self, events: Sequence[Stored]) -> int:
        """Publish events in one transaction, those that are not published yet; return how many.

        Raises:
            BusUnavailable: it may or may not have been committed; begin a new session.
        """
        records: list[Outgoing] = []
        touched: dict[int, Stored] = {}
        lasts, tails, source = self._lasts, self._tails, self._source
        for stored in events:
            partition = stored.partition
            if (previous := lasts[partition]) < stored.position:
                there = tails.get(TopicPartition(stored.topic, partition), 0) if tails else 0
                if stored.position > there:
                    records.append(to_record(stored, previous, source))
                lasts[partition] = stored.position
                touched[partition] = stored
        if touched:
            self._producer.begin()
            self._producer.send(records)
            self._producer.send([progress.to_record(self._progress(s)) for s in touched.values()])
            self._producer.commit()
        return len(records)

    def mend(self, recorder: Recorder, tails: Mapping[TopicPartition, int]) -> int:
        """Publish in one transaction what the topics lack, though the progress says otherwise.

        What is there already, though the progress does not say so, is not published again.
        """
        self._tails = tails
        events: list[Stored] = []
        for partition, last in self._lasts.items():
            own = {each: tail for each, tail in tails.items() if each.partition == partition}
            every = (TopicPartition(topic, partition) for topic in EVENT_CLASSES)
            lacking = [
                found[0].position
                for each in every
                if (found := recorder.read(own.get(each, 0), 1, [partition], [each.topic], last))
            ]
            start, end = min(lacking, default=last + 1) - 1, max([last, *own.values()])
            self._lasts[partition] = _last_upto(recorder, partition, start)
            while start < end and (page := recorder.read(start, _PAGE, [partition], upto=end)):
                events += page
                start = page[-1].position
        count = self.publish(events)
        self._tails = {}
        return count

    def next_after(self, recorder: Recorder) -> int:
        """Return the position after which there may be something to publish."""
        head = recorder.head()
        partitions, lasts = list(self._lasts), list(self._lasts.values())
        wanted = {"partitions": partitions, "lasts": lasts, "end": head}
        [found] = recorder.query(_NEXT, wanted, scalar_row)
        return head if found is None else int(found) - 1

    def close(self) -> None:
        """Give up; what is not committed is void."""
        self._producer.close()

    def _progress(self, last: Stored) -> Progress:
        event_id = heading(last.state).event_id
        return Progress(self._store_id, last.partition, last.position, event_id)


def begin(
    client: Client, recorder: Recorder, slot: int, expected: Layout, partitions: int
) -> Session:
    """Take hold of a slot: fence whoever had it, see that it is still a slot, read how far it is.

    A relay of another store fences nobody: it looks first whose topics they are.

    Raises:
        LayoutChanged: it is not the slot it was.
        ForeignHistory: what is on Kafka is not of this store.
        BusUnavailable, StoreUnavailable: try again.
    """
    store_id, numbers = recorder.store_id(), expected.partitions(slot, partitions)
    with ExitStack() as undo:
        with published(client, recorder) as there:
            there.lasts(numbers, settled=False)
            producer = _take(client, recorder, slot, expected, undo)
            if unended := there.open_ended(numbers):
                logger.warning("Kafka forgot to end a transaction", extra={"on": len(unended)})
                mending.mark(recorder, numbers)
                there.void(producer, unended)
                producer.close()
                producer = _take(client, recorder, slot, expected, undo)
                if unended := there.open_ended(numbers):
                    raise hanging(unended)
            lasts = there.lasts(numbers, settled=True)
            session = Session(producer, store_id, lasts)
            if mending.is_due(recorder, numbers):
                count = session.mend(recorder, there.tails(lasts))
                logger.warning("what Kafka had of a transaction is mended", extra={"lacked": count})
                mending.done(recorder, numbers)
        undo.pop_all()
    return session


def _last_upto(recorder: Recorder, partition: int, position: int) -> int:
    """Return the position of the last event of a partition, up to a position."""
    wanted = {"partition": partition, "position": position}
    return int(recorder.query(_LAST_UPTO, wanted, scalar_row)[0])


def _take(
    client: Client, recorder: Recorder, slot: int, expected: Layout, undo: ExitStack
) -> Producer:
    """Fence whoever has the slot."""
    producer = client.producer(layout.transactional_id(slot))
    undo.callback(producer.close)
    producer.init()
    if layout.read(recorder) != expected:
        raise LayoutChanged
    return producer
