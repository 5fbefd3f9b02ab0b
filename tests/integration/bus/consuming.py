"""What consumers of every kind must get to see, and what is there to be seen."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import kafka as kafka_python
from cloudevents.core.bindings.kafka import KafkaMessage

from domain.events import EVENT_CLASSES
from services.bus.record import rfc3339
from services.store.codec import decode
from services.store.recorder import Recorder
from tests.integration.bus.publishing import PARTITIONS

Line = dict[str, Any]


def stored(store: Recorder) -> list[Line]:
    """Return what must be printed, by the total order."""
    return [
        {
            "position": stored.position,
            "topic": stored.topic,
            "partition": stored.partition,
            "stream": stored.stream,
            "version": stored.version,
            "event": json.loads(json.dumps(decode(stored.state).model_dump(), default=time)),
        }
        for stored in store.read(0, 100_000)
    ]


def by_partition(printed: Any) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    for line in printed:
        found[line["partition"]].append(line)
    return found


def time(value: datetime) -> str:
    whole, micros = int(value.timestamp()), value.microsecond
    return rfc3339(whole * 1_000_000 + micros).decode()


def messages(bootstrap: str) -> Iterator[KafkaMessage]:
    """Read every record of every event topic, as the SDK wants it."""
    consumer = kafka_python.KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False
    )
    every = [kafka_python.TopicPartition(t, p) for t in EVENT_CLASSES for p in range(PARTITIONS)]
    consumer.assign(every)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(every)
    while any(consumer.position(each) < end for each, end in ends.items()):
        for records in consumer.poll(500).values():
            for record in records:
                yield KafkaMessage(dict(record.headers), record.key, record.value)
    consumer.close()
