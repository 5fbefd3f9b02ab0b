"""Proposals and what the gate made of them."""

from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import from_json

from domain.aggregates import Proposal as Aggregate
from domain.events.gate import Action
from projections.rows import ProposalRow
from services.api.models.evidence import Cited, cited
from services.api.models.wire import Timestamp, Told
from services.gate.shown import Shown

_STATUSES: Final = {"created": "created", "rejected": "rejected", "executed": "executed"}
"""Our statuses with a word of their own in the contract; all others are `verified` there."""


_HASHED: Final = ("title", "rationale", "risk", "evidence_refs")


class Approved(Told):
    """The proposal was approved."""

    approved: bool
    proposal_id: str


class ActionTold(Told):
    """What is to be done, exactly."""

    tool: str
    target: str
    arguments: JsonValue


class FindingTold(Told):
    """What one rule of the verification says."""

    rule: str
    passed: bool
    reason: str


class Proposal(Told):
    """A proposal, in the contract's words."""

    id: str
    persona_id: str | None
    title: str
    rationale: str
    evidence_refs: list[str]
    risk: str
    """As assessed; as its author sees it until then."""
    status: str
    """created, verified, rejected or executed."""
    created_at: Timestamp
    votes: dict[str, str]
    vote_deadline: Timestamp | None
    votes_requested: bool
    quorum_needed: int


class ProposalStanding(Proposal):
    """A proposal and how far the gate has come with it."""

    stage: str
    """created, verified, waiting (for approval), allowed, approved, acting, executed, unclear or
    rejected."""
    reject_stage: str | None
    """Where it was rejected: verification, vote, policy, approval, deadline or withdrawn."""
    reasons: list[str]
    """Why it was rejected."""
    outcome: str | None
    """success, failure or unknown, once it was acted on."""


class ProposalDetail(ProposalStanding):
    """A proposal as a person must see it before deciding."""

    swarm_id: str
    action: ActionTold | None
    author_risk: str
    findings: list[FindingTold]
    policy_decision: str | None
    policy_hash: str | None
    policy_reasons: list[str]
    shown_hash: str
    """SHA-256 of what is shown here; send it with the approval."""
    approved_by: str | None
    approved_at: Timestamp | None
    approval_expires_at: Timestamp | None
    evidence: list[Cited]
    """What it rests on, with its text: the first 50 references."""
    evidence_left_out: int
    """How many references more there are."""
    updated_at: Timestamp


def of_row(row: ProposalRow) -> Proposal:
    """Tell of a proposal."""
    return Proposal(**_told(row))


def standing(row: ProposalRow) -> ProposalStanding:
    """Tell of a proposal and how far it has come."""
    return ProposalStanding(**_told(row), **_stood(row))


def just_now(proposal: Aggregate) -> ProposalStanding:
    """Tell of a proposal that was made, or got a vote, just now: none has begun to act."""
    return ProposalStanding(
        **_pending(proposal), stage=proposal.status, reject_stage=None, reasons=[], outcome=None
    )


def in_detail(row: ProposalRow, shown: Shown) -> ProposalDetail:
    """Tell all of a proposal. What the hash speaks for is told of `shown`, never of the view."""
    told = _told(row) | _stood(row) | {name: shown.shown[name] for name in _HASHED}
    return ProposalDetail(
        **told,
        swarm_id=shown.shown["swarm_id"],
        action=action_told(_shown_action(shown)),
        author_risk=row.author_risk,
        findings=[FindingTold.model_validate(each) for each in shown.shown["findings"]],
        policy_decision=row.policy_decision,
        policy_hash=row.policy_hash,
        policy_reasons=list(row.policy_reasons),
        shown_hash=shown.shown_hash,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        approval_expires_at=row.approval_expires_at,
        evidence=[cited(each) for each in shown.evidence],
        evidence_left_out=shown.left_out,
        updated_at=row.updated_at,
    )


def action_told(action: Action | None) -> ActionTold | None:
    """Tell of an action, its arguments as the object they are."""
    if action is None:
        return None
    arguments = from_json(action.arguments)
    return ActionTold(tool=action.tool, target=action.target, arguments=arguments)


def _shown_action(shown: Shown) -> Action | None:
    action = shown.shown["action"]
    return None if action is None else Action.model_validate(action)


def _status(stage: str, outcome: str | None) -> str:
    """Return the contract's word: what was acted on is executed, what waits is verified."""
    return _STATUSES.get(stage, "executed" if outcome else "verified")


def _stood(row: ProposalRow) -> dict[str, Any]:
    return {
        "stage": row.status,
        "reject_stage": row.reject_stage,
        "reasons": list(row.reasons),
        "outcome": row.outcome,
    }


def _pending(proposal: Aggregate) -> dict[str, Any]:
    made = proposal.content
    return {
        "id": proposal.proposal_id,
        "persona_id": made.persona_id,
        "title": made.title,
        "rationale": made.rationale,
        "evidence_refs": list(made.evidence_refs),
        "risk": proposal.risk,
        "status": _status(proposal.status, None),
        "created_at": made.occurred_at,
        "votes": proposal.votes,
        "vote_deadline": made.vote_deadline,
        "votes_requested": made.votes_requested,
        "quorum_needed": made.quorum_needed,
    }


def _told(row: ProposalRow) -> dict[str, Any]:
    return {
        "id": row.proposal_id,
        "persona_id": row.persona_id,
        "title": row.title,
        "rationale": row.rationale,
        "evidence_refs": list(row.evidence_refs),
        "risk": row.risk,
        "status": _status(row.status, row.outcome),
        "created_at": row.created_at,
        "votes": dict(row.votes),
        "vote_deadline": row.vote_deadline,
        "votes_requested": row.votes_requested,
        "quorum_needed": row.quorum_needed,
    }
