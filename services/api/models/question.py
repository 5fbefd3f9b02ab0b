"""Questions put to a persona, and what became of them."""

from collections.abc import Iterable
from typing import Final

from pydantic import Field
from pydantic_core import from_json

from projections.rows import PersonaRow, ProposalRow
from services.api.models.wire import Sent, Text, Timestamp, Told
from services.gate.asked import Asked
from services.gate.evidence import Citation

MOST_WAIT_SECS: Final = 120
"""Longest time a request waits for an answer."""


class Ask(Sent):
    """A question for a persona."""

    question: Text = Field(examples=["Who guessed passwords?"])
    """1 to 16,000 characters."""
    wait_secs: float = Field(30, ge=0, le=MOST_WAIT_SECS)
    """How long to wait for the answer before telling how the question stands."""


class CitedMemory(Told):
    """A memory that an answer rests on; its text is somebody else's: escape it when shown."""

    ref: str
    """An event id, or `POSITION#LINES` of an observation."""
    what: str
    """Event class, with the source of an observation."""
    text: str
    """The first of its lines."""
    left_out: int
    """How many lines more it has."""


class Question(Told):
    """A question, and how it stands."""

    question_id: str
    """Id of its event: the target of a reply."""
    position: int
    """Its place in the total order of all events: cite it as evidence."""
    persona_id: str
    """Who was asked."""
    question: str
    asked_by: str
    """`user:NAME` or `persona:ID`."""
    asked_at: Timestamp
    status: str
    """pending, answered, refused (by the gate) or failed."""
    answer: str | None
    """The answer, once the gate let it through."""
    proposal_id: str | None
    """The reply as a proposal; null before there is one."""
    evidence_refs: list[str]
    """What the reply rests on."""
    answered_at: Timestamp | None
    detail: str | None
    """Why there is no answer; null if there is one."""


class AnsweredQuestion(Question):
    """A question with the memories that its answer cites, as far as who asks may read them."""

    memories: list[CitedMemory]


def of_rows(asked: Asked, reply: ProposalRow | None, persona: PersonaRow) -> Question:
    """Tell of a question by the reply that counts, if there is one."""
    status, detail = _stands(reply, persona)
    event = asked.event
    return Question(
        question_id=event.event_id,
        position=asked.position,
        persona_id=persona.persona_id,
        question=event.content,
        asked_by=event.actor,
        asked_at=event.occurred_at,
        status=status,
        answer=_answer(reply) if reply and status == "answered" else None,
        proposal_id=reply.proposal_id if reply else None,
        evidence_refs=list(reply.evidence_refs) if reply else [],
        answered_at=reply.executed_at if reply and status == "answered" else None,
        detail=detail,
    )


def with_memories(question: Question, cited: Iterable[Citation]) -> AnsweredQuestion:
    """Tell of a question and of what its answer cites."""
    memories = [
        CitedMemory(
            ref=each.ref,
            what=each.what or "",
            text="\n".join(text for _, text in each.lines),
            left_out=each.left_out,
        )
        for each in cited
    ]
    return AnsweredQuestion(**question.__dict__, memories=memories)


def is_unanswered(question: Question) -> bool:
    """Tell whether a question waits for a reply, and none was tried."""
    return question.status == "pending" and question.proposal_id is None


def _stands(reply: ProposalRow | None, persona: PersonaRow) -> tuple[str, str | None]:
    """Return the status of a question, and why there is no answer."""
    if reply is None:
        return _unanswered(persona)
    match reply.status:
        case "executed" if reply.outcome == "success":
            return "answered", None
        case "executed" | "unclear":
            return "failed", f"the reply ended with {reply.outcome}: {reply.result}"
        case "rejected":
            return "refused", "; ".join(reply.reasons)
        case "waiting":
            return "pending", f"the reply waits for a person: proposal {reply.proposal_id}"
    return "pending", "the gate is at the reply"


def _unanswered(persona: PersonaRow) -> tuple[str, str]:
    who = persona.persona_id
    if persona.status == "reaped":
        return "failed", f"{who} was reaped before it answered"
    if persona.status == "paused":
        until = persona.paused_until
        ends = f"{until:%Y-%m-%dT%H:%M:%SZ}" if until else "somebody resumes it"
        return "pending", f"{who} is paused ({persona.paused_reason}) until {ends}"
    return "pending", f"{who} has not answered yet"


def _answer(reply: ProposalRow) -> str:
    """Return the answer as the receipt has it."""
    return str(from_json(reply.result or "{}").get("answer", ""))
