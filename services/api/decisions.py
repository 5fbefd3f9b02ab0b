"""Waiting for the gate's decision on one proposal."""

import asyncio
from contextlib import suppress

from domain.events import (
    ActionExecuted,
    PolicyDecided,
    ProposalRejected,
    ProposalVerified,
)
from projections.rows import ProposalRow
from services.api.calls import Call
from services.api.following import following
from services.api.models.proposal import ProposalStanding, standing
from services.store.codec import decode

TOPICS = (
    ProposalVerified.topic,
    PolicyDecided.topic,
    ProposalRejected.topic,
    ActionExecuted.topic,
)
"""Events that may bring a decision."""


async def decided_within(call: Call, proposal_id: str, seconds: float) -> ProposalStanding | None:
    """Return how a proposal stands once the gate has ended with it; None if it took too long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await _decided(call, proposal_id)
    return None


async def _decided(call: Call, proposal_id: str) -> ProposalStanding:
    head = await call.read(call.app.recorder.head)
    await call.shown(head)
    while True:
        row = await call.read(lambda: call.app.views.proposal(proposal_id))
        if row and _is_final(row):
            return standing(row)
        head = await _next_step(call, proposal_id, head)
        await call.shown(head)


async def _next_step(call: Call, proposal_id: str, after: int) -> int:
    """Wait until something happens to a proposal; return where.

    Raises:
        TimeoutError: the store closes, nothing will come any more.
    """
    async with following(call.app.recorder, after, TOPICS) as batches:
        async for batch in batches:
            for stored in batch:
                if getattr(decode(stored.state), "proposal_id", None) == proposal_id:
                    return stored.position
    raise TimeoutError


def _is_final(row: ProposalRow) -> bool:
    """Tell whether the gate has come to an end with it; an intention ends verified."""
    ended = row.status in ("executed", "unclear", "rejected")
    return ended or (row.status == "verified" and row.action is None)
