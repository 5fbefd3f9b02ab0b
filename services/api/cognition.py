"""The loop: start, stop, status; and what it left: snapshots, personas as it sees them."""

from fastapi import APIRouter

from domain.errors import PersonaNotFound
from services import clock
from services.api.body import JsonRoute
from services.api.calls import Call, Commanding, Reading
from services.api.models.cognition import Snapshot, Start, Status, Stop, snapshot
from services.api.models.persona import Create, Persona, of_row
from services.api.paths import PersonaId
from services.api.refusals import NothingThere
from services.api.responses import BODY, REFUSED, UNKNOWN
from services.api.swarm import described_by
from services.commands import lifecycle
from services.unit_of_work import Unit

router = APIRouter(prefix="/v1/cognition", tags=["cognition"], route_class=JsonRoute)


@router.post("/start", responses=BODY | REFUSED)
async def start_cognition(call: Commanding, how: Start | None = None) -> Status:
    """Start the one loop; while it runs, only take the new interval."""
    how = how or Start()

    async def act() -> Status:
        await call.app.loop.start(how.loop_interval_ms, lambda: _seed(call, how.seed_persona))
        await call.catch_up()
        return await _status(call)

    return await call.run_long(act, Status)


@router.post("/stop", responses=BODY | REFUSED)
async def stop_cognition(call: Commanding, how: Stop | None = None) -> Status:
    """Stop the loop in good order; nothing if it does not run."""
    how = how or Stop()

    async def act() -> Status:
        await call.app.loop.stop(how.reason)
        await call.catch_up()
        return await _status(call)

    return await call.run_long(act, Status)


@router.get("/status")
async def get_status(call: Reading) -> Status:
    """Tell how the loop stands."""
    return await _status(call)


@router.get("/snapshots/latest", responses=UNKNOWN)
async def get_latest_snapshot(call: Reading) -> Snapshot:
    """Show the newest state of mind."""
    views = call.app.views
    row = await call.read(lambda: views.latest_snapshot(reader=call.reader))
    if row is None:
        raise NothingThere("No snapshots available")
    persona_id = row.persona_id
    persona = await call.read(lambda: views.persona(persona_id)) if persona_id else None
    return snapshot(row, persona.role if persona else None)


@router.get("/personas/{persona_id}", responses=UNKNOWN)
async def show_persona(call: Reading, persona_id: PersonaId) -> Persona:
    """Show a persona."""
    row = await call.read(lambda: call.app.views.persona(persona_id))
    if row is None:
        raise PersonaNotFound(persona_id)
    return of_row(row, clock.now())


async def _status(call: Call) -> Status:
    loop, totals = call.app.loop, await call.read(call.app.views.totals)
    return Status(
        enabled=loop.enabled,
        running=loop.running,
        loop_interval_ms=loop.loop_interval_ms,
        started_at=loop.started_at,
        last_tick_at=loop.last_tick_at,
        persona_count=totals.spawned,
        active_persona_count=totals.live,
        events_buffered=totals.events,
        snapshots_buffered=totals.snapshots,
    )


def _seed(call: Call, first: Create | None) -> None:
    """Give a fabric that has no persona its first: the one that was sent, else the default."""
    if first is None:
        call.app.seed()
        return
    settings, new = call.app.settings, first

    def command(unit: Unit) -> None:
        if unit.fabric().live_personas == 0:
            names = settings.thinker_names
            described = described_by(new, unit, new.parent_id, new.tags, names)
            lifecycle.spawn(unit, described, settings.limits)

    call.app.executor.run(call.context(), command)
