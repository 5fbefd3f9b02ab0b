"""Who there is and was: identity, limits, state, what each has thought and used.

Children are found by their parent's id, whichever of the two events came first. What was used is
a number without bound, so that no agent can stop the view by what it says it used.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from domain.events import (
    Event,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
    ThoughtGenerated,
)
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.recorded import Recorded
from projections.rows import PersonaRow
from projections.statement import LATEST, NEW, SUM, Statement, upsert
from projections.view import Cursor, View

_DDL: Final = """
create table view_personas (
    persona_id text collate "C" primary key,
    position bigint,
    swarm_id text collate "C",
    parent_id text collate "C",
    identity text,
    limits text,
    tags text[],
    created_at timestamptz,
    paused_reason text,
    paused_until timestamptz,
    reaped_reason text,
    final_snapshot_id text,
    updated_at timestamptz,
    thought_count bigint not null default 0,
    last_thought_at timestamptz,
    phase text collate "C",
    minute bigint not null default 0,
    thoughts_minute bigint not null default 0,
    thoughts_before bigint not null default 0,
    tokens_minute numeric not null default 0,
    cpu_ms_minute numeric not null default 0,
    status text collate "C" generated always as (case
        when reaped_reason is not null then 'reaped'
        when paused_reason is not null then 'paused'
        else 'active' end) stored
) with (fillfactor = 70);
create index on view_personas (position);
create index on view_personas (parent_id, position);
create index on view_personas (swarm_id, position);
create index on view_personas (status, position);
"""
_OF_MINUTE: Final = (
    "case when new.minute > old.minute then new.{0}"
    " when new.minute = old.minute then old.{0} + new.{0} else old.{0} end"
)
_BEFORE: Final = (
    "case when new.minute = old.minute then old.{0} + new.{0}"
    " when new.minute = old.minute + 1 then old.thoughts_minute + new.{0}"
    " when new.minute > old.minute then new.{0}"
    " when new.minute = old.minute - 1 then old.{0} + new.thoughts_minute else old.{0} end"
)
"""Thoughts of the minute before the last: what was its own of the older one of two rows."""
_SPAWNED: Final = upsert(
    "view_personas", "persona_id",
    position=NEW, swarm_id=NEW, parent_id=NEW, identity=NEW, limits=NEW, tags=NEW, created_at=NEW,
    updated_at=LATEST,
)  # fmt: skip
_STANDING: Final = upsert(
    "view_personas", "persona_id", paused_reason=NEW, paused_until=NEW, updated_at=LATEST
)
_REAPED: Final = upsert("view_personas", "persona_id", reaped_reason=NEW, final_snapshot_id=NEW)
_THOUGHT: Final = upsert(
    "view_personas", "persona_id",
    thought_count=SUM, last_thought_at=LATEST, updated_at=LATEST, phase=NEW,
    thoughts_before=_BEFORE, thoughts_minute=_OF_MINUTE,
    tokens_minute=_OF_MINUTE, cpu_ms_minute=_OF_MINUTE, minute=LATEST,
)  # fmt: skip

Rows = dict[str, dict[str, Any]]


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: at most four statements, a row a persona in each."""
    spawned, standing, reaped, thoughts = Rows(), Rows(), Rows(), Rows()
    for recorded in batch:
        event = recorded.event
        who = event.persona_id or ""
        match event:
            case ThoughtGenerated():
                _count(thoughts, event)
            case PersonaSpawned():
                spawned[who] = _spawned(recorded.position, event)
            case PersonaPaused():
                _stand(standing, event, event.reason, event.until)
            case PersonaResumed():
                _stand(standing, event)
            case PersonaReaped():
                _stand(standing, event)
                reaped[who] = {
                    "persona_id": who,
                    "reaped_reason": event.reason,
                    "final_snapshot_id": event.final_snapshot_id,
                }
    changes = ((_SPAWNED, spawned), (_STANDING, standing), (_REAPED, reaped), (_THOUGHT, thoughts))
    return [Statement(sql, list(rows.values())) for sql, rows in changes if rows]


VIEW: Final = View(
    name="personas",
    version=2,
    table="view_personas",
    ddl=_DDL,
    topics=frozenset(
        [
            PersonaSpawned.topic,
            PersonaPaused.topic,
            PersonaResumed.topic,
            PersonaReaped.topic,
            ThoughtGenerated.topic,
        ]
    ),
    fold=fold,
)


def _spawned(position: int, event: PersonaSpawned) -> dict[str, Any]:
    return {
        "persona_id": event.persona_id,
        "position": position,
        "swarm_id": event.swarm_id,
        "parent_id": event.identity.parent_id,
        "identity": event.identity.model_dump_json(),
        "limits": event.limits.model_dump_json(),
        "tags": event.identity.tags,
        "created_at": event.occurred_at,
        "updated_at": event.occurred_at,
    }


def _stand(
    rows: Rows, event: Event, paused_reason: str | None = None, paused_until: datetime | None = None
) -> None:
    """Note whether a persona is paused; of several events the last one says so."""
    who, at = event.persona_id or "", event.occurred_at
    rows[who] = {
        "persona_id": who,
        "paused_reason": paused_reason,
        "paused_until": paused_until,
        "updated_at": max(at, rows[who]["updated_at"]) if who in rows else at,
    }


def _count(rows: Rows, event: ThoughtGenerated) -> None:
    """Add a thought to its persona's row; of what was used, the last minute's share is kept."""
    at, usage = event.occurred_at, event.usage
    minute = max(0, int(at.timestamp()) // 60)  # a clock may stand before 1970
    row = rows.setdefault(
        event.persona_id or "",
        {
            "persona_id": event.persona_id,
            "thought_count": 0,
            "last_thought_at": at,
            "updated_at": at,
            "minute": -1,
            "thoughts_minute": 0,
        },
    )
    row["thought_count"] += 1
    row["phase"] = event.phase
    if at > row["last_thought_at"]:
        row["last_thought_at"] = row["updated_at"] = at
    if minute > row["minute"]:
        before = row["thoughts_minute"] if minute == row["minute"] + 1 else 0
        row |= {"minute": minute, "thoughts_minute": 0, "thoughts_before": before}
        row |= {"tokens_minute": 0, "cpu_ms_minute": 0}
    if minute == row["minute"]:
        row["thoughts_minute"] += 1
        row["tokens_minute"] += usage.tokens
        row["cpu_ms_minute"] += usage.cpu_ms
    elif minute == row["minute"] - 1:
        row["thoughts_before"] += 1


_SELECT: Final = """
select persona_id, swarm_id, identity, limits, created_at, status, paused_reason, paused_until,
    reaped_reason, final_snapshot_id, updated_at, thought_count, last_thought_at,
    minute as "window", tokens_minute, cpu_ms_minute,
    array(select child.persona_id from view_personas child
        where child.parent_id = persona.persona_id order by child.position) as children
from view_personas persona where position is not null
"""
_LIST: Final = """
    and (%(swarm_id)s::text is null or swarm_id = %(swarm_id)s)
    and (%(status)s::text is null or status = %(status)s)
    and (%(tag)s::text is null or %(tag)s = any(tags))
    and (%(after)s::text is null or position >
        (select position from view_personas where persona_id = %(after)s))
order by position limit %(limit)s
"""


def select(
    cursor: Cursor, *, swarm_id: str | None = None, status: str | None = None,
    tag: str | None = None, after: str | None = None, limit: int = 100,
) -> list[PersonaRow]:  # fmt: skip
    """Return personas in the order of their spawning, those after the persona `after`."""
    asked = {"swarm_id": swarm_id, "status": status, "tag": tag, "after": after, "limit": limit}
    return [_row(found) for found in cursor.execute(_SELECT + _LIST, asked)]


def one(cursor: Cursor, persona_id: str) -> PersonaRow | None:
    """Return a persona, None if there never was one of this id."""
    found = cursor.execute(_SELECT + " and persona_id = %s", [persona_id]).fetchone()
    return _row(found) if found else None


def everybody(cursor: Cursor) -> list[PersonaRow]:
    """Return every persona of every swarm, reaped ones included, parents before their children.

    The order is that of depth, then of spawning.
    """
    rows = [_row(found) for found in cursor.execute(_SELECT + " order by position")]
    return sorted(rows, key=lambda row: row.depth)


def _row(found: dict[str, Any]) -> PersonaRow:
    identity = dict(Identity.model_validate_json(found.pop("identity")))
    limits = Limits.model_validate_json(found.pop("limits"))
    children = tuple(found.pop("children"))
    tokens, cpu_ms = int(found.pop("tokens_minute")), int(found.pop("cpu_ms_minute"))
    return PersonaRow(
        **found,
        **identity,
        limits=limits,
        tokens_window=tokens,
        cpu_ms_window=cpu_ms,
        children=children,
    )
