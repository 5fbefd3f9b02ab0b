"""The steps of the gate, each one save of the proposal and the target it is about."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.aggregates import Proposal, Target
from domain.aggregates.target import held_hash
from domain.asking import answered_before, is_reply
from domain.errors import InvalidInput, TargetHeld
from domain.events import ActionStarted
from domain.events.gate import Finding
from services.commands.asking import usable_tools
from services.gate.policy import Policy
from services.unit_of_work import Unit


def verify(
    unit: Unit, proposal_id: str, findings: Sequence[Finding], assessed_risk: str
) -> Proposal:
    """Record a passed verification and hold the target, or reject for what did not pass.

    Whether the action contradicts what is pending or done is found here, on the target itself.

    Raises:
        ProposalNotFound, ProposalWrongState: there is nothing to verify, or not any more.
    """
    proposal = unit.proposal(proposal_id)
    if all(f.passed for f in findings):
        findings = [*findings, _hold(unit, proposal)]
    failed = [f"{f.rule}: {f.reason}" for f in findings if not f.passed]
    if failed:
        proposal.reject(unit.context, "verification", failed)
    else:
        proposal.verify(unit.context, findings, assessed_risk)
    return proposal


def decide(unit: Unit, proposal_id: str, policy: Policy) -> Proposal:
    """Ask the policy about a verified proposal; a denial rejects it."""
    proposal = unit.proposal(proposal_id)
    _ask(unit, proposal, "verified", policy)
    return proposal


def approve(
    unit: Unit,
    proposal_id: str,
    shown_hash: str | None,
    lasts: timedelta,
    *,
    unseen_allowed: bool,
) -> Proposal:
    """Allow a proposal as a person, for a while.

    Raises:
        NotAllowed: the actor is no person.
        ProposalNotFound, ProposalWrongState: no approval is due.
        ShownHashRequired, ShownHashMismatch: it was not shown, or is not what was.
    """
    proposal = unit.proposal(proposal_id)
    expires_at = unit.context.now + lasts
    proposal.approve(unit.context, shown_hash, expires_at, unseen_allowed=unseen_allowed)
    return proposal


def deny(unit: Unit, proposal_id: str, reason: str) -> Proposal:
    """Refuse a proposal as a person.

    Raises:
        NotAllowed: the actor is no person.
        ProposalNotFound, ProposalWrongState: there is nothing to refuse.
    """
    proposal = unit.proposal(proposal_id)
    proposal.deny(unit.context, reason)
    _let_go(unit, proposal, done=False)
    return proposal


def expire(unit: Unit, proposal_id: str) -> bool:
    """Reject a proposal that lacks votes when voting is over; tell whether it did.

    Raises:
        ProposalNotFound: there is none of this id.
    """
    proposal = unit.proposal(proposal_id)
    content = proposal.content
    if not proposal.lacks_votes(unit.context.now):
        return False
    cast = f"{len(proposal.votes)} of the {content.quorum_needed} votes needed were cast"
    until = f"{content.vote_deadline:%Y-%m-%dT%H:%M:%SZ}"
    proposal.reject(unit.context, "deadline", [f"{cast} by {until}"])
    _let_go(unit, proposal, done=False)
    return True


def start(
    unit: Unit, proposal_id: str, policy: Policy, ran: dict[str, Any]
) -> ActionStarted | None:
    """Ask the policy once more and begin; return None if it now says no, or wants a person.

    Raises:
        ProposalWrongState, ShownHashMismatch, TargetHeld: it may not run.
    """
    proposal = unit.proposal(proposal_id)
    if _ask(unit, proposal, "acting", policy) != "allow":
        return None
    action = proposal.content.action
    if action:
        unit.target(action.tool, action.target).must_be_held(proposal_id, held_hash(action))
    return proposal.start(unit.context, unit.context.new_id(), ran)


def finish(unit: Unit, proposal_id: str, outcome: str, result: str, duration_ms: int) -> Proposal:
    """Record how the action ended. While that is unknown, its target stays held."""
    proposal = unit.proposal(proposal_id)
    proposal.finish(unit.context, outcome, result, duration_ms)
    if outcome != "unknown":
        _let_go(unit, proposal, done=outcome == "success")
    return proposal


def _ask(unit: Unit, proposal: Proposal, moment: str, policy: Policy) -> str:
    content = proposal.content
    if content.action is None:
        raise InvalidInput(f"proposal {content.proposal_id} has no action to decide on")
    tools = usable_tools(unit, content.persona_id or "")
    said = policy.decide(content.action, proposal.risk, tools)
    recorded = proposal.decide(unit.context, moment, said.decision, said.reasons, said.policy_hash)
    if recorded == "deny":
        proposal.reject(unit.context, "policy", said.reasons)
        _let_go(unit, proposal, done=False)
    return recorded


def _hold(unit: Unit, proposal: Proposal) -> Finding:
    action = proposal.content.action
    if action is None:
        return Finding(rule="consistency", passed=True, reason="there is no action")
    target = unit.target(action.tool, action.target)
    try:
        target.hold(
            proposal.chain(unit.context),
            proposal.content.swarm_id,
            proposal.proposal_id,
            held_hash(action),
        )
    except TargetHeld as held:
        if is_reply(action):
            return answered_before(action, held)
        return Finding(rule="consistency", passed=False, reason=held.message)
    return Finding(
        rule="consistency",
        passed=True,
        reason=f"nothing like it is pending or done on {action.target}",
    )


def _let_go(unit: Unit, proposal: Proposal, *, done: bool) -> None:
    target = _target(unit, proposal)
    if target:
        context = proposal.chain(unit.context)
        target.let_go(context, proposal.content.swarm_id, proposal.proposal_id, done=done)


def _target(unit: Unit, proposal: Proposal) -> Target | None:
    action = proposal.content.action
    return unit.target(action.tool, action.target) if action else None
