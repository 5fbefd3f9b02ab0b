"""Personas: create, list, get, spawn, reap, pause, resume; and their tokens."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from domain.errors import PersonaNotFound, PersonaReapedError
from domain.vocabulary import checked_id
from services import clock
from services.api.body import JsonRoute
from services.api.calls import Call, Commanding, Reading
from services.api.models.persona import (
    Create,
    Persona,
    PersonaDetail,
    Reap,
    Reaped,
    Spawn,
    in_detail,
    newborn,
)
from services.api.models.placed import Token
from services.api.models.policy import Policy
from services.api.paths import PersonaId
from services.api.queries import After, Limit, Word
from services.api.responses import BODY, LIMITED, REFUSED, UNKNOWN
from services.cognition.thinkers import must_be_there
from services.commands import lifecycle
from services.commands.lifecycle import NewPersona
from services.executor import Command
from services.unit_of_work import Unit

router = APIRouter(prefix="/v1/swarm", tags=["swarm"], route_class=JsonRoute)


@router.post("/personas", responses=UNKNOWN | LIMITED | REFUSED)
async def create_persona(call: Commanding, new: Create) -> Persona:
    """Create a persona: a root, or a child of `parent_id`."""
    return await _spawn(call, new, new.parent_id, new.tags)


@router.get("/personas")
async def list_personas(
    call: Reading,
    swarm: Annotated[Word | None, Query(description="Only those of this swarm.")] = None,
    status: Annotated[Word | None, Query(description="active, paused or reaped.")] = None,
    tag: Annotated[Word | None, Query(description="Only those with this tag.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> list[PersonaDetail]:
    """List personas, oldest first."""
    rows = await call.read(lambda: call.app.views.personas(swarm, status, tag, after, limit))
    return [in_detail(row, clock.now()) for row in rows]


@router.get("/personas/{persona_id}", responses=UNKNOWN)
async def get_persona(call: Reading, persona_id: PersonaId) -> PersonaDetail:
    """Show a persona."""
    return await _detail(call, persona_id)


@router.post("/personas/{persona_id}/spawn", responses=UNKNOWN | LIMITED | REFUSED)
async def spawn_child(call: Commanding, persona_id: PersonaId, new: Spawn) -> Persona:
    """Spawn a child; swarm and policy default to the parent's, and are never wider."""
    return await _spawn(call, new, persona_id, [])


@router.post("/personas/{persona_id}/reap", responses=BODY | UNKNOWN | REFUSED)
async def reap_persona(call: Commanding, persona_id: PersonaId, how: Reap | None = None) -> Reaped:
    """End a persona with a last snapshot of its mind; one that has ended stays as it is."""
    how = how or Reap()

    async def act() -> Reaped:
        ended = await call.read(
            lambda: call.app.reaper.reap(
                call.context(), persona_id, "manual", cascade=how.cascade, note=how.reason
            )
        )
        await call.catch_up()
        return Reaped(reaped_ids=ended, count=len(ended))

    return await call.run_long(act, Reaped)


@router.post("/personas/{persona_id}/pause", responses=UNKNOWN | REFUSED)
async def pause_persona(call: Commanding, persona_id: PersonaId) -> PersonaDetail:
    """Keep a persona from thinking until it is resumed."""
    return await _hold(call, persona_id, lambda unit: lifecycle.pause(unit, persona_id))


@router.post("/personas/{persona_id}/resume", responses=UNKNOWN | REFUSED)
async def resume_persona(call: Commanding, persona_id: PersonaId) -> PersonaDetail:
    """Let a paused persona think again."""
    return await _hold(call, persona_id, lambda unit: lifecycle.resume(unit, persona_id))


@router.post("/personas/{persona_id}/token", responses=UNKNOWN | REFUSED)
async def issue_token(call: Reading, persona_id: PersonaId) -> Token:
    """Give out the token of a persona's agent, always the same one."""
    row = await call.read(lambda: call.app.views.persona(persona_id))
    if row is None:
        raise PersonaNotFound(persona_id)
    if row.status == "reaped":
        raise PersonaReapedError(persona_id)
    return Token(persona_id=persona_id, token=call.app.tokens.issue(persona_id))


async def _spawn(call: Call, new: Spawn, parent_id: str | None, tags: Sequence[str]) -> Persona:
    settings = call.app.settings

    def command(unit: Unit) -> Persona:
        described = described_by(new, unit, parent_id, tags, settings.thinker_names)
        return newborn(lifecycle.spawn(unit, described, settings.limits))

    return await call.run(command, lambda done: done.result, Persona)


def described_by(
    new: Spawn, unit: Unit, parent_id: str | None, tags: Sequence[str], thinkers: Sequence[str]
) -> NewPersona:
    """Say who is to be spawned, as the command takes it.

    Raises:
        UnknownThinker: its tags name none of `thinkers`.
    """
    must_be_there(tags, thinkers)
    parent = unit.persona(checked_id(parent_id, "parent_id")) if parent_id is not None else None
    policy: Policy | None = new.policy
    return NewPersona(
        persona_id=unit.context.new_id() if new.persona_id is None else new.persona_id,
        name=new.name,
        role=new.role,
        charter=new.charter,
        swarm_id=new.swarm_id,
        parent_id=parent_id,
        limits=policy.limits(parent.limits if parent else None) if policy else None,
        tags=tuple(tags),
    )


async def _hold(call: Call, persona_id: str, command: Command[None]) -> PersonaDetail:
    async def act() -> PersonaDetail:
        done = await call.app.executor.execute_async(call.context(), command)
        await call.shown(done.position)
        return await _detail(call, persona_id)

    return await call.run_long(act, PersonaDetail)


async def _detail(call: Call, persona_id: str) -> PersonaDetail:
    row = await call.read(lambda: call.app.views.persona(persona_id))
    if row is None:
        raise PersonaNotFound(persona_id)
    return in_detail(row, clock.now())
