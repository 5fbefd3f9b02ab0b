"""What whoever operates the fabric asks: all of it at a glance, what comes in, how far all is."""

from typing import Final

from fastapi import APIRouter

from services import clock
from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.models.operations import (
    Bus,
    SourceStanding,
    ViewStanding,
    bus,
    source_standing,
    view_standing,
)
from services.api.queries import Limit
from services.bus.standing import relay_standing
from services.cognition.standing import ModelStanding
from services.picture.picture import Picture
from services.picture.taken import MOST_ROWS, taken

MOST_SOURCES: Final = 1_000
"""Most sources told of at once."""

router = APIRouter(prefix="/v1", tags=["operations"], route_class=JsonRoute)


@router.get("/bus")
async def get_bus(call: Reading) -> Bus:
    """Show how far Kafka is behind the store, and who publishes."""
    found = await call.read(lambda: relay_standing(call.app.recorder))
    return bus(found, call.app.settings.kafka, clock.now())


@router.get("/thinkers")
async def list_thinkers(call: Reading) -> list[ModelStanding]:
    """List the models that think, and how each stands as this process has met it."""
    return list(call.app.thinkers.states())


@router.get("/sources")
async def list_sources(call: Reading) -> list[SourceStanding]:
    """List what came in by source, those that lost most first; at most 1,000."""
    found = await call.read(lambda: call.app.views.lossy_sources(MOST_SOURCES))
    return [source_standing(each) for each in found]


@router.get("/views")
async def list_views(call: Reading) -> list[ViewStanding]:
    """List the read models: how far each is behind, what stops it, and what it passes over."""
    return [view_standing(each) for each in await call.read(call.app.views.standings)]


@router.get("/picture")
async def get_picture(call: Reading, limit: Limit = MOST_ROWS) -> Picture:
    """Show the fabric at a glance: who is busiest, what waits, what is supposed, what comes in."""
    return await call.read(lambda: taken(call.app, call.reader, limit))
