"""What somebody should look at, and what of a belief it follows from (ADR 17).

Items of beliefs follow from the belief as its reader knows it, at the time of the question. Those
of checks and proposals are kept: `domain.attending`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from domain.belief import Belief
from domain.events import CheckResult, ProposalCreated

PRIORITIES: Final = {
    "contested_belief": 0.7,
    "failed_check": 0.5,
    "stale_belief": 0.4,
    "proposal_timeout": 0.6,
    "failed_execution": 0.8,
}
"""Source type to how much it matters, 0 to 1."""
TOPIC_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at, or, until it is raised, a proposal that may become one."""

    item_id: str
    swarm_id: str
    owner: str | None
    """Whose memory it tells of; null for what everybody may know."""
    about: str
    """What it is about: a later proposal, or check that passes, about the same settles it."""
    topic: str
    topic_tags: tuple[str, ...]
    source_type: str
    source_id: str
    assigned_persona: str | None
    position: int = 0
    """Where its check ended, or its proposal was made; 0 for one of a belief."""
    priority: float = 0.0
    created_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_position: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was raised, and nothing has settled it."""
        return self.created_at is not None and self.resolved_at is None

    @property
    def is_dropped(self) -> bool:
        """Whether it was settled before it was raised: nobody need know."""
        return self.created_at is None and self.resolved_at is not None


def item_id(kind: str, source_id: str) -> str:
    """Return the id of a thing, or of what it raises: always the same."""
    return sha256(f"{kind}\0{source_id}".encode()).hexdigest()[:32]


def failed_check(position: int, event: CheckResult) -> Item:
    """A check failed: settled by a check of the same hypothesis that passes."""
    return Item(
        item_id=item_id("check", event.event_id),
        swarm_id=event.swarm_id,
        owner=event.persona_id,
        about=hypothesis(event),
        topic=event.excerpt[:TOPIC_CHARS],
        topic_tags=(event.hypothesis_id,),
        source_type="failed_check",
        source_id=event.check_id,
        assigned_persona=event.persona_id,
        position=position,
        priority=PRIORITIES["failed_check"],
        created_at=event.occurred_at,
    )


def watched(position: int, event: ProposalCreated) -> Item:
    """A proposal was made: it may run out of time, or fail. It takes up what it is about."""
    action = event.action
    return Item(
        item_id=item_id("proposal", event.proposal_id),
        swarm_id=event.swarm_id,
        owner=None,
        about=item_id("target", f"{action.tool} {action.target}")
        if action
        else item_id("intention", event.title),
        topic=event.title[:TOPIC_CHARS],
        topic_tags=(action.tool, action.target) if action else (),
        source_type="",
        source_id=event.proposal_id,
        assigned_persona=event.persona_id,
        position=position,
    )


def of_belief(belief: Belief, now: datetime) -> Iterator[Item]:
    """Tell what of a belief somebody should look at: contests it withstood, a review overdue."""
    for contest in belief.contests:
        yield replace(
            _of_belief(belief, "contested_belief", contest.event_id, contest.at),
            resolved_at=contest.resolved_at,
        )
    if belief.is_overdue(now):
        due = belief.review_after
        yield _of_belief(belief, "stale_belief", due.isoformat(), due)


def _of_belief(belief: Belief, source_type: str, cause: str, at: datetime) -> Item:
    return Item(
        item_id=item_id(source_type, f"{belief.belief_id} {cause}"),
        swarm_id=belief.swarm_id,
        owner=belief.asserted_by,
        about=belief.belief_id,
        topic=f"[{belief.belief_key}] {belief.claim}"[:TOPIC_CHARS],
        topic_tags=(belief.belief_key,),
        source_type=source_type,
        source_id=belief.belief_id,
        assigned_persona=belief.asserted_by,
        priority=PRIORITIES[source_type],
        created_at=at,
    )


def hypothesis(event: CheckResult) -> str:
    """Name what a check is about: ids of hypotheses are their authors' own."""
    return item_id("hypothesis", f"{event.persona_id}\0{event.hypothesis_id}")
