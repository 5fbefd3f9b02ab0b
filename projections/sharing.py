"""Who shares memory with whom: what the policies that guard memory are decided on."""

from collections.abc import Sequence
from typing import Final

from domain.events import PersonaSpawned
from domain.limits import shared_with
from domain.recorded import Recorded
from projections.statement import NEW, Statement, upsert
from projections.view import View

_DDL: Final = """
create table view_sharing (
    persona_id text collate "C" primary key,
    swarm_id text collate "C" not null,
    parent_id text collate "C",
    shared_with text[] not null
);
create index on view_sharing (swarm_id) where 'swarm' = any(shared_with);
create index on view_sharing (parent_id);
create index on view_sharing using gin (shared_with);
"""
_SPAWNED: Final = upsert("view_sharing", "persona_id", swarm_id=NEW, parent_id=NEW, shared_with=NEW)


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a persona; a policy is fixed at the spawning."""
    rows = [
        {
            "persona_id": event.persona_id,
            "swarm_id": event.swarm_id,
            "parent_id": event.identity.parent_id,
            "shared_with": sorted(shared_with(event.limits)),
        }
        for event in (each.event for each in batch)
        if isinstance(event, PersonaSpawned)
    ]
    return [Statement(_SPAWNED, rows)] if rows else []


VIEW: Final = View(
    name="sharing",
    version=1,
    table="view_sharing",
    ddl=_DDL,
    topics=frozenset([PersonaSpawned.topic]),
    fold=fold,
)
