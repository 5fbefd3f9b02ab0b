"""What the personas of a swarm share: beliefs, findings, open questions, work, decisions.

No table of its own: each part is asked of the view that has it, as the reader of the query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.aggregates.work import Claim
from domain.belief import Asserted, Belief, Checked
from domain.events import ProposalCreated
from projections import beliefs, work
from projections.privacy import EVERYTHING
from projections.view import Cursor


@dataclass(frozen=True, slots=True)
class Decision:
    """A proposal of the swarm, and how it stands."""

    proposal_id: str
    persona_id: str | None
    title: str
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """One swarm's blackboard, as its reader may see it."""

    swarm_id: str
    beliefs: Sequence[Belief]
    """Those held, the ones that matter most now first."""
    findings: Sequence[Checked]
    """What checks found, newest first."""
    questions: Sequence[Asserted]
    """Hypotheses that no check has settled, newest first."""
    claims: Sequence[Claim]
    """Who works on what, by topic."""
    decisions: Sequence[Decision]
    """What was proposed and how it stands, newest first."""


_DECISIONS: Final = f"""
select created, status, updated_at from view_proposals
where swarm_id = %(swarm_id)s and position is not null
    and ((select memory_reader()) = '{EVERYTHING.name}'
        or persona_id in (select memory_owners(false)))
order by position desc limit %(limit)s
"""  # noqa: S608  names of our own


def select(cursor: Cursor, swarm_id: str, now: datetime, limit: int) -> Board:
    """Return the blackboard of a swarm at a time, at most `limit` of each kind."""
    held = [each for each in beliefs.select(cursor, now, swarm_id=swarm_id) if each.is_held]
    return Board(
        swarm_id=swarm_id,
        beliefs=sorted(held, key=lambda each: -each.salience(now))[:limit],
        findings=beliefs.findings(cursor, swarm_id, limit),
        questions=beliefs.questions(cursor, swarm_id, limit),
        claims=work.select(cursor, swarm_id, now)[:limit],
        decisions=_decisions(cursor, swarm_id, limit),
    )


def _decisions(cursor: Cursor, swarm_id: str, limit: int) -> list[Decision]:
    found = []
    for row in cursor.execute(_DECISIONS, {"swarm_id": swarm_id, "limit": limit}):
        created = ProposalCreated.model_validate_json(row["created"])
        found.append(
            Decision(
                proposal_id=created.proposal_id,
                persona_id=created.persona_id,
                title=created.title,
                status=row["status"],
                created_at=created.occurred_at,
                updated_at=row["updated_at"],
            )
        )
    return found
