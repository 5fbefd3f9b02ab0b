"""Events of personas that were never spawned: no command can make them, so they are corruption.

They are told with their positions and never mended: history is not written twice.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from psycopg.rows import tuple_row

from domain import streams
from domain.events import PersonaSpawned
from projections import stranded
from services.reconciliation.rule import Found, Job

_WHY: Final = "no command makes such events: keep the store as it is, and compare a backup"
_TOLD: Final = 10
"""Most positions told of one persona."""
# Hops from one persona's streams to the next one's along the index of streams: `0` is the
# character after `/`, and no part of a name holds either unencoded.
_OWNERS: Final = b"""
with recursive hop (stream) as (
    (select stream from events where stream >= %(kind)s || '/' order by stream limit 1)
    union all
    select (select after.stream from events after
        where after.stream >= %(kind)s || '/' || split_part(hop.stream, '/', 2) || '0'
        order by after.stream limit 1)
    from hop where hop.stream < %(kind)s || '0'
), owner (part) as (
    select split_part(stream, '/', 2) from hop where stream < %(kind)s || '0'
)
select part from owner where not exists (
    select from events where stream = 'persona/' || part and version = 1 and topic = %(spawned)s)
"""
_POSITIONS: Final = b"""
select position from events where stream = any(%(streams)s::text[]) order by position limit %(most)s
"""


def unspawned(job: Job) -> Iterator[Found]:
    """Find thoughts and lives of personas never spawned, and children of such parents."""
    for part, told in sorted((_owners(job, "thoughts") | _owners(job, "persona")).items()):
        yield Found(unquote(part), "has events, and was never spawned", _WHY, positions=told)
    for child in job.parts.views.ask(stranded.strays):
        if not job.parts.recorder.stream_head(streams.persona(child.parent_id)):
            what = f"has the parent {child.parent_id}, who was never spawned"
            yield Found(child.persona_id, what, _WHY, positions=[child.position])


def _owners(job: Job, kind: str) -> dict[str, list[int]]:
    """Return the names of personas with streams of a kind and no spawning: their first events."""
    wanted = {"kind": kind, "spawned": PersonaSpawned.topic}
    found = job.parts.recorder.query(_OWNERS, wanted, tuple_row)
    return {part: _first_events(job, part) for (part,) in found}


def _first_events(job: Job, part: str) -> list[int]:
    wanted = {"streams": [f"thoughts/{part}/0", f"persona/{part}"], "most": _TOLD}
    return [position for (position,) in job.parts.recorder.query(_POSITIONS, wanted, tuple_row)]
