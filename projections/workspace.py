"""What all have in view: the beliefs and questions that matter now, what to look at, what for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.attention import Item, of_belief
from domain.belief import Belief
from domain.events.lifecycle import Identity
from projections import attention, beliefs
from projections.view import Cursor

TOP_BELIEFS: Final = 10
TOP_UNCERTAINTIES: Final = 5
TOP_ATTENTION: Final = 10
MOST_OBJECTIVES: Final = 20
OBJECTIVE_CHARS: Final = 160


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a swarm, or all of them, have in view at a time."""

    top_beliefs: Sequence[Belief]
    top_uncertainties: Sequence[str]
    top_attention: Sequence[Item]
    active_objectives: Sequence[str]
    updated_at: datetime
    """When something of it changed last; the time of the question if there is nothing."""


_OBJECTIVES: Final = """
select identity, created_at from view_personas
where position is not null and status <> 'reaped'
    and (%(swarm_id)s::text is null or swarm_id = %(swarm_id)s)
order by position desc limit %(limit)s
"""


def select(cursor: Cursor, now: datetime, *, swarm_id: str | None = None) -> Workspace:
    """Return what a swarm, or any, has in view at a time, as far as the reader may know."""
    believed = beliefs.select(cursor, now, swarm_id=swarm_id)
    asked = {"swarm_id": swarm_id, "limit": MOST_OBJECTIVES}
    living = cursor.execute(_OBJECTIVES, asked).fetchall()
    items = look_at(cursor, believed, now, swarm_id=swarm_id)
    held = sorted((b for b in believed if b.is_held), key=lambda b: -b.salience(now))
    unsure = sorted((b for b in held if b.is_uncertain), key=lambda b: b.confidence)
    changes = [
        *(belief.updated_at for belief in believed),
        *(item.resolved_at or item.created_at or now for item in items),
        *(row["created_at"] for row in living),
    ]
    return Workspace(
        top_beliefs=held[:TOP_BELIEFS],
        top_uncertainties=[f"[{b.belief_key}] {b.claim}" for b in unsure[:TOP_UNCERTAINTIES]],
        top_attention=[item for item in items if item.is_open][:TOP_ATTENTION],
        active_objectives=[objective(row["identity"]) for row in living],
        updated_at=max(changes, default=now),
    )


def look_at(
    cursor: Cursor, believed: Sequence[Belief], now: datetime, *, swarm_id: str | None = None
) -> list[Item]:
    """Return all that somebody should look at, of checks, proposals and beliefs, in order."""
    of_beliefs = [item for belief in believed for item in of_belief(belief, now)]
    return attention.in_order([*attention.select(cursor, swarm_id=swarm_id), *of_beliefs])


def objective(identity: str) -> str:
    """Return what a persona is for: the first line of its charter, else its role."""
    who = Identity.model_validate_json(identity)
    line = next(iter(who.charter.strip().splitlines()), who.role)
    return line if len(line) <= OBJECTIVE_CHARS else f"{line[: OBJECTIVE_CHARS - 1]}…"
