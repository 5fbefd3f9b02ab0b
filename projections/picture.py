"""What somebody who watches the fabric wants to see, in few and quick questions.

No table of its own: each part is asked of the view that has it. What personas suppose is memory,
and found only as far as the reader of the query may read it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from domain import streams
from domain.asking import asked_source
from domain.belief import Asserted, Checked
from domain.events import ProposalCreated, ProposalVerified
from domain.events.lifecycle import Identity
from projections.privacy import EVERYTHING
from projections.rows import LineageRow
from projections.view import Cursor, Row

SECONDS_A_MINUTE: Final = 60
_REAPED_LOOKED_AT: Final = 100
"""Of so many personas that were spawned last and ended, what they supposed is shown as well."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A live persona, or an ancestor of one, as far as a picture shows it."""

    lineage: LineageRow
    """Without its children."""
    tags: tuple[str, ...]
    paused_until: datetime | None
    thought_count: int
    last_thought_at: datetime | None
    phase: str | None
    """Phase of its last thought."""
    thoughts_per_minute: float


@dataclass(frozen=True, slots=True)
class Busiest:
    """The busiest personas, and how many there are."""

    live: int
    thoughts_per_minute: float
    """Of all that live."""
    shown: tuple[Busy, ...]
    """With all their ancestors, parents first; of these the busiest first."""


@dataclass(frozen=True, slots=True)
class Due:
    """A proposal that waits for a person."""

    proposal_id: str
    persona_id: str | None
    title: str
    risk: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Supposed:
    """A hypothesis, and what the last check of it found."""

    word: Asserted
    check: Checked | None


@dataclass(frozen=True, slots=True)
class SourceRead:
    """How far a source of a swarm was read."""

    swarm_id: str
    source: str
    lines: int
    dropped_lines: int


_BUSIEST: Final = """
with recursive live as materialized (
    select persona_id, parent_id, position, last_thought_at, case minute
        when %(minute)s then thoughts_minute + thoughts_before * %(rest)s
        when %(minute)s - 1 then thoughts_minute * %(rest)s else 0 end as pace
    from view_personas where status in ('active', 'paused') and position is not null
), kin (persona_id, parent_id) as (
    (select persona_id, parent_id from live
        order by pace desc, last_thought_at desc nulls last, position limit %(limit)s)
    union select parent.persona_id, parent.parent_id
        from kin join view_personas parent on parent.persona_id = kin.parent_id
), everybody as (select count(*) as live, coalesce(sum(pace), 0) as pace_of_all from live)
select everybody.*, shown.*, coalesce(live.pace, 0) as pace
from everybody left join (kin join view_personas shown using (persona_id)
    left join live using (persona_id)) on shown.position is not null
order by pace desc, shown.last_thought_at desc nulls last, shown.position
"""


def busiest(cursor: Cursor, now: datetime, limit: int) -> Busiest:
    """Return those who think most, at most so many and all they descend from.

    A rate is that of the last 60 seconds: this minute's thoughts, and of those of the minute before
    the share that is not over yet.
    """
    minute, second = divmod(now.timestamp(), SECONDS_A_MINUTE)
    asked = {"minute": int(minute), "rest": 1 - second / SECONDS_A_MINUTE, "limit": limit}
    rows = cursor.execute(_BUSIEST, asked).fetchall()
    found = [_busy(row) for row in rows if row["persona_id"] is not None]
    return Busiest(
        live=rows[0]["live"],
        thoughts_per_minute=float(rows[0]["pace_of_all"]),
        shown=tuple(sorted(found, key=lambda each: each.lineage.depth)),
    )


def due(cursor: Cursor, limit: int) -> tuple[int, list[Due]]:
    """Return how many proposals wait for a person, and so many of them, the oldest first."""
    of_these = "from view_proposals where status = 'waiting' and position is not null"
    [counted] = cursor.execute(f"select count(*) as waiting {of_these}").fetchall()
    cursor.execute(
        f"select created, verified {of_these} order by position limit %s",
        [limit],
    )
    return counted["waiting"], [_due(row) for row in cursor]


_SUPPOSED: Final = f"""
with speaker as (
    select persona_id from view_personas where status in ('active', 'paused')
    union all (select persona_id from view_personas where status = 'reaped'
        order by position desc limit {_REAPED_LOOKED_AT})
), newest as materialized (
    select said.* from speaker cross join lateral (
        select hypothesis, position, persona_id, word, first_position, first_at from view_beliefs
        where kind = 'asserted' and persona_id = speaker.persona_id
        order by position desc limit %(limit)s
    ) as said
    where (select memory_reader()) = '{EVERYTHING.name}'
        or speaker.persona_id in (select memory_owners(false))
    order by said.position desc limit %(limit)s
)
select newest.*, settling.word as settled from newest left join lateral (
    select word from view_beliefs
    where kind = 'checked' and hypothesis = newest.hypothesis
    order by persona_id = newest.persona_id desc, position desc limit 1
) as settling on true
order by newest.position desc
"""  # noqa: S608  names of our own
"""A check by its own persona says more than another's: ids are their authors' own. Whose memory the
reader may see, the table knows by itself; naming them spares looking at the others'."""


def supposed(cursor: Cursor, limit: int) -> list[Supposed]:
    """Return the newest hypotheses that the reader may know, and what became of each."""
    return [_supposed(row) for row in cursor.execute(_SUPPOSED, {"limit": limit})]


_SOURCES: Final = """
select * from view_sources where not starts_with(split_part(log, '/', 3), %s)
order by last_position desc limit %s
"""
_QUESTIONS: Final = streams.observations("", asked_source("")).rpartition("/")[2]
"""What the last part of the log of questions begins with."""


def sources_read(cursor: Cursor, limit: int) -> list[SourceRead]:
    """Return the sources that something came from last, at most so many; questions are none."""
    cursor.execute(_SOURCES, [_QUESTIONS, limit])
    return [
        SourceRead(
            swarm_id=row["swarm_id"],
            source=unquote(row["log"].rpartition("/")[2]),
            lines=row["lines"],
            dropped_lines=row.get("dropped_lines", 0),
        )
        for row in cursor
    ]


def _busy(row: Row) -> Busy:
    identity = Identity.model_validate_json(row["identity"])
    return Busy(
        lineage=LineageRow(
            persona_id=row["persona_id"],
            name=identity.name,
            role=identity.role,
            swarm_id=row["swarm_id"],
            parent_id=identity.parent_id,
            depth=identity.depth,
            limits_json=row["limits"],
            spawned_at=row["created_at"],
            status=row["status"],
            reason=row["reaped_reason"] or row["paused_reason"],
            since=row["updated_at"],
            children=(),
        ),
        tags=tuple(row["tags"] or ()),
        paused_until=row["paused_until"],
        thought_count=row["thought_count"],
        last_thought_at=row["last_thought_at"],
        phase=row["phase"],
        thoughts_per_minute=float(row["pace"]),
    )


def _due(row: dict[str, Any]) -> Due:
    created = ProposalCreated.model_validate_json(row["created"])
    text = row["verified"]
    verified = ProposalVerified.model_validate_json(text) if text else None
    return Due(
        proposal_id=created.proposal_id,
        persona_id=created.persona_id,
        title=created.title,
        risk=verified.assessed_risk if verified else created.risk,
        created_at=created.occurred_at,
    )


def _supposed(row: Row) -> Supposed:
    first = {name: row[name] for name in ("first_position", "first_at")}
    word = Asserted.model_validate_json(row["word"]).model_copy(update=first)
    check = Checked.model_validate_json(row["settled"]) if row["settled"] else None
    return Supposed(word, check)
