"""Searching warm memory: open to everybody who reads, for no more than they may read."""

from dataclasses import replace

from fastapi import APIRouter

from domain.errors import PersonaNotFound
from projections import privacy
from projections.privacy import Reader
from services.api.body import JsonRoute
from services.api.calls import Call, Reading
from services.api.models.memory import MemoryFound, SearchMemory, found
from services.api.paths import PersonaId
from services.api.responses import BODY, UNKNOWN
from services.memory.near import Wanted

router = APIRouter(prefix="/v1", tags=["memory"], route_class=JsonRoute, responses=BODY)


@router.post("/memory/search")
async def search_all_memory(call: Reading, asked: SearchMemory) -> MemoryFound:
    """Search all memory that who asks may read."""
    return await _search(call, call.reader, asked, asked.wanted())


@router.post("/swarm/personas/{persona_id}/memory/search", responses=UNKNOWN)
async def search_memory(call: Reading, persona_id: PersonaId, asked: SearchMemory) -> MemoryFound:
    """Search what a persona may read: its own memory, and what others share with it."""
    if await call.read(lambda: call.app.views.persona(persona_id)) is None:
        raise PersonaNotFound(persona_id)
    persona, wanted = privacy.persona(persona_id), asked.wanted()
    if call.reader in (privacy.EVERYTHING, persona):
        return await _search(call, persona, asked, wanted)
    shared = await call.read(lambda: call.app.views.ask(privacy.owners, persona)) or frozenset()
    named = shared if wanted.persona_ids is None else shared.intersection(wanted.persona_ids)
    return await _search(call, call.reader, asked, replace(wanted, persona_ids=sorted(named)))


async def _search(call: Call, reader: Reader, asked: SearchMemory, wanted: Wanted) -> MemoryFound:
    return found(
        await call.read(
            lambda: call.app.search.find(
                reader, asked.query, wanted, asked.count, supports=asked.supports
            )
        )
    )
