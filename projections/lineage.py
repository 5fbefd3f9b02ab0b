"""Who descends from whom, over all swarms, reaped ones included; as of now or of any moment.

One row an event, so that what was at a moment is what its rows up to then say (ADR 14). A child
tells of its parent, whichever of the two events came first: they may be of two swarms, whose
events have no order.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from domain.events import Event, PersonaPaused, PersonaReaped, PersonaResumed, PersonaSpawned
from domain.recorded import Recorded
from projections.rows import LineageRow
from projections.statement import NEW, Statement, upsert
from projections.view import Cursor, View

Direction = Literal["ancestors", "descendants"]

_DDL: Final = """
create table view_lineage (
    position bigint primary key,
    at timestamptz not null,
    persona_id text collate "C" not null,
    swarm_id text collate "C" not null,
    status text collate "C" not null,
    reason text,
    cascade_root text collate "C",
    parent_id text collate "C",
    depth integer,
    name text,
    role text,
    limits text
);
create index on view_lineage (persona_id, position);
create index on view_lineage (persona_id) where depth is not null;
create index on view_lineage (persona_id) where status = 'reaped';
create index on view_lineage (parent_id) where parent_id is not null;
create index on view_lineage (cascade_root) where cascade_root is not null;
"""
_HAPPENED: Final = upsert(
    "view_lineage", "position",
    at=NEW, persona_id=NEW, swarm_id=NEW, status=NEW, reason=NEW, cascade_root=NEW, parent_id=NEW,
    depth=NEW, name=NEW, role=NEW, limits=NEW,
)  # fmt: skip


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row an event. Only a spawning has a depth."""
    rows = [
        {
            "position": recorded.position,
            "at": recorded.event.occurred_at,
            "persona_id": recorded.event.persona_id,
            "swarm_id": recorded.event.swarm_id,
            **_standing(recorded.event),
        }
        for recorded in batch
    ]
    return [Statement(_HAPPENED, rows)] if rows else []


def _standing(event: Event) -> dict[str, Any]:
    match event:
        case PersonaSpawned(identity=who):
            return {
                "status": "active",
                "parent_id": who.parent_id,
                "depth": who.depth,
                "name": who.name,
                "role": who.role,
                "limits": event.limits.model_dump_json(),
            }
        case PersonaPaused():
            return {"status": "paused", "reason": event.reason}
        case PersonaReaped():
            root = event.cascade_root
            return {"status": "reaped", "reason": event.reason, "cascade_root": root}
    return {"status": "active"}


VIEW: Final = View(
    name="lineage",
    version=2,
    table="view_lineage",
    ddl=_DDL,
    topics=frozenset(
        [PersonaSpawned.topic, PersonaPaused.topic, PersonaResumed.topic, PersonaReaped.topic]
    ),
    fold=fold,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When to look: at what had happened up to a position, and up to a time."""

    position: int = 2**63 - 1
    time: datetime | None = None
    """UTC; null for no such bound. An event counts if its own clock said no later."""


NOW: Final = Moment()


@dataclass(frozen=True, slots=True)
class Kin:
    """A persona, and all it descends from or all that descend from it."""

    persona_id: str
    direction: Direction


_EVERYBODY: Final = "select persona_id from view_lineage where depth is not null"
_KIN: Final[dict[Direction, str]] = {
    "ancestors": """
    select %(of)s::text collate "C" union
    select child.parent_id from asked join view_lineage child on child.depth is not null
        and child.persona_id = asked.persona_id and child.parent_id is not null""",
    "descendants": """
    select %(of)s::text collate "C" union
    select child.persona_id from asked join view_lineage child
        on child.parent_id = asked.persona_id""",
}
"""`union` ends even where a history that should not be goes in circles."""
# `happened` is not materialized, for then each persona's rows would be sought without an index.
_SELECT: Final = """
with recursive asked (persona_id) as ({asked}), happened as not materialized (
    select * from view_lineage where position <= %(position)s
        and (%(time)s::timestamptz is null or at <= %(time)s::timestamptz)
)
select spawned.persona_id, spawned.name, spawned.role, spawned.swarm_id, spawned.parent_id,
    spawned.depth, spawned.limits as limits_json, spawned.at as spawned_at,
    latest.status, latest.reason, latest.at as since
from asked join happened spawned
    on spawned.persona_id = asked.persona_id and spawned.depth is not null
cross join lateral (
    select status, reason, at from happened where persona_id = spawned.persona_id
    order by position desc limit 1
) latest
where %(swarm_id)s::text is null or spawned.swarm_id = %(swarm_id)s
order by spawned.depth, spawned.position
"""
_SWARMS: Final = """
select swarm_id from view_lineage where depth is not null
group by swarm_id order by min(position) desc
"""


def select(
    cursor: Cursor, *, swarm_id: str | None = None, kin: Kin | None = None, moment: Moment = NOW
) -> list[LineageRow]:
    """Return personas by depth and then in the order of their spawning; all, or some.

    Args:
        cursor: where to ask.
        swarm_id: only those of this swarm.
        kin: only this persona and its ancestors or descendants.
        moment: as of when.
    """
    asked = {
        "of": kin.persona_id if kin else None,
        "swarm_id": swarm_id,
        "position": moment.position,
        "time": moment.time,
    }
    sql = _SELECT.format(asked=_KIN[kin.direction] if kin else _EVERYBODY)
    found = cursor.execute(sql, asked).fetchall()
    children = defaultdict[str | None, list[str]](list)
    for row in found:
        children[row["parent_id"]].append(row["persona_id"])
    return [LineageRow(**row, children=tuple(children[row["persona_id"]])) for row in found]


def swarms(cursor: Cursor) -> list[str]:
    """Return every swarm that ever had a persona, newest first: founded before its founder's."""
    return [found["swarm_id"] for found in cursor.execute(_SWARMS)]
