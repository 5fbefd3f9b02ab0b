"""Why a proposal came to be, and what became of it: every event of the chain, in order."""

from fastapi import APIRouter

from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.causes import causes_of
from services.api.models.why import Why, told
from services.api.paths import ProposalId
from services.api.proposals import detail_of
from services.api.responses import UNKNOWN

router = APIRouter(prefix="/v1/cognition", tags=["proposals"], route_class=JsonRoute)


@router.get("/proposals/{proposal_id}/why", responses=UNKNOWN)
async def why(call: Reading, proposal_id: ProposalId) -> Why:
    """Show the whole causal chain of a proposal, with the text of what it rests on."""
    proposal = await detail_of(call, proposal_id)
    events = await call.read(lambda: causes_of(call.app.recorder, proposal_id))
    owners = (await call.readable()).owners
    return Why(proposal=proposal, events=[told(each, owners) for each in events])
