"""Lineage: who came from whom, over all swarms, as of now or of any moment."""

from typing import Annotated

from fastapi import APIRouter, Query

from domain.errors import InvalidInput, PersonaNotFound
from projections.lineage import Kin
from projections.rows import LineageRow
from services.api.body import JsonRoute
from services.api.calls import Call, Reading
from services.api.models.lineage import FundedLineage, Lineage, LineageAsked, funded, lineage
from services.api.responses import UNKNOWN
from services.credits import credits_left

router = APIRouter(prefix="/v1/swarm", tags=["swarm"], route_class=JsonRoute)


@router.get("/lineage", responses=UNKNOWN)
async def get_lineage(
    call: Reading, asked: Annotated[LineageAsked, Query()]
) -> Lineage | FundedLineage:
    """Show who came from whom, reaped ones included: all, a swarm, or the kin of one persona."""
    if asked.as_of_position is not None:
        await _reach(call, asked.as_of_position)
    return await call.read(lambda: _answer(call, asked))


def _answer(call: Call, asked: LineageAsked) -> Lineage | FundedLineage:
    rows = _rows(call, asked)
    if not asked.credits:
        return lineage(rows)
    app = call.app
    return funded(rows, credits_left(app.executor, app.settings.limits, app.views.lineage()))


def _rows(call: Call, asked: LineageAsked) -> list[LineageRow]:
    views, kin, moment = call.app.views, asked.kin, asked.moment
    rows = views.lineage(asked.swarm, kin, moment)
    if kin and not rows and not views.lineage(None, Kin(kin.persona_id, "ancestors"), moment):
        raise PersonaNotFound(kin.persona_id)
    return rows


async def _reach(call: Call, position: int) -> None:
    """Let the view take in a position that was asked for."""
    head = await call.read(call.app.recorder.head)
    if position > head:
        raise InvalidInput(
            f"as_of_position {position} is beyond the last event, {head}",
            field="as_of_position", limit=head, actual=position,
        )  # fmt: skip
    await call.shown(position)
