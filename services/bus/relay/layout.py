"""How many slots the relay has: fixed in the store, changed only with every old slot fenced.

The order is what makes it safe. A slot fences its id, then reads the layout, then publishes. A
change writes the layout, then fences every old id, then lets the new slots begin. So a slot that
read the old layout did so before it was written, and is fenced after it; and no new slot begins
before that.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from time import sleep
from typing import Final

import psycopg
from psycopg.rows import scalar_row

from services.bus.client import Client
from services.store.connect import connect, unavailable
from services.store.recorder import Recorder
from services.store.session_lock import SessionLock

LARGEST: Final = 64
"""Most slots: each is a producer, a thread and a share of the partitions."""
SILENCE_SECS: Final = 10.0
"""How long a relay may be stopped before another takes over."""
_NAME: Final = "relay_layout"
_LOOK_SECS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Layout:
    """How many slots there are; slot k has the partitions equal to k modulo that number."""

    slots: int = 1
    fenced: bool = True
    """Whether the slots of the layouts before it can publish no more."""
    widest: int = 1
    """Most slots there have been since all were fenced."""
    change: int = 0
    """How often it was changed: no layout comes twice."""

    def partitions(self, slot: int, of: int) -> list[int]:
        """Return the partitions of a slot, of so many."""
        return list(range(slot, of, self.slots))


def transactional_id(slot: int) -> str:
    """Return the name under which Kafka knows a slot."""
    return f"perpetua-relay-{slot}"


def read(recorder: Recorder) -> Layout:
    """Return the layout now."""
    sql = b"select value from meta where name = %(name)s"
    found = recorder.query(sql, {"name": _NAME}, scalar_row)
    return Layout(**json.loads(found[0])) if found else Layout()


def change(conninfo: str, slots: int) -> Layout:
    """Write a new number of slots; from now on nobody begins until `fence` has been run.

    Raises:
        ValueError: there can't be so many.
        StoreUnavailable: the store is out of reach.
    """
    if not 1 <= slots <= LARGEST:
        raise ValueError(f"a relay has 1 to {LARGEST} slots, not {slots}")
    with connect(conninfo) as connection:
        try:
            with connection.transaction():
                connection.execute(
                    "insert into meta (name, value) values (%s, %s) on conflict do nothing",
                    [_NAME, json.dumps(asdict(Layout()))],
                )
                row = connection.execute(
                    "select value from meta where name = %s for update", [_NAME]
                ).fetchone()
                now = Layout(**json.loads(row[0])) if row else Layout()
                if now.slots == slots:
                    return now
                changed = Layout(slots, False, max(now.widest, slots), now.change + 1)
                _write(connection, changed)
                return changed
        except psycopg.Error as error:
            raise unavailable(error) from error


def fence(conninfo: str, recorder: Recorder, client: Client, stopped: Callable[[], bool]) -> None:
    """Fence every slot of the layouts before this one, then let its own begin.

    Whoever sees that it is due may do so; one at a time does. Nothing if it is done already.

    Raises:
        BusUnavailable, StoreUnavailable: try again.
    """
    lock = SessionLock(conninfo, "perpetua relay layout", silence_secs=SILENCE_SECS)
    while not stopped():
        if lock.try_acquire():
            break
        sleep(_LOOK_SECS)
    try:
        while not stopped() and not (layout := read(recorder)).fenced:
            for slot in range(layout.widest):
                producer = client.producer(transactional_id(slot))
                try:
                    producer.init()
                finally:
                    producer.close()
            _begin(conninfo, layout)
    finally:
        lock.release()


def _begin(conninfo: str, fenced: Layout) -> None:
    """Let the slots of a layout begin, unless it was changed again meanwhile."""
    begun = replace(fenced, fenced=True, widest=fenced.slots)
    with connect(conninfo) as connection:
        try:
            connection.execute(
                "update meta set value = %s where name = %s and value = %s",
                [json.dumps(asdict(begun)), _NAME, json.dumps(asdict(fenced))],
            )
        except psycopg.Error as error:
            raise unavailable(error) from error


def _write(connection: psycopg.Connection[tuple[object, ...]], layout: Layout) -> None:
    connection.execute(
        "update meta set value = %s where name = %s", [json.dumps(asdict(layout)), _NAME]
    )
