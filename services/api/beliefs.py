"""What is believed, and what somebody should look at, as far as who asks may know."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator

from domain.attention import Item
from domain.belief import STATUSES
from domain.vocabulary import one_of
from projections import beliefs, workspace
from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.models.belief import Attention, Belief, attention, belief
from services.api.queries import After, Limit, Word
from services.api.refusals import NothingThere
from services.api.responses import UNKNOWN

T = TypeVar("T", Belief, Attention)

router = APIRouter(prefix="/v1/cognition", tags=["beliefs"], route_class=JsonRoute)


def _status(word: str) -> str:
    return one_of(word, STATUSES, "status")


Status = Annotated[Word, AfterValidator(_status)]
BeliefId = Annotated[str, Path(description="Id of the belief.")]
Swarm = Annotated[Word | None, Query(description="Only those of this swarm.")]


@router.get("/beliefs")
async def list_beliefs(
    call: Reading,
    status: Annotated[
        Status | None, Query(description="active, stale, invalidated or archived.")
    ] = None,
    persona: Annotated[Word | None, Query(description="Only those it asserts.")] = None,
    swarm: Swarm = None,
    after: After = None,
    limit: Limit = 100,
) -> list[Belief]:
    """List beliefs, the surest first; of very many, those of each persona's newest hypotheses."""
    now = call.now
    found = await call.ask(lambda cursor: beliefs.select(cursor, now, swarm_id=swarm))
    wanted = [
        belief(each)
        for each in found
        if status in (None, each.status) and persona in (None, each.asserted_by)
    ]
    return _page(wanted, after, limit)


@router.get("/beliefs/{belief_id}", responses=UNKNOWN)
async def get_belief(call: Reading, belief_id: BeliefId) -> Belief:
    """Show a belief."""
    now = call.now
    found = await call.ask(lambda cursor: beliefs.one(cursor, belief_id, now))
    if found is None:
        raise NothingThere(f"belief not found: {belief_id}")
    return belief(found)


@router.get("/attention")
async def list_attention(
    call: Reading,
    open_only: Annotated[
        bool, Query(alias="open", description="Only what nothing has settled yet.")
    ] = False,
    persona: Annotated[Word | None, Query(description="Only what is assigned to it.")] = None,
    swarm: Swarm = None,
    after: After = None,
    limit: Limit = 100,
) -> list[Attention]:
    """List what somebody should look at: open items first, by priority."""
    now = call.now
    found: list[Item] = await call.ask(
        lambda cursor: workspace.look_at(
            cursor, beliefs.select(cursor, now, swarm_id=swarm), now, swarm_id=swarm
        )
    )
    wanted = [
        attention(each)
        for each in found
        if (each.is_open or not open_only) and persona in (None, each.assigned_persona)
    ]
    return _page(wanted, after, limit)


def _page(found: list[T], after: str | None, limit: int) -> list[T]:
    """Cut a page out of what changes with time: from its beginning, if `after` has gone."""
    ids = [each.id for each in found]
    first = ids.index(after) + 1 if after in ids else 0
    return found[first : first + limit]
