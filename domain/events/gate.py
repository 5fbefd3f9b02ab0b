"""The only way to act: proposal, verification, votes, policy, approval, action, receipt."""

from datetime import datetime
from typing import ClassVar

from domain.events.envelope import Body, Event


class Action(Body):
    """What is to be done, exactly."""

    tool: str
    """Actuator that does it."""
    target: str
    """What it is done to: a file, a URL, a command."""
    arguments: str
    """Its arguments, RFC 8785 JSON."""


class Finding(Body):
    """What one rule of the verifier says."""

    rule: str
    """Name of the rule: evidence, consistency, question (of replies) or risk."""
    passed: bool
    """Whether the proposal keeps it."""
    reason: str
    """Why, in words."""


class ProposalCreated(Event):
    """A persona wants something done, or its intention known."""

    topic: ClassVar[str] = "proposal.created"

    proposal_id: str
    """Id of the proposal."""
    title: str
    """What it wants, in one line."""
    rationale: str
    """Why."""
    action: Action | None = None
    """What is to be done; null for an intention without one."""
    risk: str
    """Risk as its author sees it: low, medium, high or critical."""
    evidence_refs: tuple[str, ...] = ()
    """What it rests on: event ids, or `POSITION#LINES` of observations."""
    quorum_needed: int = 0
    """Votes needed, frozen at creation; 0 if none were asked for."""
    votes_requested: bool = False
    """Whether the swarm is asked to vote."""
    vote_deadline: datetime | None = None
    """When voting ends, UTC; null without votes."""


class ProposalVerified(Event):
    """A proposal passed verification."""

    topic: ClassVar[str] = "proposal.verified"

    proposal_id: str
    """Proposal that was looked at."""
    findings: tuple[Finding, ...]
    """What every rule said."""
    assessed_risk: str
    """Risk by tool and arguments, never below what its author said."""


class ProposalRejected(Event):
    """A proposal ended without an action."""

    topic: ClassVar[str] = "proposal.rejected"

    proposal_id: str
    """Proposal that ended."""
    stage: str
    """Where: verification, vote, policy, approval, deadline or withdrawn."""
    reasons: tuple[str, ...]
    """Why, each in words."""


class VoteCast(Event):
    """A persona voted."""

    topic: ClassVar[str] = "vote.cast"

    proposal_id: str
    """Proposal voted on."""
    vote: str
    """approve, reject, veto or abstain."""
    reason: str | None = None
    """Why, null if not said."""


class PolicyDecided(Event):
    """The policy was asked."""

    topic: ClassVar[str] = "policy.decided"

    proposal_id: str
    """Proposal it was asked about."""
    decision: str
    """allow, deny or require_approval."""
    moment: str
    """When it was asked: verified (after verification) or acting (right before the action)."""
    reasons: tuple[str, ...]
    """Which rules decided, each in words."""
    policy_hash: str
    """SHA-256 of the policy that was asked, hex."""


class ApprovalGranted(Event):
    """A person allowed a proposal."""

    topic: ClassVar[str] = "approval.granted"

    proposal_id: str
    """Proposal allowed."""
    shown_hash: str
    """SHA-256 of what the person was shown, hex."""
    expires_at: datetime
    """When the approval lapses if not used, UTC."""
    unseen: bool = False
    """True if an old client approved without saying what it had shown, as a setting allows."""


class ApprovalDenied(Event):
    """A person refused a proposal."""

    topic: ClassVar[str] = "approval.denied"

    proposal_id: str
    """Proposal refused."""
    reason: str
    """Why, in the person's words."""


class ActionStarted(Event):
    """An actuator is about to act; stored before it does."""

    topic: ClassVar[str] = "action.started"

    proposal_id: str
    """Proposal carried out."""
    action_id: str
    """Id of this one attempt."""
    idempotency_key: str
    """Key the actuator leaves where it acted, so that recovery can ask."""
    shown_hash: str
    """SHA-256 of what was shown and approved, hex."""
    ran_hash: str
    """SHA-256 of what runs, hex; equal to `shown_hash`, or nothing runs."""


class ActionExecuted(Event):
    """An actuator acted, or failed to."""

    topic: ClassVar[str] = "action.executed"

    proposal_id: str
    """Proposal carried out."""
    action_id: str
    """Attempt that ended."""
    idempotency_key: str
    """Key the actuator left."""
    outcome: str
    """success, failure or unknown."""
    result: str
    """What the actuator says, RFC 8785 JSON."""
    shown_hash: str
    """SHA-256 of what was shown and approved, hex."""
    ran_hash: str
    """SHA-256 of what ran, hex."""
    duration_ms: int
    """How long it took, milliseconds."""
