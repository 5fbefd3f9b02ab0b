"""How tests keep views apart, and hold them against what the store's own projector makes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import scalar_row

from domain.ports import EventSource
from projections.view import View
from services.bus.client import Client
from services.bus.source import KafkaSource
from services.store.connect import connect
from services.store.recorder import Recorder
from services.views import tables
from services.views.apart import Apart, keep
from services.views.projector import Projector
from services.views.store_source import StoreSource
from tests.e2e.process import until

PARTITIONS = 4
PATIENCE_SECS = 60.0

OpenSource = Callable[[Apart], EventSource]


def from_kafka(client: Client) -> OpenSource:
    return lambda apart: KafkaSource(
        client, apart.group, apart.checkpoints, apart.broken, apart.belongs
    )


def from_store(store: Recorder, view: View) -> OpenSource:
    return lambda apart: StoreSource(store, PARTITIONS, view.topics, apart.checkpoints)


class Keeper:
    """Keeps one view apart in a thread of its own."""

    def __init__(self, conninfo: str, view: View, open_source: OpenSource) -> None:
        self.apart = Apart(conninfo, view, PARTITIONS)
        self.source: EventSource | None = None
        self.ended: BaseException | None = None
        """What ended it before it was told to end."""
        self._stop = threading.Event()
        self._open_source = open_source
        self._thread = threading.Thread(target=self._run, name=f"keeping-{view.name}")
        self._thread.start()

    def _run(self) -> None:
        try:
            keep(self.apart, self._open, self._stop.is_set)
        except BaseException as wrong:
            self.ended = wrong

    def _open(self) -> EventSource:
        self.source = self._open_source(self.apart)
        return self.source

    def cpu_secs(self) -> float:
        """Return how long its thread has worked so far."""
        assert self._thread.ident
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident))

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECS)
        assert not self._thread.is_alive()
        self.apart.close()


@contextmanager
def keeping(conninfo: str, view: View, open_source: OpenSource) -> Iterator[Keeper]:
    """Keep a view apart for as long as the block lasts."""
    keeper = Keeper(conninfo, view, open_source)
    try:
        yield keeper
    finally:
        keeper.stop()


def rows(conninfo: str, view: View) -> list[Any]:
    """Return every row of a view."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(f"select * from {view.table}".encode()).fetchall()
    return sorted(found, key=repr)


def stands(conninfo: str, view: View) -> dict[int, tuple[int, int | None, str | None]]:
    """Return position, event at fault and error of every partition of a view kept apart."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "select partition, position, failed_position, error from view_partitions"
            " where name = %s order by partition",
            [view.name],
        )
        return {partition: (position, at, error) for partition, position, at, error in found}


def taken_in(conninfo: str, view: View, store: Recorder) -> bool:
    """Tell whether a view kept apart has all events of all partitions."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "select partition, position from view_partitions where name = %s", [view.name]
        ).fetchall()
    lasts = {partition: last(store, partition) for partition in range(PARTITIONS)}
    return bool(found) and all(position >= lasts[partition] for partition, position in found)


def last(store: Recorder, partition: int) -> int:
    """Return the position of the last event of a partition."""
    sql = b"select coalesce(max(position), 0) from events where partition = %(partition)s"
    return int(store.query(sql, {"partition": partition}, scalar_row)[0])


def until_taken_in(conninfo: str, view: View, store: Recorder) -> None:
    until(lambda: taken_in(conninfo, view, store), "all is taken in", PATIENCE_SECS)


def projected(store: Recorder, conninfo: str, view: View) -> list[Any]:
    """Return the rows the store's own projector makes of a view, in another database."""
    with connect(conninfo) as connection:
        tables.install(connection, [view])
        tables.reset(connection, view)
    projector = Projector(store, conninfo, [view], lambda _: None)
    projector.catch_up()
    assert projector.problems() == []
    projector.close()
    return rows(conninfo, view)
