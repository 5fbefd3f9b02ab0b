"""Budget for calls made elsewhere: reserve, call, settle. The same call is answered the same."""

from datetime import UTC, datetime

from fastapi import APIRouter

from domain.budget import SECONDS_A_WINDOW, Credits
from services.api.body import JsonRoute
from services.api.calls import Call, Commanding
from services.api.models.reservation import NewReservation, Reservation, Settle, Settled
from services.api.paths import PersonaId, ReservationId
from services.api.responses import BODY, EXHAUSTED, REFUSED, UNKNOWN
from services.commands import budget
from services.executor import Command, Done
from services.unit_of_work import Unit

router = APIRouter(
    prefix="/v1/swarm/personas/{persona_id}/reservations",
    tags=["reservations"],
    route_class=JsonRoute,
    responses=BODY | UNKNOWN | REFUSED,
)


@router.post("", responses=EXHAUSTED)
async def reserve(call: Commanding, persona_id: PersonaId, new: NewReservation) -> Reservation:
    """Set budget aside before a call; the same `call_id` is answered the same."""
    ceilings = call.app.settings.limits
    credits = Credits(new.tokens, new.cpu_ms)

    def command(unit: Unit) -> Reservation:
        reservation_id = unit.context.new_id()
        granted = budget.reserve(unit, persona_id, new.call_id, reservation_id, credits, ceilings)
        ends = (unit.context.window + 1) * SECONDS_A_WINDOW
        return Reservation(
            id=reservation_id,
            reservation_id=reservation_id,
            call_id=new.call_id,
            persona_id=persona_id,
            tokens=granted.tokens,
            cpu_ms=granted.cpu_ms,
            window_ends_at=datetime.fromtimestamp(ends, UTC),
        )

    once = call.once_by(f"calls of {persona_id}", new.call_id)
    return await call.run(command, lambda done: done.result, Reservation, once)


@router.post("/{reservation_id}/settle")
async def settle(
    call: Commanding, persona_id: PersonaId, reservation_id: ReservationId, how: Settle
) -> Settled:
    """End a reservation with what was used. More is charged in full, and pauses the persona."""
    usage = how.usage.event()

    def command(unit: Unit) -> Settled:
        over = budget.settle(unit, persona_id, reservation_id, usage)
        used = budget.credits_of(usage)
        return _settled(reservation_id, "settled", used, over)

    return await _end(call, persona_id, reservation_id, command)


@router.post("/{reservation_id}/release")
async def release(
    call: Commanding, persona_id: PersonaId, reservation_id: ReservationId
) -> Settled:
    """End a reservation of which nothing was used."""

    def command(unit: Unit) -> Settled:
        budget.release(unit, persona_id, reservation_id)
        return _settled(reservation_id, "released", Credits(), Credits())

    return await _end(call, persona_id, reservation_id, command)


async def _end(
    call: Call, persona_id: str, reservation_id: str, command: Command[Settled]
) -> Settled:
    def answer(done: Done[Settled]) -> Settled:
        return done.result

    once = call.once_by(f"ends of {persona_id}", reservation_id)
    return await call.run(command, answer, Settled, once)


def _settled(reservation_id: str, outcome: str, used: Credits, over: Credits) -> Settled:
    return Settled(
        reservation_id=reservation_id,
        outcome=outcome,
        tokens=used.tokens,
        cpu_ms=used.cpu_ms,
        over_tokens=over.tokens,
        over_cpu_ms=over.cpu_ms,
        paused=over != Credits(),
    )
