"""The loop, its state, and states of mind."""

from typing import Any

from pydantic import Field

from projections.rows import SnapshotRow
from services.api.models.persona import Create
from services.api.models.wire import LARGEST, Sent, Text, Timestamp, Told


class Start(Sent):
    """How to start the loop."""

    loop_interval_ms: int | None = Field(None, ge=0, le=LARGEST)
    """Shortest time between two steps of one persona; below 100 counts as 100."""
    seed_persona: Create | None = None
    """The first persona of a fabric that has none."""


class Stop(Sent):
    """How to stop the loop."""

    reason: Text | None = Field(None, max_length=2_000)
    """Why; it is put on the stream."""


class Status(Told):
    """How the loop stands."""

    enabled: bool
    running: bool
    loop_interval_ms: int
    started_at: Timestamp | None
    last_tick_at: Timestamp | None
    persona_count: int
    active_persona_count: int
    events_buffered: int
    """Events stored; none is ever dropped."""
    snapshots_buffered: int
    """Snapshots stored."""


class Snapshot(Told):
    """A state of mind."""

    id: str
    generated_at: Timestamp
    swarm_id: str | None
    persona_scope: list[str]
    summary: str
    hot_event_count: int
    """Thoughts it distils."""
    warm_fact_count: int
    """Facts it holds to be true."""
    cold_snapshot_count: int
    metadata: dict[str, Any]


def snapshot(row: SnapshotRow, role: str | None) -> Snapshot:
    """Tell of a snapshot; `role` is that of its persona."""
    return Snapshot(
        id=row.snapshot_id,
        generated_at=row.occurred_at,
        swarm_id=row.swarm_id,
        persona_scope=list(row.persona_scope),
        summary=row.summary,
        hot_event_count=row.thoughts_in,
        warm_fact_count=len(row.facts),
        cold_snapshot_count=1,
        metadata={
            "phase": "compress",
            "role": role,
            "source": "compaction",
            "model": None,
            "completion_tokens": None,
        },
    )
