"""Which nodes of warm memory a batch may change or depends on: asked before it is folded.

These are what its decisions rest on, as far as that is not kept already; what its checks and the
gate tell of; and of what its snapshots compact: what is new, what that may repeat, and what may be
let go.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from domain.compaction import MOST_SHOWN, fingerprint
from domain.events import (
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationReceived,
    ProposalCreated,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from domain.streams import SEGMENT_SIZE
from projections.memory_node import CAUSE, CONTEXT, EVIDENCE, GATE, heads

Ref = tuple[str | None, str]
"""Who refers, and to what."""
OfClass = defaultdict[type[Event], list[Any]]
"""Class of event to what is `Recorded` of it, in order."""

_AT: Final = """select memory_id from view_memories
    where position = case when {0}.ref ~ '^[0-9]{{1,18}}$' then {0}.ref::bigint end"""
_UNKEPT: Final = """select * from view_memories as node
    where node.memory_id = rests.memory_id and node.kept is distinct from 'rests' offset 0"""
_OF_MIND: Final = (
    "persona_id = mind.persona_id and kind <> 'observation' and expires_at is not null"
)
_OF_SWARM: Final = "swarm_id = swarm.swarm_id and kind = 'observation' and expires_at is not null"

ROWS: Final = f"""
with recursive mind as (
    select * from json_to_recordset(%(minds)s::json) as (
        swarm_id text, persona_id text, since bigint, until timestamptz, added bigint, long boolean)
), swarm as (
    select * from json_to_recordset(%(swarms)s::json) as (
        swarm_id text, until timestamptz, added bigint)
), rests (memory_id) as (
    select found.memory_id
    from unnest(%(citing)s::text[], %(cited)s::text[]) as asked (persona_id, ref)
    cross join lateral (
        select asked.ref as memory_id
        union all {_AT.format("asked")}
        union all select memory_id from view_memories
            where persona_id = asked.persona_id and name = asked.ref
        offset 0) as found
    union
    select node.memory_id
    from unnest(%(owners)s::text[], %(names)s::text[]) as named (persona_id, name)
    cross join lateral (select memory_id from view_memories
        where persona_id = named.persona_id and name = named.name offset 0) as node
    union
    select next.memory_id
    from rests
    cross join lateral ({_UNKEPT}) as node
    cross join lateral (
        select found.memory_id from (
            select substr(each, strpos(each, ':') + 1) as ref from unnest(node.links) as each
            where each like any (array['{EVIDENCE}%%', '{CAUSE}%%'])
        ) as link cross join lateral (
            select link.ref as memory_id union all {_AT.format("link")} offset 0) as found
        union all
        select node.tests
        union all
        select memory_id from view_memories
        where tests = node.memory_id and node.kind = 'hypothesis'
        union all
        select memory_id from view_memories
        where led_by = node.memory_id and node.kind = 'thought'
    ) as next
), shown as materialized (
    select substr(each, length('{CONTEXT}') + 1) as ref
    from rests cross join lateral ({_UNKEPT}) as node cross join unnest(node.links) as each
    where node.kind = 'thought' and starts_with(each, '{CONTEXT}')
    union select unnest(%(shown)s::text[])
), fresh as materialized (
    select node.memory_id, node.fingerprint from mind cross join lateral (
        select * from view_memories where persona_id = mind.persona_id and position >= mind.since
            and fingerprint is not null and expires_at is not null offset 0) as node
), sizes as materialized (
    select swarm_id, persona_id, size, added from mind cross join lateral (
        select count(*) as size from view_memories where {_OF_MIND}) as counted where long
    union all
    select swarm_id, null, size, added from swarm cross join lateral (
        select count(*) as size from view_memories where {_OF_SWARM}) as counted
), ids as (
    select memory_id from rests
    union select ref from shown
    union select node.memory_id from shown cross join lateral (
        {_AT.format("shown")} offset 0) as node
    union select node.memory_id from unnest(%(proposals)s::text[]) as proposal (id)
        cross join lateral (select memory_id from view_memories
            where kind = 'proposal' and name = proposal.id offset 0) as node
    union select memory_id from fresh
    union select node.memory_id
        from (select fingerprint from fresh union select unnest(%(fingerprints)s::bigint[])) as new
        cross join lateral (select memory_id from view_memories
            where fingerprint = new.fingerprint and expires_at is not null offset 0) as node
    union select node.memory_id from mind cross join lateral (select memory_id from view_memories
        where {_OF_MIND} and expires_at < mind.until offset 0) as node
    union select node.memory_id from swarm cross join lateral (select memory_id from view_memories
        where {_OF_SWARM} and expires_at < swarm.until offset 0) as node
    union select node.memory_id from sizes as mind cross join lateral (
        select memory_id from view_memories where {_OF_MIND} order by expires_at, position
        limit greatest(0, size + added - %(most)s)) as node
    union select node.memory_id from sizes as swarm cross join lateral (
        select memory_id from view_memories where {_OF_SWARM} and swarm.persona_id is null
        order by expires_at, position limit greatest(0, size + added - %(most)s)) as node
)
select node.memory_id, position, swarm_id, persona_id, kind,
    case when kind = 'proposal' then text else '' end as text, value, occurred_at, last_seen_at,
    count, status, name, belief_key, tests, led_by, fingerprint, expires_at, kept, kept_since, links
from ids cross join lateral (
    select * from view_memories as node where node.memory_id = ids.memory_id offset 0) as node
union all
select null, null, swarm_id, persona_id, null, null, null, null, null,
    size, null, null, null, null, null, null, null, null, null, null
from sizes
"""  # noqa: S608  names of our own
"""Finds them. Each `offset 0` lets an index be walked for every row before it: a planner that
expects more of them than there are would read the whole table instead.
"""

_Resting = HypothesisRaised | CheckRequested | CheckResult | ProposalCreated
_RESTING: Final = get_args(_Resting)
_CHECKS: Final = (CheckRequested, CheckResult)


def asks(batch: Sequence[Recorded], most: int) -> dict[str, Any]:
    """Return the parameters of `ROWS`; none if the batch only adds what nothing depends on.

    Args:
        batch: events that follow each other.
        most: how many nodes stay of those that can be let go, of one persona.
    """
    of_class = _by_class(batch)
    resting = [each.event for kind in _RESTING for each in of_class[kind]]
    refs = {ref: None for event in resting for ref in _refs(event)}
    names = {name: None for event in resting for name in _names(event)}
    proposals = {each.event.proposal_id for kind in GATE for each in of_class[kind]}
    compacted = of_class[SnapshotCompressed]
    if not (refs or names or proposals or compacted):
        return {}
    inside = {name for each in batch for name in (each.event.event_id, str(each.position))}
    cited = {ref for _, ref in refs} & inside
    last = {each.event.persona_id: each.position for each in compacted}
    fingerprints, shown = set[int](), set[str]()
    for thought, position in ((r.event, r.position) for r in of_class[ThoughtGenerated]):
        if thought.event_id in cited or str(position) in cited:
            shown.update(heads(each.ref for each in thought.context_refs[:MOST_SHOWN]))
        if position < last.get(thought.persona_id, 0):
            fingerprints.add(fingerprint(thought.persona_id or "", thought.content))
    outside = [ref for ref in refs if ref[1] not in inside]
    return {
        "citing": [owner for owner, _ in outside],
        "cited": [ref for _, ref in outside],
        "shown": sorted(shown - inside),
        "owners": [owner for owner, _ in names],
        "names": [name for _, name in names],
        "proposals": sorted(proposals),
        "fingerprints": sorted(fingerprints),
        "minds": json.dumps(_minds(of_class, most), default=str),
        "swarms": json.dumps(_swarms(of_class), default=str),
        "most": most,
    }


def _refs(event: _Resting) -> Iterator[Ref]:
    """Yield what a decision or a check of the batch may rest on."""
    if not isinstance(event, CheckRequested):
        yield from ((event.persona_id, ref) for ref in heads(event.evidence_refs))
    yield from ((event.persona_id, ref) for ref in heads([event.causation_id or ""]))


def _names(event: _Resting) -> Iterator[Ref]:
    """Yield what is known by a name that an event takes over, or tells of."""
    if isinstance(event, _CHECKS):
        yield event.persona_id, event.check_id
    if not isinstance(event, ProposalCreated):
        yield event.persona_id, event.hypothesis_id


def _by_class(batch: Sequence[Recorded]) -> OfClass:
    """Part a batch by class, at once: `isinstance` is slow, as pydantic answers it in Python."""
    of_class: OfClass = defaultdict(list)
    for each in batch:
        of_class[type(each.event)].append(each)
    return of_class


def _minds(of_class: OfClass, most: int) -> list[dict[str, Any]]:
    """Say of each persona that is compacted what is new, what has expired, how much may be added.

    `long` are those who have thought enough for more than `most` nodes.
    """
    minds: dict[str | None, dict[str, Any]] = {}
    for recorded in of_class[SnapshotCompressed]:
        event = recorded.event
        since, until = event.from_position, event.occurred_at
        known = minds.get(event.persona_id, {"since": since, "until": until})
        segment = int(recorded.stream.rpartition("/")[2])
        minds[event.persona_id] = {
            "swarm_id": event.swarm_id,
            "persona_id": event.persona_id,
            "since": min(since, known["since"]),
            "until": max(until, known["until"]),
            "long": segment * SEGMENT_SIZE + recorded.version > most,
        }
    added = Counter[str | None]()
    for kind, those in of_class.items():
        if kind not in GATE:
            added.update(each.event.persona_id for each in those)
    added.update(each.event.persona_id for each in of_class[CheckResult])
    return [mind | {"added": added[who]} for who, mind in minds.items()]


def _swarms(of_class: OfClass) -> list[dict[str, Any]]:
    """Say of each swarm whose observations are compacted what has expired and may be added."""
    until: dict[str, datetime] = {}
    for event in (each.event for each in of_class[SnapshotCompressed]):
        until[event.swarm_id] = max(event.occurred_at, until.get(event.swarm_id, event.occurred_at))
    added = Counter(each.event.swarm_id for each in of_class[ObservationReceived])
    return [{"swarm_id": s, "until": at, "added": added[s]} for s, at in until.items()]
