"""Warm memory: the graph of what personas thought, supposed, checked, proposed and did.

Every event of these is one node, and what the event refers to are its links: so a link never
outlives its node. `compacting` says what stays, `edges` how the graph is walked (ADR 15).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

from domain.aggregates import Proposal
from domain.compaction import ACTION_VALUE, MOST, proposal_value
from domain.events import (
    ActionExecuted,
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationReceived,
    ProposalCreated,
    ProposalVerified,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from projections import memories_asked
from projections.compacting import Compacting, Scope
from projections.memory_node import EXECUTES, GATE, TEXT_CHARS, GateEvent, Node, node_of
from projections.privacy import guarded
from projections.statement import Statement
from projections.view import Growing, Row, View

_DDL: Final = f"""
create table view_memories (
    memory_id text collate "C" primary key,
    position bigint not null,
    swarm_id text collate "C" not null,
    persona_id text collate "C",
    kind text collate "C" not null,
    text text not null,
    value double precision not null,
    occurred_at timestamptz not null,
    last_seen_at timestamptz not null,
    count integer not null,
    status text collate "C",
    name text collate "C",
    belief_key text collate "C",
    tests text collate "C",
    led_by text collate "C",
    fingerprint bigint,
    expires_at timestamptz,
    kept text collate "C",
    kept_since bigint,
    links text[] not null
) with (fillfactor = 90);
create index on view_memories (persona_id, position);
create index on view_memories (position);
create index on view_memories (persona_id, name) where name is not null;
create index on view_memories (name) where kind = 'proposal';
create index on view_memories (tests) where tests is not null;
create index on view_memories (led_by) where led_by is not null;
create index on view_memories (fingerprint)
    where fingerprint is not null and expires_at is not null;
create index on view_memories (persona_id, expires_at)
    where expires_at is not null and kind <> 'observation';
create index on view_memories (swarm_id, expires_at)
    where expires_at is not null and kind = 'observation';
{guarded("view_memories", common="kind = 'observation'")}
"""
_COLUMNS: Final = tuple(Node.__dataclass_fields__)
_CHANGING: Final = (
    "value", "last_seen_at", "count", "status", "name", "expires_at", "kept", "kept_since",
    "links",
)  # fmt: skip
_ROWS: Final = "json_populate_recordset(null::view_memories, %s::json) as new"
_ADD: Final = f"insert into view_memories select * from {_ROWS}"  # noqa: S608  names of our own
_CHANGE: Final = (
    "update view_memories as old set "  # noqa: S608  names of our own
    + ", ".join(f"{column} = new.{column}" for column in _CHANGING)
    + f" from {_ROWS} where old.memory_id = new.memory_id"
)
_DROP: Final = (
    f"delete from view_memories as old using {_ROWS}"  # noqa: S608  names of our own
    " where old.memory_id = new.memory_id"
)


def grow(batch: Sequence[Recorded], found: Sequence[Row], most: int) -> list[Statement]:
    """Say what a batch changes: new nodes, changed ones, and those it drops."""
    sizes: dict[Scope, int] = {
        (row["swarm_id"], row["persona_id"]): row["count"] for row in found if row["kind"] is None
    }
    rows = [row for row in found if row["kind"] is not None]
    before = {row["memory_id"] for row in rows}
    warm = Compacting((Node(**row) for row in rows), sizes, most)
    for recorded in batch:
        _take_in(warm, recorded)
    added = [node for node in warm.changed.values() if node.memory_id not in before]
    changed = [node for node in warm.changed.values() if node.memory_id in before]
    dropped = warm.dropped & before
    statements = (
        Statement(_ADD, _rows(added, _COLUMNS)),
        Statement(_CHANGE, _rows(changed, ("memory_id", *_CHANGING))),
        Statement(_DROP, [{"memory_id": memory_id} for memory_id in sorted(dropped)]),
    )
    return [statement for statement in statements if statement.rows]


def view(most: int = MOST) -> View:
    """Return the view that keeps so many nodes of a persona beside what its decisions rest on."""
    return View(
        name="memories",
        version=1,
        table="view_memories",
        ddl=_DDL,
        topics=frozenset(
            each.topic
            for each in (
                ThoughtGenerated,
                ObservationReceived,
                HypothesisRaised,
                CheckRequested,
                CheckResult,
                ProposalCreated,
                *GATE,
                SnapshotCompressed,
            )
        ),
        fold=Growing(
            asks=partial(memories_asked.asks, most=most),
            rows=memories_asked.ROWS,
            grow=partial(grow, most=most),
        ),
    )


def _rows(nodes: Iterable[Node], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Write nodes as rows; what is null is left out."""
    return [
        {name: value for name, value in zip(columns, values, strict=True) if value is not None}
        for values in map(attrgetter(*columns), nodes)
    ]


def _take_in(warm: Compacting, recorded: Recorded) -> None:
    event = recorded.event
    if node := node_of(recorded):
        warm.add(node)
    if then := _THEN.get(type(event)):
        then(warm, recorded.position, event)


def _settle(warm: Compacting, position: int, result: CheckResult) -> None:
    warm.settle(result)


def _compact(warm: Compacting, position: int, snapshot: SnapshotCompressed) -> None:
    warm.compact(snapshot)


def _decide(warm: Compacting, position: int, event: GateEvent) -> None:
    proposal = warm.proposal(event.proposal_id)
    if proposal is None:
        return
    decided = Proposal(event.proposal_id)
    decided.apply(event)
    proposal.status = decided.status or proposal.status
    if isinstance(event, ProposalVerified):
        proposal.value = proposal_value(event.assessed_risk)
    warm.change(proposal)
    if isinstance(event, ActionExecuted):
        warm.add(_action(position, event, proposal))


def _action(position: int, event: ActionExecuted, proposal: Node) -> Node:
    title = proposal.text.partition("\n")[0]
    return Node(
        memory_id=event.event_id,
        position=position,
        swarm_id=event.swarm_id,
        persona_id=proposal.persona_id,
        kind="action",
        text=f"{event.outcome}: {title}; {event.result}"[:TEXT_CHARS],
        value=ACTION_VALUE,
        occurred_at=event.occurred_at,
        last_seen_at=event.occurred_at,
        status=event.outcome,
        links=(EXECUTES + proposal.memory_id,),
    )


_THEN: Final[dict[type[Event], Callable[[Compacting, int, Any], None]]] = {
    CheckResult: _settle,
    SnapshotCompressed: _compact,
    **dict.fromkeys(GATE, _decide),
}
"""Event class to what it does beside making its node. Looked up: to ask `isinstance` of each class
is slow, as pydantic answers it in Python.
"""

VIEW: Final = view()
