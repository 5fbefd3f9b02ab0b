"""What came in: how far each source of each swarm has been read.

A source is known by its log, whose name is that of its streams without the segment's number.
"""

from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import unquote

from domain.events import ObservationReceived
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
    segments bigint not null
);
create index on view_sources (swarm_id);
"""
_READ: Final = upsert(
    "view_sources", "log", swarm_id=NEW, lines=SUM, last_position=NEW, consumed=NEW,
    segments=LATEST,
)  # fmt: skip


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a source."""
    rows: dict[str, dict[str, Any]] = {}
    for recorded in batch:
        event = cast("ObservationReceived", recorded.event)
        log, _, segment = recorded.stream.rpartition("/")
        row = rows.setdefault(
            log, {"log": log, "swarm_id": event.swarm_id, "lines": 0, "segments": 0}
        )
        row["lines"] += whole_lines(event)
        row["segments"] = max(row["segments"], int(segment) + 1)
        row["last_position"], row["consumed"] = recorded.position, event.offset
    return [Statement(_READ, list(rows.values()))] if rows else []


def whole_lines(event: ObservationReceived) -> int:
    """Count the lines that begin in a batch: a line cut over several batches counts once."""
    return event.line_count - event.continues


VIEW: Final = View(
    name="sources",
    version=1,
    table="view_sources",
    ddl=_DDL,
    topics=frozenset([ObservationReceived.topic]),
    fold=fold,
)


def select(cursor: Cursor, swarm_id: str) -> list[SourceRow]:
    """Return the sources of a swarm by name."""
    found = cursor.execute("select * from view_sources where swarm_id = %s", [swarm_id])
    return sorted(map(_row, found), key=lambda row: row.source)


def _row(found: dict[str, Any]) -> SourceRow:
    return SourceRow(
        source=unquote(found["log"].rpartition("/")[2]),
        lines=found["lines"],
        last_position=found["last_position"],
        offset=found["consumed"],
        segments=found["segments"],
    )
