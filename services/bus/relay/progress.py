"""How far each partition is published: the newest record of its partition of `perpetua.relay`.

It is written in the transaction of the events it speaks of, so that it is never ahead or behind.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass

from services.bus.client import Admin, Consumer, Incoming, Outgoing, TopicPartition
from services.bus.errors import ForeignHistory
from services.bus.relay.tail import newest
from services.bus.topics import RELAY


@dataclass(frozen=True, slots=True)
class Progress:
    """The last event of a partition that is on Kafka."""

    store_id: str
    partition: int
    position: int
    event_id: str


def to_record(progress: Progress) -> Outgoing:
    """Make the record that says so."""
    key = str(progress.partition).encode()
    return Outgoing(RELAY, progress.partition, key, json.dumps(asdict(progress)).encode(), [])


def read(
    admin: Admin, consumer: Consumer, partitions: Collection[int], *, settled: bool
) -> dict[int, Progress]:
    """Return the progress of partitions; those of which nothing is published are left out.

    If not every transaction there has ended, it is the progress so far.

    Raises:
        ForeignHistory: a record there is of no relay of ours.
        BusUnavailable: Kafka is out of reach, or a transaction has not ended though all must have.
    """
    asked = [TopicPartition(RELAY, partition) for partition in partitions]
    found = newest(admin, consumer, asked, settled=settled)
    return {where.partition: _from_record(record) for where, record in found.items()}


def _from_record(record: Incoming) -> Progress:
    try:
        return Progress(**json.loads(record.value or b""))
    except (ValueError, TypeError) as wrong:
        raise ForeignHistory(
            f"offset {record.offset} of {RELAY}, partition {record.partition}, was not written by"
            " this version of perpetua",
            "use the one that published last, or delete all topics and publish anew",
        ) from wrong
