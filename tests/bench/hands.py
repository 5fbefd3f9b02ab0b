"""A consumer: `python -m tests.bench.hands FILE` notes each position and when it had it in hand."""

import json
import sys
import time
from pathlib import Path

from domain.events import EVENT_CLASSES
from services.bus.client import TopicPartition
from services.bus.connect import client as client_of
from services.bus.record import from_record
from services.settings import load

PARTITIONS = 12


def main() -> None:
    """Read every event topic until killed."""
    settings = load()
    consumer = client_of(settings.kafka or "", settings.bus).consumer()
    every = [
        TopicPartition(topic, number) for topic in EVENT_CLASSES for number in range(PARTITIONS)
    ]
    consumer.assign(dict.fromkeys(every, 0))
    with Path(sys.argv[1]).open("w", buffering=1) as file:
        while True:
            records = consumer.poll(0.5, 1_000)
            now = time.monotonic()
            told = [json.dumps([from_record(each).stored.position, now]) for each in records]
            file.write("".join(f"{line}\n" for line in told))


if __name__ == "__main__":
    main()
