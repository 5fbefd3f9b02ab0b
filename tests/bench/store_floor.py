"""What the store is compared with: the raw insert below it and the stock recorder in its place."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from services.store.arrays import bytea_array, int2_array, int8, int8_array, text_array
from services.store.connect import connect
from services.store.wire import Wire

EVENT_BYTES = 550
GROUP = 1_000
_TABLE = """
    create table raw_events (
        position bigint primary key, version bigint not null, partition smallint not null,
        stream text collate "C" not null, topic text collate "C" not null, state bytea not null,
        unique (stream, version))"""
_INSERT = b"""
    insert into raw_events (position, version, partition, stream, topic, state)
    select $1::int8 + nth, version, partition, stream, topic, state
    from unnest($2::int8[], $3::int2[], $4::text[], $5::text[], $6::bytea[]) with ordinality
        as new(version, partition, stream, topic, state, nth)"""


def raw_floor(conninfo: str, seconds: float) -> float:
    """Return events/s of one connection inserting groups of 1,000, each its own commit.

    The table has an event store's two unique keys; nothing is checked, locked or announced.
    """
    states = _states()
    written = 0
    connection = connect(conninfo)
    connection.execute(_TABLE.encode())
    wire = Wire(connection, {b"insert": _INSERT}, lambda: False)
    began = time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        numbers = range(written, written + GROUP)
        columns = [
            int8_array([n // 64 + 1 for n in numbers]),
            int2_array([n % 12 for n in numbers]),
            text_array([f"thoughts/persona-{n % 64}/0" for n in numbers]),
            text_array(["thought.generated"] * GROUP),
            bytea_array([next(states) for _ in numbers]),
        ]
        wire.call([(b"insert", [int8(written), *columns])])
        written += GROUP
    wire.close()
    return written / elapsed


def stock(conninfo: str, seconds: float, events_a_save: int = 1, writers: int = 1) -> float:
    """Return events/s of the library's own recorder, each writer saving one after the other.

    More writers than one gain it nothing: each save locks the whole table until its commit.
    """
    counts = [0] * writers
    with _datastore(conninfo, writers) as datastore:
        recorder = PostgresApplicationRecorder(datastore, events_table_name="stock_events")
        recorder.create_table()
        until = time.perf_counter() + seconds

        def write(number: int) -> None:
            stream, states = f"thoughts/persona-{number}/0", _states()
            while time.perf_counter() < until:
                recorder.insert_events(
                    [
                        StoredEvent(stream, counts[number] + n, "thought.generated", next(states))
                        for n in range(1, events_a_save + 1)
                    ]
                )
                counts[number] += events_a_save

        began = time.perf_counter()
        threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.perf_counter() - began)


@contextmanager
def _datastore(conninfo: str, connections: int) -> Iterator[PostgresDatastore]:
    with psycopg.connect(conninfo) as connection:
        info = connection.info
        datastore = PostgresDatastore(
            dbname=info.dbname,
            host=info.host,
            port=info.port,
            user=info.user,
            password=info.password,
            pool_size=connections,
            originator_id_type="text",
        )
    with datastore:
        yield datastore


def _states() -> Iterator[bytes]:
    """Yield random bytes, no two alike, as cheaply as can be."""
    pool = os.urandom(1_000_000)
    while True:
        start = random.randrange(len(pool) - EVENT_BYTES)
        yield pool[start : start + EVENT_BYTES]
