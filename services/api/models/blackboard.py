"""What a swarm shares, and who works on what."""

from domain.aggregates.work import Claim as Claimed
from domain.belief import Asserted, Checked
from projections.blackboard import Board
from projections.blackboard import Decision as Decided
from services.api.models.belief import Belief, belief
from services.api.models.wire import Sent, Text, Timestamp, Told


class NewClaim(Sent):
    """A topic to work on."""

    persona_id: Text
    """Who will work on it; an agent only for its own persona."""
    topic: Text
    """On what: 1 to 128 characters, compared as they are."""
    ttl_secs: int
    """For how long, from now: 1 second to a day. Claim again to hold it for longer."""


class Claim(Told):
    """Who works on a topic, until when."""

    topic: str
    persona_id: str
    claimed_at: Timestamp
    expires_at: Timestamp


class Finding(Told):
    """What a check found."""

    id: str
    """Id of its event."""
    persona_id: str
    hypothesis_id: str
    outcome: str
    """passed or failed."""
    confidence_after: float
    excerpt: str
    found_at: Timestamp


class Question(Told):
    """A hypothesis that no check has settled."""

    id: str
    """Id of its event."""
    persona_id: str
    hypothesis_id: str
    belief_key: str
    claim: str
    confidence: float
    raised_at: Timestamp


class Decision(Told):
    """A proposal, and how it stands."""

    proposal_id: str
    persona_id: str | None
    title: str
    stage: str
    created_at: Timestamp
    updated_at: Timestamp


class Blackboard(Told):
    """What the personas of a swarm share with who reads it."""

    swarm_id: str
    beliefs: list[Belief]
    findings: list[Finding]
    open_questions: list[Question]
    claims: list[Claim]
    decisions: list[Decision]


def board(found: Board) -> Blackboard:
    """Tell what is on a blackboard."""
    return Blackboard(
        swarm_id=found.swarm_id,
        beliefs=[belief(each) for each in found.beliefs],
        findings=[_finding(each) for each in found.findings],
        open_questions=[_question(each) for each in found.questions],
        claims=[claim(each) for each in found.claims],
        decisions=[_decision(each) for each in found.decisions],
    )


def claim(found: Claimed) -> Claim:
    """Tell of a claim."""
    return Claim(
        topic=found.topic,
        persona_id=found.persona_id,
        claimed_at=found.claimed_at,
        expires_at=found.expires_at,
    )


def _finding(found: Checked) -> Finding:
    return Finding(
        id=found.event_id,
        persona_id=found.persona_id,
        hypothesis_id=found.hypothesis_id,
        outcome=found.outcome,
        confidence_after=found.confidence_after,
        excerpt=found.excerpt,
        found_at=found.at,
    )


def _question(found: Asserted) -> Question:
    return Question(
        id=found.event_id,
        persona_id=found.persona_id,
        hypothesis_id=found.hypothesis_id,
        belief_key=found.belief_key,
        claim=found.claim,
        confidence=found.confidence,
        raised_at=found.at,
    )


def _decision(found: Decided) -> Decision:
    return Decision(
        proposal_id=found.proposal_id,
        persona_id=found.persona_id,
        title=found.title,
        stage=found.status,
        created_at=found.created_at,
        updated_at=found.updated_at,
    )
