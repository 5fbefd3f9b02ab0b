"""How tests of views fill a store, and look at all that is in the views."""

from typing import Any

import psycopg

from projections import VIEWS
from services.store.mapper import AvroMapper
from services.store.recorder import Recorder
from services.store.save import Save
from tests.unit.projections.given import History

SAVE_EVENTS = 2_000

Tables = dict[str, list[Any]]


def write(store: Recorder, history: History, start: int = 0, stop: int | None = None) -> int:
    """Store events of a history, from `start` to `stop`, in their order; return the head."""
    mapper = AvroMapper(12)
    records = [mapper.to_stored_event(placed) for placed in history.placed[start:stop]]
    for first in range(0, len(records), SAVE_EVENTS):
        store.submit(Save(records[first : first + SAVE_EVENTS])).result()
    return store.head()


def tables(database: str) -> Tables:
    """Return every row of every view, by table."""
    with psycopg.connect(database) as connection:
        return {
            view.table: connection.execute(
                f"select * from {view.table} order by 1".encode()
            ).fetchall()
            for view in VIEWS
        }


def positions(database: str) -> dict[str, int]:
    """Return the checkpoint of every view, by name."""
    with psycopg.connect(database) as connection:
        return dict(connection.execute("select name, position from view_progress").fetchall())


def counted(database: str) -> dict[str, int]:
    """Return what the view `counting` holds: thoughts by persona."""
    with psycopg.connect(database) as connection:
        return dict(connection.execute("select who, thoughts from view_counting").fetchall())


def thoughts(who: str, count: int, swarm: str = "swarm") -> History:
    """A history of so many thoughts and nothing else."""
    history = History()
    history.swarms[who] = swarm
    for _ in range(count):
        history.thought(who)
    return history


def execute(database: str, sql: str) -> list[Any]:
    """Run SQL; return the rows it brings, if any."""
    with psycopg.connect(database) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []
