"""Proposals: agents make them, people see and decide on them."""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Query

from services.api.body import JsonRoute
from services.api.calls import Call, Commanding, Reading
from services.api.decisions import decided_within
from services.api.models.proposal import (
    Approved,
    Proposal,
    ProposalDetail,
    ProposalStanding,
    in_detail,
    just_now,
    of_row,
)
from services.api.models.propose import Approve, Ended, Propose, Reject, Vote
from services.api.paths import PersonaId, ProposalId
from services.api.queries import After, Limit, Word
from services.api.refusals import Forbidden
from services.api.responses import BODY, REFUSED, UNKNOWN, UNSHOWN
from services.api.withheld import readable
from services.commands import proposing
from services.store.errors import StoreUnavailable
from services.unit_of_work import Unit

router = APIRouter(tags=["proposals"], route_class=JsonRoute)

_LOOKS: Final = 5
_PATIENCE_SECS: Final = 10.0
"""How long an approval waits for the end of its action."""
Wait = Annotated[
    float, Query(ge=0, le=600, description="Seconds to wait for the decision before answering.")
]


@router.post(
    "/v1/swarm/personas/{persona_id}/proposals",
    responses=BODY | UNKNOWN | REFUSED,
    tags=["agents"],
)
async def propose(
    call: Commanding, persona_id: PersonaId, new: Propose, wait: Wait = 0
) -> ProposalStanding:
    """Propose. With `wait`, the answer has the decision if it falls in time.

    Sent again with the same `Idempotency-Key`, it waits on for the same proposal.
    """

    def command(unit: Unit) -> ProposalStanding:
        return just_now(proposing.propose(unit, persona_id, new.command(unit.context.new_id())))

    made = await call.run(command, lambda done: done.result, ProposalStanding)
    if not wait:
        return made
    return await decided_within(call, made.id, wait) or await detail_of(call, made.id)


@router.get("/v1/cognition/proposals")
async def list_proposals(
    call: Reading,
    swarm: Annotated[Word | None, Query(description="Only those of this swarm.")] = None,
    persona: Annotated[Word | None, Query(description="Only those of this persona.")] = None,
    status: Annotated[Word | None, Query(description="Only those of this `stage`.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> list[Proposal]:
    """List proposals, newest first."""
    rows = await call.read(lambda: call.app.views.proposals(swarm, persona, status, after, limit))
    return [of_row(row) for row in rows]


@router.get("/v1/cognition/proposals/{proposal_id}", responses=UNKNOWN)
async def get_proposal(call: Reading, proposal_id: ProposalId, wait: Wait = 0) -> ProposalDetail:
    """Show a proposal with all that a person must see before deciding on it; an agent its own.

    With `wait`, once the decision has fallen or the time is up.
    """
    told = await detail_of(call, proposal_id)
    if call.principal.persona_id not in (None, told.persona_id):
        raise Forbidden(f"{call.principal.actor} sees only its own", role=call.principal.role)
    if not wait:
        return told
    await decided_within(call, proposal_id, wait)
    return await detail_of(call, proposal_id)


@router.post(
    "/v1/cognition/proposals/{proposal_id}/approve",
    responses=BODY | UNKNOWN | REFUSED | UNSHOWN,
)
async def approve_proposal(
    call: Commanding, proposal_id: ProposalId, how: Approve | None = None
) -> Approved:
    """Allow a proposal, as what it was shown as; answer when its action has ended."""
    shown_hash = how.shown_hash if how else None

    async def act() -> Approved:
        gate, context = call.app.gate, call.context()
        await call.read(lambda: gate.approve(context, proposal_id, shown_hash))
        await decided_within(call, proposal_id, _PATIENCE_SECS)  # somebody else may be acting
        return Approved(approved=True, proposal_id=proposal_id)

    return await call.run_long(act, Approved)


@router.post("/v1/cognition/proposals/{proposal_id}/votes", responses=BODY | UNKNOWN | REFUSED)
async def cast_vote(call: Commanding, proposal_id: ProposalId, how: Vote) -> ProposalStanding:
    """Cast a persona's vote; an agent only its own persona's."""
    if call.principal.persona_id not in (None, how.persona_id):
        raise Forbidden(f"{call.principal.actor} votes only for itself", role=call.principal.role)

    def command(unit: Unit) -> ProposalStanding:
        return just_now(proposing.vote(unit, proposal_id, how.persona_id, how.vote, how.reason))

    return await call.run(command, lambda done: done.result, ProposalStanding)


@router.post("/v1/cognition/proposals/{proposal_id}/reject", responses=BODY | UNKNOWN | REFUSED)
async def reject_proposal(call: Commanding, proposal_id: ProposalId, how: Reject) -> ProposalDetail:
    """Refuse a proposal, and say why."""

    async def act() -> ProposalDetail:
        gate, context = call.app.gate, call.context()
        await call.read(lambda: gate.reject(context, proposal_id, how.reason))
        return await detail_of(call, proposal_id)

    return await call.run_long(act, ProposalDetail)


@router.post("/v1/cognition/proposals/{proposal_id}/settle", responses=BODY | UNKNOWN | REFUSED)
async def settle_proposal(call: Commanding, proposal_id: ProposalId, how: Ended) -> ProposalDetail:
    """Say how an action ended of which nobody could tell: somebody went and looked."""

    async def act() -> ProposalDetail:
        gate, context = call.app.gate, call.context()
        await call.read(lambda: gate.settle(context, proposal_id, how.outcome, how.note))
        return await detail_of(call, proposal_id)

    return await call.run_long(act, ProposalDetail)


async def detail_of(call: Call, proposal_id: str) -> ProposalDetail:
    """Tell all of a proposal, as the store has it.

    Raises:
        ProposalNotFound: there is none of this id.
        StoreUnavailable: the read model is too far behind to tell of it.
    """
    owners = (await call.readable()).owners
    for _ in range(_LOOKS):
        shown = await call.read(lambda: call.app.gate.show(proposal_id))
        shown = replace(shown, evidence=[readable(each, owners) for each in shown.evidence])
        row = await call.read(lambda: call.app.views.proposal(proposal_id))
        if row and row.status == shown.status:
            return in_detail(row, shown)
        await call.catch_up()
    raise StoreUnavailable("the read models are behind", "try again")
