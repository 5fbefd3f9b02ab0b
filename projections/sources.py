"""What came in: how far each source of each swarm has been read, and what of it was dropped.

A source is known by its log, whose name is that of its streams without the segment's number.
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from domain.events import ObservationDropped, ObservationReceived
from domain.recorded import Recorded
from projections.rows import SourceRow
from projections.statement import LATEST, NEW, SUM, Statement, upsert
from projections.view import Cursor, View

_DDL: Final = """
create table view_sources (
    log text collate "C" primary key,
    swarm_id text collate "C" not null,
    lines bigint not null,
    last_position bigint not null,
    consumed bigint not null,
    segments bigint not null,
    dropped_lines bigint not null,
    dropped_bytes bigint not null,
    lost_files bigint not null
);
create index on view_sources (swarm_id);
"""
_READ: Final = upsert(
    "view_sources", "log", swarm_id=NEW, lines=SUM, last_position=LATEST, consumed=NEW,
    segments=LATEST, dropped_lines=SUM, dropped_bytes=SUM,
    lost_files=SUM,
)  # fmt: skip
_NOTHING: Final = dict.fromkeys(
    ("lines", "last_position", "segments", "dropped_lines", "dropped_bytes", "lost_files"), 0
)


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a source."""
    rows: dict[str, dict[str, Any]] = {}
    for recorded in batch:
        event = recorded.event
        if not isinstance(event, ObservationReceived | ObservationDropped):
            continue
        log, _, segment = recorded.stream.rpartition("/")
        row = rows.setdefault(log, {"log": log, "swarm_id": event.swarm_id, **_NOTHING})
        if isinstance(event, ObservationReceived):
            row["lines"] += whole_lines(event)
            row["last_position"] = recorded.position
        else:
            row["dropped_lines"] += event.lines
            row["dropped_bytes"] += event.bytes
            row["lost_files"] += event.reason == "gone"
        row["segments"] = max(row["segments"], int(segment) + 1)
        row["consumed"] = event.offset
    return [Statement(_READ, list(rows.values()))] if rows else []


def whole_lines(event: ObservationReceived) -> int:
    """Count the lines that begin in a batch: a line cut over several batches counts once."""
    return event.line_count - event.continues


VIEW: Final = View(
    name="sources",
    version=2,
    table="view_sources",
    ddl=_DDL,
    topics=frozenset([ObservationReceived.topic, ObservationDropped.topic]),
    fold=fold,
)


def select(cursor: Cursor, swarm_id: str) -> list[SourceRow]:
    """Return the sources of a swarm by name."""
    found = cursor.execute("select * from view_sources where swarm_id = %s", [swarm_id])
    return sorted(map(_row, found), key=lambda row: row.source)


def lossy_first(cursor: Cursor, limit: int) -> list[SourceRow]:
    """Return sources of every swarm, those that lost most first."""
    found = cursor.execute(
        "select * from view_sources order by dropped_lines desc, lost_files desc, log limit %s",
        [limit],
    )
    return [_row(each) for each in found]


def _row(found: dict[str, Any]) -> SourceRow:
    return SourceRow(
        source=unquote(found["log"].rpartition("/")[2]),
        lines=found["lines"],
        last_position=found["last_position"],
        offset=found["consumed"],
        segments=found["segments"],
        swarm_id=found["swarm_id"],
        dropped_lines=found["dropped_lines"],
        dropped_bytes=found["dropped_bytes"],
        lost_files=found["lost_files"],
    )
