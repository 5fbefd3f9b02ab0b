"""What is believed, and what somebody should look at."""

from domain.attention import Item
from domain.belief import Belief as Believed
from projections.workspace import Workspace as InView
from services.api.models.wire import Timestamp, Told


class Belief(Told):
    """What a swarm believes of one key, as far as its reader may know."""

    id: str
    belief_key: str
    claim: str
    """Its first 1,000 characters; its hypothesis has all."""
    confidence: float
    evidence_refs: list[str]
    """Some of what it rests on; its hypotheses have all."""
    asserted_by: str
    confirmed_by: list[str]
    contested_by: list[str]
    contradicts: list[str]
    """Belief keys it contradicts."""
    created_at: Timestamp
    updated_at: Timestamp
    review_after: Timestamp
    status: str
    """active, stale, invalidated or archived."""
    swarm_id: str


class Attention(Told):
    """Something somebody should look at."""

    id: str
    topic: str
    topic_tags: list[str]
    priority: float
    source_type: str
    """contested_belief, failed_check, stale_belief, proposal_timeout or failed_execution."""
    source_id: str
    """Id of the belief, the check or the proposal."""
    assigned_persona: str | None
    created_at: Timestamp
    resolved_at: Timestamp | None
    """When what came later settled it; null while it is open."""
    swarm_id: str


class Workspace(Told):
    """What all have in view."""

    top_beliefs: list[Belief]
    """By confidence / (1 + minutes since the last change)."""
    top_uncertainties: list[str]
    """`[key] claim` of the least sure."""
    top_attention: list[Attention]
    """Open items, by priority."""
    active_objectives: list[str]
    """First lines of the charters of those who live, the youngest first."""
    updated_at: Timestamp


def belief(found: Believed) -> Belief:
    """Tell of a belief."""
    return Belief(
        id=found.belief_id,
        belief_key=found.belief_key,
        claim=found.claim,
        confidence=found.confidence,
        evidence_refs=list(found.evidence_refs),
        asserted_by=found.asserted_by,
        confirmed_by=list(found.confirmed_by),
        contested_by=list(found.contested_by),
        contradicts=list(found.contradicts),
        created_at=found.created_at,
        updated_at=found.updated_at,
        review_after=found.review_after,
        status=found.status,
        swarm_id=found.swarm_id,
    )


def attention(item: Item) -> Attention:
    """Tell of an item that was raised."""
    if item.created_at is None:
        raise ValueError(f"{item.item_id} was not raised")
    return Attention(
        id=item.item_id,
        topic=item.topic,
        topic_tags=list(item.topic_tags),
        priority=item.priority,
        source_type=item.source_type,
        source_id=item.source_id,
        assigned_persona=item.assigned_persona,
        created_at=item.created_at,
        resolved_at=item.resolved_at,
        swarm_id=item.swarm_id,
    )


def workspace(found: InView) -> Workspace:
    """Tell what is in view."""
    return Workspace(
        top_beliefs=[belief(each) for each in found.top_beliefs],
        top_uncertainties=list(found.top_uncertainties),
        top_attention=[attention(each) for each in found.top_attention],
        active_objectives=list(found.active_objectives),
        updated_at=found.updated_at,
    )
