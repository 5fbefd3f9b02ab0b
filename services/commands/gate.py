"""The steps of the gate, each one save of the proposal and the target it is about."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.aggregates import Proposal, Target
from domain.aggregates.proposal import action_hash
from domain.errors import InvalidInput
from domain.events import ActionStarted
from domain.events.cognition import ContextRef, Thinker
from domain.events.gate import Action, Finding
from domain.vocabulary import ACTION_OUTCOMES, RISKS, checked_id, one_of
from services.commands.cognition import Thought, place_thought, thinking
from services.unit_of_work import Unit

APPROVAL_LASTS = timedelta(hours=1)
EXTERNAL = Thinker(source="external")


class NewProposal(BaseModel):
    """What a persona wants done."""

    model_config = ConfigDict(frozen=True)

    proposal_id: str
    title: str
    rationale: str
    risk: str
    evidence_refs: tuple[str, ...] = ()
    action: Action | None = None


def propose(unit: Unit, persona_id: str, new: NewProposal, thinker: Thinker = EXTERNAL) -> Proposal:
    """Emit an intention. It is a thought of its persona too, in the same save.

    Raises:
        InvalidInput: a word that can't be, or an empty title.
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
        IdTaken: the id was used before.
    """
    persona = thinking(unit, persona_id)
    checked_id(new.proposal_id, "proposal_id")
    one_of(new.risk, RISKS, "risk")
    if not new.title.strip() or len(new.title) > 500:
        raise InvalidInput("title must be 1 to 500 characters", field="title", limit=500)
    thought = place_thought(unit, persona, _intention(new, thinker))
    proposal = unit.proposal(new.proposal_id)
    proposal.create(
        unit.context.caused_by(thought.event_id),
        persona.swarm_id,
        persona_id,
        **{k: v for k, v in new.__dict__.items() if k != "proposal_id"},
    )
    return proposal


def verify(
    unit: Unit, proposal_id: str, findings: Sequence[Finding], assessed_risk: str
) -> Proposal:
    """Record a passed verification and hold the target, or reject for what did not pass.

    Raises:
        TargetHeld: the same action is pending, or was done.
    """
    proposal = unit.proposal(proposal_id)
    failed = [f"{f.rule}: {f.reason}" for f in findings if not f.passed]
    if failed:
        proposal.reject(unit.context, "verification", tuple(failed))
        return proposal
    action = proposal.content.action
    if action:
        target = unit.target(action.tool, action.target)
        target.hold(unit.context, proposal.content.swarm_id, proposal_id, action_hash(action))
    proposal.verify(unit.context, tuple(findings), assessed_risk)
    return proposal


def decide(
    unit: Unit, proposal_id: str, decision: str, reasons: Sequence[str], policy_hash: str
) -> Proposal:
    """Record what the policy says of a verified proposal; a denial rejects it."""
    proposal = unit.proposal(proposal_id)
    proposal.decide(unit.context, "verified", decision, tuple(reasons), policy_hash)
    if decision == "deny":
        _reject(unit, proposal, "policy", reasons)
    return proposal


def approve(
    unit: Unit, proposal_id: str, shown_hash: str | None, *, unseen_allowed: bool
) -> Proposal:
    """Allow a proposal as a person.

    Raises:
        ProposalNotFound, ProposalWrongState: no approval is due.
        ShownHashRequired, ShownHashMismatch: it was not shown, or is not what was.
    """
    proposal = unit.proposal(proposal_id)
    expires_at = unit.context.now + APPROVAL_LASTS
    proposal.approve(unit.context, shown_hash, expires_at, unseen_allowed=unseen_allowed)
    return proposal


def deny(unit: Unit, proposal_id: str, reason: str) -> Proposal:
    """Refuse a proposal as a person.

    Raises:
        ProposalNotFound, ProposalWrongState: there is nothing to refuse.
    """
    proposal = unit.proposal(proposal_id)
    proposal.deny(unit.context, reason)
    _let_go(unit, proposal, done=False)
    return proposal


def start(
    unit: Unit,
    proposal_id: str,
    decision: str,
    reasons: Sequence[str],
    policy_hash: str,
    ran: dict[str, Any],
) -> ActionStarted | None:
    """Ask the policy once more and begin; return None if it now says no.

    Raises:
        ProposalWrongState, ApprovalExpired, ShownHashMismatch: it may not run.
    """
    proposal = unit.proposal(proposal_id)
    proposal.decide(unit.context, "acting", decision, tuple(reasons), policy_hash)
    if decision == "deny":
        _reject(unit, proposal, "policy", reasons)
        return None
    return proposal.start(unit.context, unit.context.new_id(), ran)


def finish(unit: Unit, proposal_id: str, outcome: str, result: str, duration_ms: int) -> Proposal:
    """Record how the action ended."""
    proposal = unit.proposal(proposal_id)
    one_of(outcome, ACTION_OUTCOMES, "outcome")
    proposal.finish(unit.context, outcome, result, duration_ms)
    _let_go(unit, proposal, done=outcome != "failure")
    return proposal


def _reject(unit: Unit, proposal: Proposal, stage: str, reasons: Sequence[str]) -> None:
    proposal.reject(unit.context, stage, tuple(reasons))
    _let_go(unit, proposal, done=False)


def _let_go(unit: Unit, proposal: Proposal, *, done: bool) -> None:
    target = _target(unit, proposal)
    if target:
        target.let_go(unit.context, proposal.content.swarm_id, proposal.proposal_id, done=done)


def _target(unit: Unit, proposal: Proposal) -> Target | None:
    action = proposal.content.action
    return unit.target(action.tool, action.target) if action else None


def _intention(new: NewProposal, thinker: Thinker) -> Thought:
    return Thought(
        phase="reflect",
        content=f"I propose: {new.title}",
        impact=1.0,
        context_refs=tuple(ContextRef(ref=r, tier="input") for r in new.evidence_refs),
        thinker=thinker,
    )
