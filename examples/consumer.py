"""Prints the events of a Perpetua, a line of JSON each. Needs kafka-python and fastavro only.

    python examples/consumer.py [--bootstrap HOST:PORT] [--topic TOPIC ...] [--until-end]

One topic is read as it is. Several come in the order of the store, partition by partition: each
event names the position before its own (`ce_previous`), on whatever topic that is. So all topics
are read, and those not asked for are not printed. Times are RFC 3339, to the microsecond.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from io import BytesIO
from pathlib import Path

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

PATIENCE = 10  # seconds of silence after which an event that others wait for is missing

parser = argparse.ArgumentParser(description="Print the events of a Perpetua.")
parser.add_argument("--bootstrap", default="localhost:9092")
parser.add_argument("--topic", nargs="+", help="all event topics if not given")
parser.add_argument("--until-end", action="store_true", help="stop where the topics end now")
parser.add_argument("--schemas", default=Path(__file__).parent.parent / "schemas/avro", type=Path)


def header(schema):
    """Return how events begin that this schema wrote: a marker and the schema's fingerprint."""
    canonical = to_parsing_canonical_form(schema)
    return b"\xc3\x01" + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))


def main():
    """Read until stopped, or to the end."""
    args = parser.parse_args()
    raw = {path: json.loads(path.read_text("utf-8")) for path in args.schemas.rglob("*.avsc")}
    writers = {header(schema): parse_schema(schema) for schema in raw.values()}
    readers = {path.stem: parse_schema(raw[path]) for path in args.schemas.glob("*.avsc")}
    asked = set(args.topic or readers)

    consumer = KafkaConsumer(
        bootstrap_servers=args.bootstrap.split(","),
        isolation_level="read_committed",  # the default also returns what was never committed
        enable_auto_commit=False,
        allow_auto_create_topics=False,
    )
    topics = asked if len(asked) == 1 else readers
    if missing := sorted((asked | set(topics)) - (consumer.topics() & readers.keys())):
        sys.exit(f"no topic of events here: {', '.join(missing)}")
    every = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t)]
    consumer.assign(every)
    for each, first in consumer.beginning_offsets(every).items():
        consumer.seek(each, first)
    unread = consumer.end_offsets(every)

    last = defaultdict(int)  # partition to the position of its last event
    waiting = defaultdict(dict)  # partition to its events that wait for another, by ce_previous
    quiet = 0
    while not args.until_end or unread or any(waiting.values()):
        if quiet >= PATIENCE and (args.until_end or any(waiting.values())):
            break
        found = consumer.poll(1_000)
        quiet = 0 if found else quiet + 1
        for record in (record for records in found.values() for record in records):
            partition, previous = record.partition, int(dict(record.headers)["ce_previous"])
            if len(asked) == 1:
                last[partition] = previous
            waiting[partition][previous] = record
            while following := waiting[partition].pop(last[partition], None):
                headers = dict(following.headers)
                last[partition] = int(headers["ce_position"])
                if following.topic in asked:
                    writer, reader = writers[following.value[:10]], readers[following.topic]
                    line = {
                        "position": last[partition],
                        "topic": following.topic,
                        "partition": partition,
                        "stream": headers["ce_subject"].decode(),
                        "version": int(headers["ce_streamversion"]),
                        "event": schemaless_reader(BytesIO(following.value[10:]), writer, reader),
                    }
                    print(json.dumps(line, default="{:%Y-%m-%dT%H:%M:%S.%fZ}".format), flush=True)
        unread = {each: end for each, end in unread.items() if consumer.position(each) < end}
    for partition in (number for number, events in waiting.items() if events):
        sys.exit(f"partition {partition} lacks the event after position {last[partition]}")
    for topic, partition in unread if args.until_end else ():
        sys.exit(f"{topic}, partition {partition}: an end does not come, try again")


if __name__ == "__main__":
    try:
        main()
    except KafkaError as error:
        sys.exit(f"Kafka: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
