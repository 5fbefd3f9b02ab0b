"""A swarm's blackboard: what its personas share, and who of them works on what."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Path
from pydantic import AfterValidator

from domain.errors import InvalidInput, SwarmNotFound
from domain.vocabulary import checked_id
from services.api.body import JsonRoute
from services.api.calls import Call, Commanding, Reading
from services.api.models.blackboard import Blackboard, Claim, NewClaim, board, claim
from services.api.queries import Limit
from services.api.refusals import Forbidden
from services.api.responses import BODY, LIMITED, REFUSED, UNKNOWN
from services.commands import work as commands
from services.unit_of_work import Unit

router = APIRouter(
    prefix="/v1/swarm/{swarm_id}", tags=["blackboard"], route_class=JsonRoute, responses=UNKNOWN
)


def _swarm(text: str) -> str:
    try:
        return checked_id(unquote(text), "swarm_id")
    except InvalidInput:
        raise SwarmNotFound(unquote(text)) from None


SwarmId = Annotated[
    str, AfterValidator(_swarm), Path(description="Id of the swarm, percent-encoded.")
]
Topic = Annotated[
    str, AfterValidator(unquote), Path(description="What is worked on, percent-encoded.")
]


@router.get("/blackboard")
async def get_blackboard(call: Reading, swarm_id: SwarmId, limit: Limit = 50) -> Blackboard:
    """Show what a swarm shares with who asks, at most `limit` of each kind."""
    await _must_be_of(call, swarm_id)
    found = await call.read(lambda: call.app.blackboard.of(swarm_id, call.reader, limit))
    return board(found)


@router.post("/claims", responses=LIMITED | REFUSED)
async def claim_topic(call: Commanding, swarm_id: SwarmId, new: NewClaim) -> Claim:
    """Claim a topic for a persona, or hold it for longer; an agent only for its own."""
    if call.principal.persona_id not in (None, new.persona_id):
        raise Forbidden(f"{call.principal.actor} claims only for itself", role=call.principal.role)

    def command(unit: Unit) -> Claim:
        return claim(commands.claim(unit, swarm_id, new.persona_id, new.topic, new.ttl_secs))

    return await call.run(command, lambda done: done.result, Claim)


@router.post("/claims/{topic}/release", responses=BODY | REFUSED)
async def release_topic(call: Commanding, swarm_id: SwarmId, topic: Topic) -> Claim:
    """Give a topic up; an agent only what its own persona holds."""

    def command(unit: Unit) -> Claim:
        return claim(commands.release(unit, swarm_id, topic, call.principal.persona_id))

    return await call.run(command, lambda done: done.result, Claim)


async def _must_be_of(call: Call, swarm_id: str) -> None:
    """Refuse a swarm that is not, and an agent of another."""
    views, persona_id = call.app.views, call.principal.persona_id
    if persona_id:
        own = await call.read(lambda: views.persona(persona_id))
        if own is None or own.swarm_id != swarm_id:
            raise Forbidden(f"{persona_id} is not of swarm {swarm_id}", role=call.principal.role)
    elif not (await call.read(lambda: views.totals(swarm_id))).events:
        raise SwarmNotFound(swarm_id)
