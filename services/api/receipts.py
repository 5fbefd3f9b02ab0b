"""Receipts: what was done, why, and who allowed it."""

from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Query

from domain.vocabulary import MAX_ID_LENGTH
from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.models.receipt import Receipt, receipt
from services.api.queries import Limit, Word

router = APIRouter(prefix="/v1/cognition", tags=["proposals"], route_class=JsonRoute)

AfterProposal = Annotated[
    Word | None,
    Query(max_length=MAX_ID_LENGTH, description="`proposal_id` of the last of the page before."),
]


@router.get("/receipts")
async def list_receipts(
    call: Reading, after: AfterProposal = None, limit: Limit = 100
) -> list[Receipt]:
    """List receipts, those of the newest proposals first."""
    views = call.app.views
    executed = await call.read(lambda: views.proposals(status="executed", after=after, limit=limit))
    unclear = await call.read(lambda: views.proposals(status="unclear", after=after, limit=limit))
    rows = sorted(chain(executed, unclear), key=lambda row: row.created_at, reverse=True)
    return [told for row in rows[:limit] if (told := receipt(row))]
