"""Proposals, what the gate made of them, and receipts."""

from typing import Any, Final

from pydantic import Field, JsonValue
from pydantic_core import from_json

from domain.aggregates import Proposal as Aggregate
from domain.events.gate import Action
from projections.rows import ProposalRow
from services.api.models.wire import JsonObject, Ref, Sent, Text, Timestamp, Told
from services.commands.cognition import canonical
from services.commands.gate import NewProposal
from services.gate.evidence import Citation
from services.gate.shown import Shown

_STATUSES: Final = {"created": "created", "rejected": "rejected", "executed": "executed"}
"""Our statuses with a word of their own in the contract; all others are `verified` there."""


_HASHED: Final = ("title", "rationale", "risk", "evidence_refs")


class ActionSent(Sent):
    """What is to be done, exactly."""

    tool: Text = Field(max_length=256, examples=["file.append"])
    target: Text = Field(max_length=1_000, examples=["deny.list"])
    arguments: JsonObject = Field({}, examples=[{"line": "192.0.2.7"}])

    def event(self) -> Action:
        """Return it as events carry it.

        Raises:
            InvalidInput: the arguments have no RFC 8785 form.
        """
        return Action(tool=self.tool, target=self.target, arguments=canonical(self.arguments))


class Propose(Sent):
    """What a persona wants done, or its intention known."""

    title: Text = Field(examples=["Deny 192.0.2.7"])
    rationale: Text
    risk: Text = Field(examples=["high"])
    """low, medium, high or critical, as its author sees it; the gate assesses its own."""
    evidence_refs: list[Ref] = []
    """Event ids, or `POSITION#LINES` of observations."""
    action: ActionSent | None = None

    def command(self, proposal_id: str) -> NewProposal:
        """Return it as the command takes it."""
        return NewProposal(
            proposal_id=proposal_id,
            title=self.title,
            rationale=self.rationale,
            risk=self.risk,
            evidence_refs=tuple(self.evidence_refs),
            action=self.action.event() if self.action else None,
        )


class Approve(Sent):
    """An approval says what its person was shown."""

    shown_hash: Text | None = Field(None, max_length=128)
    """`shown_hash` of the proposal as it was shown."""


class Reject(Sent):
    """A refusal says why."""

    reason: Text = Field(min_length=1, max_length=10_000)


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


class CitedLine(Told):
    """One line of what is cited."""

    number: int
    """Its number, as the reference counts."""
    text: str


class Cited(Told):
    """A reference, looked up. Its text is somebody else's: escape it where it is shown."""

    ref: str
    fault: str | None
    """Why it is no evidence, null if it is."""
    position: int | None
    what: str | None
    """Event class, with the source of an observation."""
    lines: list[CitedLine]
    left_out: int
    """How many lines more it names."""


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


class ToolInvocation(Told):
    """One call of an actuator."""

    tool_name: str
    arguments: JsonValue
    result: str
    success: bool
    lease_id: str | None
    invoked_at: Timestamp


class Receipt(Told):
    """What was done, why, and who allowed it."""

    id: str
    proposal_id: str
    inputs: list[str]
    governance_decision: str
    capability_leases: list[str]
    tool_invocations: list[ToolInvocation]
    outcome: dict[str, str | None]
    created_at: Timestamp


def of_row(row: ProposalRow) -> Proposal:
    """Tell of a proposal."""
    return Proposal(**_told(row))


def standing(row: ProposalRow) -> ProposalStanding:
    """Tell of a proposal and how far it has come."""
    return ProposalStanding(**_told(row), **_stood(row))


def just_made(proposal: Aggregate) -> ProposalStanding:
    """Tell of a proposal that was made just now."""
    made = proposal.content
    return ProposalStanding(
        id=proposal.proposal_id,
        persona_id=made.persona_id,
        title=made.title,
        rationale=made.rationale,
        evidence_refs=list(made.evidence_refs),
        risk=made.risk,
        status="created",
        created_at=made.occurred_at,
        votes={},
        vote_deadline=made.vote_deadline,
        votes_requested=made.votes_requested,
        quorum_needed=made.quorum_needed,
        stage="created",
        reject_stage=None,
        reasons=[],
        outcome=None,
    )


def in_detail(row: ProposalRow, shown: Shown) -> ProposalDetail:
    """Tell all of a proposal. What the hash speaks for is told of `shown`, never of the view."""
    told = _told(row) | _stood(row)
    told |= {
        "stage": shown.status,
        "status": _status(shown.status, row.outcome),
        **{name: shown.shown[name] for name in _HASHED},
    }
    return ProposalDetail(
        **told,
        swarm_id=shown.shown["swarm_id"],
        action=_action(row.action),
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


def cited(citation: Citation) -> Cited:
    """Tell what a reference names."""
    return Cited(
        ref=citation.ref,
        fault=citation.fault,
        position=citation.position,
        what=citation.what,
        lines=[CitedLine(number=number, text=text) for number, text in citation.lines],
        left_out=citation.left_out,
    )


def receipt(row: ProposalRow) -> Receipt | None:
    """Tell what was done for a proposal; None if nothing was yet."""
    if row.action_id is None or row.executed_at is None or row.outcome is None:
        return None
    action, success = _action(row.action), row.outcome == "success"
    result = row.result or "{}"
    invocation = ToolInvocation(
        tool_name=action.tool if action else "",
        arguments=action.arguments if action else None,
        result=result,
        success=success,
        lease_id=None,
        invoked_at=row.started_at or row.executed_at,
    )
    return Receipt(
        id=row.action_id,
        proposal_id=row.proposal_id,
        inputs=list(row.evidence_refs),
        governance_decision=_decision(row),
        capability_leases=[],
        tool_invocations=[invocation],
        outcome=(
            {"type": "success", "summary": summary_of(row.outcome, result)}
            if success
            else {
                "type": "failure",
                "error": summary_of(row.outcome, result),
                "follow_up_attention": None,
            }
        ),
        created_at=row.executed_at,
    )


def summary_of(outcome: str, result: str) -> str:
    """Say in a line how an action ended, of what its actuator said."""
    said = from_json(result)
    if isinstance(said, dict) and isinstance(said.get("error"), str):
        return f"{outcome}: {said['error']}"
    return f"{outcome}: {result}"[:500]


def _decision(row: ProposalRow) -> str:
    said = f"{row.policy_decision} by policy {row.policy_hash}"
    return f"{said}, approved by {row.approved_by}" if row.approved_by else said


def _action(action: Action | None) -> ActionTold | None:
    if action is None:
        return None
    arguments = from_json(action.arguments)
    return ActionTold(tool=action.tool, target=action.target, arguments=arguments)


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
