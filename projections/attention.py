"""What somebody should look at, of checks and proposals; what follows of beliefs is added here.

How many are open is bounded by `domain.attending`, a settled one by how many newer there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from domain.attending import Attention
from domain.attention import Item, item_id
from domain.events import (
    ActionExecuted,
    CheckResult,
    PersonaReaped,
    ProposalCreated,
    ProposalRejected,
)
from domain.recorded import Recorded
from projections.privacy import guarded
from projections.statement import NEW, Statement, upsert
from projections.view import Cursor, Growing, Row, View

MOST_RESOLVED: Final = 200
"""Settled items of a swarm that are kept, the last settled."""
MOST_ITEMS: Final = 2_000
"""Most items one question is told of."""

_DDL: Final = f"""
create table view_attention (
    item_id text collate "C" primary key,
    swarm_id text collate "C" not null,
    owner text collate "C",
    about text not null,
    topic text not null,
    topic_tags text[] not null,
    source_type text not null,
    source_id text not null,
    assigned_persona text collate "C",
    position bigint not null,
    priority double precision not null,
    created_at timestamptz,
    resolved_at timestamptz,
    resolved_position bigint
) with (fillfactor = 70);
create index on view_attention (swarm_id) where created_at is not null and resolved_at is null;
create index on view_attention (swarm_id, resolved_position) where resolved_at is not null;
{guarded("view_attention", owner="owner", common="owner is null")}
"""
_COLUMNS: Final = tuple(each.name for each in fields(Item))
_CHANGED: Final = upsert("view_attention", "item_id", **dict.fromkeys(_COLUMNS[1:], NEW))
_DROPPED: Final = """
delete from view_attention where item_id in (
    select item_id from json_populate_recordset(null::view_attention, %s::json))
"""
_PRUNED: Final = f"""
delete from view_attention as old using (
    select item_id, row_number() over (
        partition by swarm_id order by resolved_position desc, item_id) as age
    from view_attention where resolved_at is not null and swarm_id in (
        select swarm_id from json_populate_recordset(null::view_attention, %s::json))
) as settled where settled.item_id = old.item_id and settled.age > {MOST_RESOLVED}
"""  # noqa: S608  names of our own
_OPEN: Final = """
select * from view_attention
where (swarm_id = any(%(swarms)s) and created_at is not null and resolved_at is null)
    or item_id = any(%(items)s)
"""
_OF_PROPOSALS: Final = (ProposalCreated, ProposalRejected, ActionExecuted)


def asks(batch: Sequence[Recorded]) -> Mapping[str, Any]:
    """Name the swarms whose open items a batch may change, and the items of its proposals."""
    events = [recorded.event for recorded in batch]
    proposals = {each.proposal_id for each in events if isinstance(each, _OF_PROPOSALS)}
    return {
        "swarms": sorted({event.swarm_id for event in events}),
        "items": sorted(item_id("proposal", each) for each in proposals),
    }


def grow(batch: Sequence[Recorded], rows: Sequence[Row]) -> list[Statement]:
    """Say what a batch changes: items raised and settled, those dropped, those too old."""
    attention = Attention({item.item_id: item for item in map(_item, rows)})
    for recorded in batch:
        attention.apply(recorded.position, recorded.event)
    changed = attention.changed.values()
    kept = [_row(each) for each in changed if not each.is_dropped]
    dropped = [{"item_id": each.item_id} for each in changed if each.is_dropped]
    settled = sorted({each.swarm_id for each in changed if each.resolved_at})
    changes = (
        (_CHANGED, kept),
        (_DROPPED, dropped),
        (_PRUNED, [{"swarm_id": each} for each in settled]),
    )
    return [Statement(sql, rows) for sql, rows in changes if rows]


VIEW: Final = View(
    name="attention",
    version=1,
    table="view_attention",
    ddl=_DDL,
    topics=frozenset(each.topic for each in (*_OF_PROPOSALS, CheckResult, PersonaReaped)),
    fold=Growing(asks, _OPEN, grow),
)


def select(cursor: Cursor, *, swarm_id: str | None = None) -> list[Item]:
    """Return items of checks and proposals that were raised, as far as the reader may know.

    Of very many, those that come first by `in_order`.
    """
    cursor.execute(
        "select * from view_attention where created_at is not null"
        " and (%(swarm_id)s::text is null or swarm_id = %(swarm_id)s)"
        " order by resolved_at is not null, priority desc, created_at desc limit %(most)s",
        {"swarm_id": swarm_id, "most": MOST_ITEMS},
    )
    return [_item(found) for found in cursor]


def in_order(items: Iterable[Item]) -> list[Item]:
    """Order items: open ones first, by priority, the newest first of equal ones."""
    by_age = sorted(
        (item for item in items if item.created_at),
        key=lambda item: (item.created_at, item.item_id),
        reverse=True,
    )
    return sorted(by_age, key=lambda item: (not item.is_open, -item.priority))


def _item(found: Row) -> Item:
    return Item(**found | {"topic_tags": tuple(found["topic_tags"])})


def _row(item: Item) -> Row:
    return asdict(item)
