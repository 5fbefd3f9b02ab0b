"""A small history of every class of event, in several swarms, published by the real relay."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle
from time import monotonic, sleep
from types import NoneType
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import kafka
import psycopg
from kafka.admin import KafkaAdminClient
from pydantic import BaseModel

from domain import streams
from domain.events import EVENT_CLASSES
from domain.recorded import StreamEvent
from services.bus.connect import client as client_of
from services.bus.relay import Relay, standing
from services.bus.settings import BusSettings
from services.bus.topics import wanted
from services.store.mapper import AvroMapper
from services.store.recorder import Recorder
from services.store.save import Save

PARTITIONS = 12
NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
SWARMS = ["swarm", "größe/№ 1", "fabric", "other"]
PLAIN: dict[Any, list[Any]] = {
    str: ["plain", 'ünï "code" 🐝\n\\', "", "x" * 2_000],
    int: [0, -1, 2**53 + 1, 2**63 - 1],
    float: [0.1, 1e-9, 1 / 3, 1e300],
    bool: [False, True],
}
PATIENCE_SECS = 60.0


def history(rounds: int = 3) -> list[StreamEvent]:
    """Return every class of event so many times, its fields filled in other ways each time."""
    made: list[StreamEvent] = []
    versions: Counter[str] = Counter()
    swarms = cycle([*SWARMS, SWARMS[0]])  # not as long as the catalogue: all classes, all swarms
    for kind in [*EVENT_CLASSES.values()] * rounds:
        number, swarm = len(made), next(swarms)
        body = {
            name: _value(field.annotation, number + place)
            for place, (name, field) in enumerate(kind.model_fields.items())
        }
        event = kind(**body | {"event_id": f"event-{number}", "swarm_id": swarm})
        stream = streams.persona(f"of {swarm}")
        versions[stream] += 1
        made.append(StreamEvent(stream, versions[stream], event))
    return made


@contextmanager
def published(bootstrap: str, server: str, template: str) -> Iterator[Recorder]:
    """Have a relay publish the history in several transactions; give the store it is in."""
    delete_topics(bootstrap)
    with _store(server, template) as (store, conninfo):
        told, settings = history(), BusSettings()
        half = len(told) // 2
        _write(store, told[:half])
        relay = Relay(store, conninfo, client_of(bootstrap, settings), settings, PARTITIONS)
        relay.check()
        never_committed(bootstrap)
        relay.start()
        _wait(store, half)
        for first in range(half, len(told), 5):
            _write(store, told[first : first + 5])
        _wait(store, len(told))
        relay.stop(PATIENCE_SECS)
        yield store


def delete_topics(bootstrap: str) -> None:
    """Delete all topics of ours that there are; return when they are gone."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    names = {topic.name for topic in wanted(PARTITIONS)}
    deadline = monotonic() + PATIENCE_SECS
    while there := sorted(names.intersection(admin.list_topics())):
        assert monotonic() < deadline, f"still there: {there}"
        admin.delete_topics(there, raise_errors=False)
        sleep(0.1)
    admin.close()


def never_committed(bootstrap: str) -> None:
    """Leave on an event topic what only those see who read what was not committed."""
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, transactional_id=uuid4().hex)
    producer.init_transactions()
    producer.begin_transaction()
    sent = [producer.send("thought.generated", b"never", partition=p) for p in range(PARTITIONS)]
    assert [each.get(PATIENCE_SECS).offset for each in sent] == [0] * PARTITIONS
    producer.abort_transaction()
    producer.close()


@contextmanager
def _store(server: str, template: str) -> Iterator[tuple[Recorder, str]]:
    name = f"perpetua_test_{uuid4().hex}"
    conninfo = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}".encode())
        try:
            with Recorder(conninfo, poll_seconds=0.5) as store:
                yield store, conninfo
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


def _write(store: Recorder, events: Sequence[StreamEvent]) -> None:
    mapper = AvroMapper(PARTITIONS)
    store.submit(Save([mapper.to_stored_event(each) for each in events])).result()


def _wait(store: Recorder, position: int) -> None:
    deadline = monotonic() + PATIENCE_SECS
    while not any(slot.position >= position for slot in standing.read(store, 1)):
        assert monotonic() < deadline, standing.read(store, 1)
        sleep(0.1)


def _value(annotation: Any, number: int) -> Any:
    """Return some value of a type; which one, the number says."""
    if annotation in PLAIN:
        return PLAIN[annotation][number % len(PLAIN[annotation])]
    if annotation is datetime:
        return NOON + timedelta(milliseconds=number * 250, microseconds=number % 3)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = enumerate(annotation.model_fields.items())
        return annotation(**{name: _value(f.annotation, number + n) for n, (name, f) in fields})
    [inner] = [each for each in get_args(annotation) if each not in (NoneType, Ellipsis)]
    if get_origin(annotation) is tuple:
        return tuple(_value(inner, number + n) for n in range(number % 3))
    return None if number % 2 else _value(inner, number)
