"""The states of mind the personas distilled, all of them."""

from collections.abc import Sequence
from typing import Final

from domain.events import SnapshotCompressed
from domain.recorded import Recorded
from projections.privacy import guarded
from projections.rows import SnapshotRow
from projections.statement import NEW, Statement, upsert
from projections.view import Cursor, View

_DDL: Final = f"""
create table view_snapshots (
    position bigint primary key,
    swarm_id text collate "C" not null,
    persona_id text collate "C",
    event text not null
);
create index on view_snapshots (swarm_id, position);
create index on view_snapshots (persona_id, position);
{guarded("view_snapshots", distilled=True)}
"""
_DISTILLED: Final = upsert("view_snapshots", "position", swarm_id=NEW, persona_id=NEW, event=NEW)


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a snapshot."""
    rows = [
        {
            "position": recorded.position,
            "swarm_id": recorded.event.swarm_id,
            "persona_id": recorded.event.persona_id,
            "event": recorded.event.model_dump_json(),
        }
        for recorded in batch
    ]
    return [Statement(_DISTILLED, rows)] if rows else []


VIEW: Final = View(
    name="snapshots",
    version=2,
    table="view_snapshots",
    ddl=_DDL,
    topics=frozenset([SnapshotCompressed.topic]),
    fold=fold,
)


def latest(
    cursor: Cursor, *, persona_id: str | None = None, swarm_id: str | None = None
) -> SnapshotRow | None:
    """Return the newest snapshot, of one persona or one swarm if given; None if there is none."""
    found = select(cursor, persona_id=persona_id, swarm_id=swarm_id, limit=1)
    return found[0] if found else None


def select(
    cursor: Cursor, *, persona_id: str | None = None, swarm_id: str | None = None,
    before: int | None = None, limit: int = 100,
) -> list[SnapshotRow]:  # fmt: skip
    """Return snapshots, newest first, of one persona or swarm if given, before a position."""
    found = cursor.execute(
        "select position, event from view_snapshots"
        " where (%(persona_id)s::text is null or persona_id = %(persona_id)s)"
        " and (%(swarm_id)s::text is null or swarm_id = %(swarm_id)s)"
        " and (%(before)s::bigint is null or position < %(before)s)"
        " order by position desc limit %(limit)s",
        {"persona_id": persona_id, "swarm_id": swarm_id, "before": before, "limit": limit},
    )
    return [_row(each["position"], each["event"]) for each in found]


def _row(position: int, text: str) -> SnapshotRow:
    event = SnapshotCompressed.model_validate_json(text)
    return SnapshotRow(
        snapshot_id=event.snapshot_id,
        event_id=event.event_id,
        position=position,
        persona_id=event.persona_id,
        swarm_id=event.swarm_id,
        occurred_at=event.occurred_at,
        persona_scope=event.persona_scope,
        summary=event.summary,
        facts=event.facts,
        decisions=event.decisions,
        open_questions=event.open_questions,
        thoughts_in=event.thoughts_in,
        kept=event.kept,
        duplicates=event.duplicates,
        decayed=event.decayed,
        bytes_in=event.bytes_in,
        bytes_out=event.bytes_out,
    )
