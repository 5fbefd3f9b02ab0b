"""Questions: put to a persona, answered through the gate like any action."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Query

from domain.asking import REPLY, asked_source, checked_question
from domain.errors import PersonaNotFound, QuestionNotFound
from domain.events import ObservationReceived, PersonaReaped, ProposalCreated
from projections import proposals
from projections.rows import PersonaRow
from services.api.body import JsonRoute
from services.api.calls import Call, Commanding, Reading
from services.api.decisions import TOPICS as DECIDING
from services.api.intake import Intakes
from services.api.models.question import (
    MOST_WAIT_SECS,
    AnsweredQuestion,
    Ask,
    Question,
    is_unanswered,
    of_rows,
    with_memories,
)
from services.api.paths import PersonaId, QuestionId
from services.api.queries import After, Limit
from services.api.responses import BODY, REFUSED, UNKNOWN
from services.api.withheld import readable
from services.commands import asking as commands
from services.executor import Idempotency
from services.gate.asked import Asked, find_question, newest_questions
from services.gate.evidence import Citation, Citing, look_up

router = APIRouter(
    prefix="/v1/swarm/personas/{persona_id}",
    tags=["questions"],
    route_class=JsonRoute,
    responses=UNKNOWN,
)
TOPICS: Final = (*DECIDING, ProposalCreated.topic, PersonaReaped.topic)
"""Events that may change how a question stands."""
SHOWN_REFS: Final = 50
"""Most references whose text is told."""
Wait = Annotated[
    float,
    Query(ge=0, le=MOST_WAIT_SECS, description="Seconds to wait for it."),
]
Unanswered = Annotated[
    bool, Query(description="Only those nobody has replied to, of the newest `limit`.")
]


@router.post("/ask", responses=BODY | REFUSED)
async def ask_persona(
    call: Commanding, intake: Intakes, persona_id: PersonaId, new: Ask
) -> AnsweredQuestion:
    """Put a question to a persona, and wait for its answer.

    Sent again with the same `Idempotency-Key`, it waits on for the answer to the same question.
    """
    content = checked_question(new.question).encode()
    placed = await intake.append(
        call,
        persona_id,
        asked_source(persona_id),
        content,
        lambda unit, _, batches: commands.ask(unit, persona_id, batches[0]),
        _once(call, persona_id, content),
    )
    return await _told_within(call, persona_id, str(placed.id), new.wait_secs)


@router.get("/questions/{question_id}")
async def get_question(
    call: Reading, persona_id: PersonaId, question_id: QuestionId, wait: Wait = 0
) -> AnsweredQuestion:
    """Show how a question stands; with `wait`, once it has its answer."""
    return await _told_within(call, persona_id, question_id, wait)


@router.get("/questions")
async def list_questions(
    call: Reading, persona_id: PersonaId, after: After = None, limit: Limit = 20, *,
    unanswered: Unanswered = False, wait: Wait = 0,
) -> list[Question]:  # fmt: skip
    """List the questions put to a persona, newest first.

    An agent that thinks elsewhere asks for those that are `unanswered`, and waits for one.
    """
    persona = await _persona(call, persona_id)

    async def newest() -> list[Question]:
        asked = await call.read(
            lambda: newest_questions(call.app.recorder, persona.swarm_id, persona_id, limit, after)
        )
        return await _stand(call, persona, asked)

    if not unanswered:
        return await newest()
    return await _unanswered_within(call, persona_id, newest, wait)


async def _unanswered_within(
    call: Call, persona_id: str, newest: Callable[[], Awaitable[list[Question]]], seconds: float
) -> list[Question]:
    """Return what nobody has replied to, once there is such a question, or the time is up."""
    source = asked_source(persona_id)
    head = await call.read(call.app.recorder.head)
    found = await newest()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not any(map(is_unanswered, found)):
                head = await call.next_of(
                    head,
                    [ObservationReceived.topic],
                    lambda event: getattr(event, "source", None) == source,
                )
                found = await newest()
    return [each for each in found if is_unanswered(each)]


async def _told_within(
    call: Call, persona_id: str, question_id: str, seconds: float
) -> AnsweredQuestion:
    """Tell how a question stands once nothing is awaited any more, or the time is up."""
    persona = await _persona(call, persona_id)
    asked = await call.read(
        lambda: find_question(call.app.recorder, persona.swarm_id, persona_id, question_id)
    )
    if asked is None:
        raise QuestionNotFound(question_id)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _settled(call, persona, asked)
    persona = await _persona(call, persona_id)
    [question] = await _stand(call, persona, [asked])
    return with_memories(question, await _cited(call, persona, question))


async def _settled(call: Call, persona: PersonaRow, asked: Asked) -> None:
    """Wait until a question is no longer pending.

    Raises:
        TimeoutError: the store closes, nothing will come any more.
    """
    head = await call.read(call.app.recorder.head)
    await call.shown(head)
    while True:
        [question] = await _stand(call, await _persona(call, persona.persona_id), [asked])
        if question.status != "pending":
            return
        head = await call.next_of(
            head, TOPICS, lambda event: event.persona_id == persona.persona_id
        )
        await call.shown(head)


async def _stand(call: Call, persona: PersonaRow, asked: Sequence[Asked]) -> list[Question]:
    ids = [each.event.event_id for each in asked]
    rows = await call.ask(lambda cursor: proposals.counting(cursor, REPLY, ids, persona.persona_id))
    replies = {row.action.target: row for row in rows if row.action}
    return [of_rows(each, replies.get(each.event.event_id), persona) for each in asked]


async def _cited(call: Call, persona: PersonaRow, question: Question) -> list[Citation]:
    """Return what an answer cites, of what the caller may read; not the question itself."""
    refs = [ref for ref in question.evidence_refs if ref != str(question.position)][:SHOWN_REFS]
    citing = Citing(persona.persona_id, persona.swarm_id)
    found = await call.read(lambda: list(look_up(call.app.recorder, citing, refs)))
    owners = (await call.readable()).owners
    return [shown for each in found if (shown := readable(each, owners)).lines]


async def _persona(call: Call, persona_id: str) -> PersonaRow:
    row = await call.read(lambda: call.app.views.persona(persona_id))
    if row is None:
        raise PersonaNotFound(persona_id)
    return row


def _once(call: Call, persona_id: str, question: bytes) -> Idempotency | None:
    """Return the key of the question, however long who asks it again waits."""
    if call.once is None:
        return None
    digest = hashlib.sha256(f"ask {persona_id}\n".encode() + question).digest()
    return Idempotency(call.once.caller, call.once.key, digest)
