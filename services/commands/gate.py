"""The steps of the gate, each one save of the proposal and the target it is about."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.aggregates import Persona, Proposal, Target
from domain.aggregates.proposal import held_hash
from domain.asking import answered_before, is_reply
from domain.errors import ForeignVoter, InvalidInput, TargetHeld
from domain.events import ActionStarted
from domain.events.cognition import ContextRef
from domain.events.gate import Action, Finding
from domain.vocabulary import RISKS, checked_id, one_of
from services.commands.asking import usable_tools
from services.commands.cognition import (
    Thought,
    canonical,
    checked_refs,
    place_thought,
    thinking,
)
from services.gate.policy import Policy
from services.unit_of_work import Unit

MAX_TITLE_CHARS = 500
MAX_TARGET_BYTES = 512
"""Longest target, UTF-8: three times as long in its stream's name, which must fit an index."""


class NewProposal(BaseModel):
    """What a persona wants done."""

    model_config = ConfigDict(frozen=True)

    proposal_id: str
    title: str
    rationale: str
    risk: str
    evidence_refs: tuple[str, ...] = ()
    action: Action | None = None


def propose(unit: Unit, persona_id: str, new: NewProposal) -> Proposal:
    """Emit an intention as an agent that thinks elsewhere: a thought of its own, in one save.

    Raises:
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
        InvalidInput, IdTaken: as `create`.
    """
    persona = thinking(unit, persona_id)
    thought = place_thought(unit, persona, _intention(new))
    unit.context = unit.context.caused_by(thought.event_id)
    return create(unit, persona, new)


def create(unit: Unit, persona: Persona, new: NewProposal) -> Proposal:
    """Emit an intention that follows from a thought of the same save.

    Raises:
        InvalidInput: a word that can't be, or an empty title.
        IdTaken: the id was used before.
    """
    checked_id(new.proposal_id, "proposal_id")
    one_of(new.risk, RISKS, "risk")
    if not new.title.strip() or len(new.title) > MAX_TITLE_CHARS:
        raise InvalidInput(
            f"title must be 1 to {MAX_TITLE_CHARS} characters", field="title", limit=MAX_TITLE_CHARS
        )
    checked_refs(new.evidence_refs)
    if new.action:
        new = new.model_copy(update={"action": _checked(new.action)})
    proposal = unit.proposal(new.proposal_id)
    content = {name: value for name, value in new if name != "proposal_id"}
    proposal.create(unit.context, persona.swarm_id, persona.persona_id, **content)
    return proposal


def vote(
    unit: Unit, proposal_id: str, persona_id: str, choice: str, reason: str | None
) -> Proposal:
    """Cast a persona's vote on a proposal of its swarm.

    Raises:
        InvalidInput: there is no such vote.
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
        ProposalNotFound, ProposalWrongState, ForeignVoter: it has no vote, or not any more.
    """
    proposal, persona = unit.proposal(proposal_id), thinking(unit, persona_id)
    swarm_id = proposal.content.swarm_id
    if persona.swarm_id != swarm_id:
        raise ForeignVoter(proposal_id, persona_id, swarm_id)
    proposal.vote(unit.context, persona_id, choice, reason)
    return proposal


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


def _checked(action: Action) -> Action:
    """Return the action with its arguments in RFC 8785 form, as they are hashed and shown."""
    checked_id(action.tool, "tool")
    if not action.target.isprintable() or not 0 < len(action.target.encode()) <= MAX_TARGET_BYTES:
        raise InvalidInput(
            f"target must be printable, 1 to {MAX_TARGET_BYTES} bytes",
            field="target", limit=MAX_TARGET_BYTES,
        )  # fmt: skip
    try:
        arguments = json.loads(action.arguments)
        if not isinstance(arguments, dict):
            raise InvalidInput("arguments must be a JSON object", field="arguments")
        return action.model_copy(update={"arguments": canonical(arguments)})
    except (ValueError, RecursionError) as wrong:
        raise InvalidInput(f"arguments must be JSON: {wrong}", field="arguments") from wrong


def _intention(new: NewProposal) -> Thought:
    return Thought(
        phase="reflect",
        content=f"I propose: {new.title}",
        impact=1.0,
        context_refs=tuple(ContextRef(ref=r, tier="input") for r in new.evidence_refs),
    )
