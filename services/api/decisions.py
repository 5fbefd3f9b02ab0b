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
from services.api.models.proposal import ProposalStanding, standing

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
        head = await call.next_of(
            head, TOPICS, lambda event: getattr(event, "proposal_id", None) == proposal_id
        )
        await call.shown(head)


def _is_final(row: ProposalRow) -> bool:
    """Tell whether the gate has come to an end with it; an intention ends verified."""
    ended = row.status in ("executed", "unclear", "rejected")
    return ended or (row.status == "verified" and row.action is None)
