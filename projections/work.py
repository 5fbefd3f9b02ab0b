"""Who works on what in each swarm: claims as their stream has them, but for those of the reaped.

Claims are made to be known by the whole swarm: they are no memory, and not guarded as it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from domain.aggregates.work import Claim, held_after
from domain.events import PersonaReaped, WorkClaimed, WorkReleased
from domain.recorded import Recorded
from projections.statement import NEW, Statement, upsert
from projections.view import Cursor, Growing, Row, View

_DDL: Final = """
create table view_work (
    swarm_id text collate "C" primary key,
    claims text not null
);
"""
_CHANGED: Final = upsert("view_work", "swarm_id", claims=NEW)
_ROWS: Final = "select * from view_work where swarm_id = any(%(swarms)s)"
_CLAIMS: Final = TypeAdapter(dict[str, Claim])


def asks(batch: Sequence[Recorded]) -> Mapping[str, Any]:
    """Name the swarms whose claims a batch may change."""
    return {"swarms": sorted({recorded.event.swarm_id for recorded in batch})}


def grow(batch: Sequence[Recorded], rows: Sequence[Row]) -> list[Statement]:
    """Say what a batch changes: one row a swarm in which somebody ever claimed."""
    swarms = {row["swarm_id"]: _CLAIMS.validate_json(row["claims"]) for row in rows}
    for event in (recorded.event for recorded in batch):
        if event.swarm_id in swarms or isinstance(event, WorkClaimed):
            swarms[event.swarm_id] = held_after(swarms.get(event.swarm_id, {}), event)
    changed = [
        {"swarm_id": swarm_id, "claims": _CLAIMS.dump_json(claims).decode()}
        for swarm_id, claims in swarms.items()
    ]
    return [Statement(_CHANGED, changed)] if changed else []


VIEW: Final = View(
    name="work",
    version=1,
    table="view_work",
    ddl=_DDL,
    topics=frozenset([WorkClaimed.topic, WorkReleased.topic, PersonaReaped.topic]),
    fold=Growing(asks, _ROWS, grow),
)


def select(cursor: Cursor, swarm_id: str, now: datetime) -> list[Claim]:
    """Return the claims of a swarm that hold at a time, by topic."""
    rows = cursor.execute(_ROWS, {"swarms": [swarm_id]})
    held = [claim for row in rows for claim in _CLAIMS.validate_json(row["claims"]).values()]
    return sorted((c for c in held if c.expires_at > now), key=lambda claim: claim.topic)
