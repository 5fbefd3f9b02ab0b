"""What personas do with proposals: make them, and vote. All else is the gate's, and people's."""

import json

from pydantic import BaseModel, ConfigDict

from domain.aggregates import Persona, Proposal
from domain.canonical import canonical
from domain.errors import ForeignVoter, InvalidInput
from domain.events.cognition import ContextRef
from domain.events.gate import Action
from domain.vocabulary import RISKS, checked_id, one_of
from services.commands.cognition import Thought, checked_refs, place_thought, thinking
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
