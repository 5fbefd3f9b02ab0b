"""What all have in view."""

from fastapi import APIRouter

from projections import workspace as in_view
from services.api.beliefs import Swarm
from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.models.belief import Workspace, workspace

router = APIRouter(prefix="/v1/cognition", tags=["beliefs"], route_class=JsonRoute)


@router.get("/workspace")
async def get_workspace(call: Reading, swarm: Swarm = None) -> Workspace:
    """Show what matters now: beliefs, uncertainties, what to look at, what all this is for."""
    now = call.now
    found = await call.ask(lambda cursor: in_view.select(cursor, now, swarm_id=swarm))
    return workspace(found)
