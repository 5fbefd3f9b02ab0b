"""What agents that think elsewhere send in: observations, thoughts, hypotheses, checks."""

from fastapi import APIRouter

from services.api.body import JsonRoute
from services.api.calls import Commanding, position_of
from services.api.intake import Intakes
from services.api.models.agents import NewCheck, NewHypothesis, NewObservation, NewThought
from services.api.models.placed import Placed, PlacedCheck, PlacedHypothesis, PlacedObservation
from services.api.paths import PersonaId
from services.api.responses import BODY, REFUSED, UNKNOWN
from services.commands import cognition as commands
from services.executor import Done
from services.unit_of_work import Unit

router = APIRouter(
    prefix="/v1/swarm/personas/{persona_id}",
    tags=["agents"],
    route_class=JsonRoute,
    responses=BODY | UNKNOWN | REFUSED,
)


@router.post("/observations")
async def observe(
    call: Commanding, intake: Intakes, persona_id: PersonaId, new: NewObservation
) -> PlacedObservation:
    """Store text that came in for a persona, cut into batches of lines."""
    return await intake.take(call, persona_id, new)


@router.post("/thoughts")
async def think(call: Commanding, persona_id: PersonaId, new: NewThought) -> Placed:
    """Store a thought, and settle or charge what it cost."""
    thought = new.command()

    def command(unit: Unit) -> str:
        return commands.think(unit, persona_id, thought, new.reservation_id).event_id

    def answer(done: Done[str]) -> Placed:
        return Placed(id=done.result, position=position_of(done, done.result))

    return await call.run(command, answer, Placed)


@router.post("/hypotheses")
async def hypothesise(
    call: Commanding, persona_id: PersonaId, new: NewHypothesis
) -> PlacedHypothesis:
    """Store a hypothesis with what it rests on."""

    def command(unit: Unit) -> tuple[str, str]:
        hypothesis_id = new.hypothesis_id or unit.context.new_id()
        raised = commands.hypothesise(unit, persona_id, new.command(hypothesis_id))
        return raised.event_id, hypothesis_id

    def answer(done: Done[tuple[str, str]]) -> PlacedHypothesis:
        event_id, hypothesis_id = done.result
        return PlacedHypothesis(id=event_id, position=done.position, hypothesis_id=hypothesis_id)

    return await call.run(command, answer, PlacedHypothesis)


@router.post("/checks")
async def check(call: Commanding, persona_id: PersonaId, new: NewCheck) -> PlacedCheck:
    """Store a check and, once it has ended, its outcome."""

    def command(unit: Unit) -> str:
        check_id = new.check_id or unit.context.new_id()
        commands.check(unit, persona_id, new.command(check_id))
        return check_id

    def answer(done: Done[str]) -> PlacedCheck:
        last = done.events[-1].event
        return PlacedCheck(id=last.event_id, position=done.position, check_id=done.result)

    return await call.run(command, answer, PlacedCheck)
