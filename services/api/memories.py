"""What a persona remembers, for who may know: its tiers, and what it was shown for a thought."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query

from domain.errors import PersonaNotFound
from domain.events import ThoughtGenerated
from projections import memories_listed, snapshots
from projections.privacy import Readable
from services.api.body import JsonRoute
from services.api.calls import Call, Reading
from services.api.models.memories import (
    ColdSnapshot,
    HotThought,
    ShownThought,
    WarmNode,
    cold_snapshot,
    hot_thought,
    shown_thought,
    warm_node,
)
from services.api.models.memory import Kind
from services.api.paths import PersonaId
from services.api.queries import Limit
from services.api.refusals import MemoryPrivate, NothingThere
from services.api.responses import UNKNOWN
from services.memory.shown import find_thought, shown_to

router = APIRouter(
    prefix="/v1/swarm/personas/{persona_id}",
    tags=["memory"],
    route_class=JsonRoute,
    responses=UNKNOWN,
)
Before = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="Position of the last of the page before.")
]
OfKind = Annotated[
    Kind | None,
    Query(description="thought, hypothesis, check, proposal, action or observation; else all."),
]
ThoughtId = Annotated[str, Path(max_length=128, description="Id of the thought, or its position.")]


@router.get("/memory/hot")
async def show_hot_memory(
    call: Reading, persona_id: PersonaId, limit: Limit = 64
) -> list[HotThought]:
    """Show the last thoughts, newest first; at most 64 are kept hot."""
    await _readable(call, persona_id)
    found = await call.read(lambda: call.app.hot.recent(persona_id, limit))
    return [
        hot_thought(each, each.event)
        for each in reversed(found)
        if isinstance(each.event, ThoughtGenerated)
    ]


@router.get("/memory/warm")
async def show_warm_memory(
    call: Reading, persona_id: PersonaId, kind: OfKind = None, before: Before = None,
    limit: Limit = 100,
) -> list[WarmNode]:  # fmt: skip
    """Show the nodes of the thought graph, newest first, each with what it links to."""
    await _readable(call, persona_id)
    nodes = await call.ask(
        lambda cursor: memories_listed.newest(
            cursor, persona_id, kind=kind, before=before, limit=limit
        )
    )
    return [warm_node(node) for node in nodes]


@router.get("/memory/cold")
async def show_cold_memory(
    call: Reading, persona_id: PersonaId, before: Before = None, limit: Limit = 20
) -> list[ColdSnapshot]:
    """Show the states of mind, newest first."""
    await _readable(call, persona_id, distilled=True)
    rows = await call.ask(
        lambda cursor: snapshots.select(cursor, persona_id=persona_id, before=before, limit=limit)
    )
    return [cold_snapshot(row) for row in rows]


@router.get("/thoughts/{thought_id}")
async def show_thought(call: Reading, persona_id: PersonaId, thought_id: ThoughtId) -> ShownThought:
    """Show a thought with exactly what its thinker was shown."""
    readable = await _readable(call, persona_id)
    distilled = (await call.readable(distilled=True)).owners or frozenset()
    readable = replace(readable, distilled=distilled)
    recorder = call.app.recorder
    found = await call.read(lambda: find_thought(recorder, persona_id, thought_id))
    if found is None or not isinstance(found.event, ThoughtGenerated):
        raise NothingThere(f"{persona_id} has no thought {thought_id}", id=thought_id)
    context = await call.read(lambda: shown_to(recorder, found, readable))
    return shown_thought(found, found.event, context)


async def _readable(call: Call, persona_id: str, *, distilled: bool = False) -> Readable:
    """Return what the caller may read, this persona's memory included.

    Raises:
        PersonaNotFound: there is no such persona.
        MemoryPrivate: it shares nothing with who asks.
    """
    readable = await call.readable(distilled=distilled)
    if await call.read(lambda: call.app.views.persona(persona_id)) is None:
        raise PersonaNotFound(persona_id)
    if readable.owners is not None and persona_id not in readable.owners:
        raise MemoryPrivate(f"the memory of {persona_id} is private", persona_id=persona_id)
    return readable
