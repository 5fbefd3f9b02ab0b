"""What each slot last said of itself, kept in the store: for `status`, nothing rests on it."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from services.store.connect import Connection, connect
from services.store.recorder import Recorder

_TELL: Final = """
insert into relay_slots (slot, holder, state, position, error, updated_at)
values (%(slot)s, %(holder)s, %(state)s, coalesce(%(position)s, 0), %(error)s, now())
on conflict (slot) do update set holder = excluded.holder, state = excluded.state,
    position = coalesce(%(position)s, relay_slots.position), error = excluded.error,
    updated_at = now()"""
_READ: Final = (
    b"select slot, holder, state, position, error, updated_at from relay_slots"
    b" where slot < %(slots)s order by slot"
)
_SETTINGS: Final = {"synchronous_commit": "local", "application_name": "perpetua-relay"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One slot as it last said."""

    slot: int
    holder: str
    """Machine and process that holds it."""
    state: str
    """starting, publishing, unable (see `error`) or ended."""
    position: int
    """Position up to which all events of its partitions are on Kafka."""
    error: str | None
    updated_at: datetime


class Teller:
    """Writes what a slot says, over a connection of its own."""

    def __init__(self, conninfo: str, slot: int) -> None:
        self._conninfo = conninfo
        self._slot = slot
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._connection: Connection | None = None

    def tell(self, state: str, position: int | None, error: str | None = None) -> None:
        """Say how it stands; nothing is said while the store is out of reach.

        `position` is null while it is not known.
        """
        row = {
            "slot": self._slot,
            "holder": self._holder,
            "state": state,
            "position": position,
            "error": error,
        }
        try:
            if self._connection is None:
                self._connection = connect(self._conninfo, _SETTINGS)
            self._connection.execute(_TELL, row)
        except Exception:
            self.close()

    def close(self) -> None:
        """Drop the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None


def read(recorder: Recorder, slots: int) -> list[Standing]:
    """Return how the slots stand that have said anything yet."""
    return recorder.query(_READ, {"slots": slots}, class_row(Standing))
