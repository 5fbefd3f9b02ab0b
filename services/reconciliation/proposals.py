"""Proposals past their time, and actions that began and did not finish.

What the gate does it does by itself here as well: this only finds what is due and lets it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from domain.aggregates.proposal import GATE
from projections import proposals
from projections.rows import ProposalRow
from services.commands import gate as commands
from services.reconciliation.rule import Found, Job, Outcome, left, mended

_PAGE: Final = 1_000


def deadlines(job: Job) -> Iterator[Found]:
    """Find proposals whose votes did not come in time, and reject them."""
    now = job.context().now
    for row in job.parts.views.ask(proposals.with_deadline):
        if row.vote_deadline and row.vote_deadline <= now and len(row.votes) < row.quorum_needed:
            what = f"has {len(row.votes)} of {row.quorum_needed} votes, and voting is over"
            mend = partial(_expire, job, row.proposal_id)
            yield Found(row.proposal_id, what, "is rejected at its deadline", mend)


def lapsed(job: Job) -> Iterator[Found]:
    """Find approvals that lapsed before the action began; a person is asked again."""
    now = job.context().now
    for row in _of_status(job, "approved"):
        if row.approval_expires_at and row.approval_expires_at <= now:
            what = f"the approval by {row.approved_by} lapsed"
            mend = partial(_go_on, job, row)
            yield Found(row.proposal_id, what, "waits for a person again", mend)


def actions(job: Job) -> Iterator[Found]:
    """Find actions begun and not finished; the gate finds out how they ended, or ends them."""
    for row in _of_status(job, "acting"):
        what = f"the action began at {row.started_at:%Y-%m-%dT%H:%M:%SZ} and did not finish"
        yield Found(row.proposal_id, what, "is taken up by its key", partial(_go_on, job, row))
    for row in _of_status(job, "unclear"):
        yield Found(row.proposal_id, "nobody can tell whether the action happened", _ASK)


_ASK: Final = "a person must look, and tell at POST /v1/cognition/proposals/{id}/settle"


def _of_status(job: Job, status: str) -> Iterator[ProposalRow]:
    rows = job.parts.views.proposals(status=status, limit=_PAGE)
    while rows:
        yield from rows
        rows = job.parts.views.proposals(status=status, after=rows[-1].proposal_id, limit=_PAGE)


def _expire(job: Job, proposal_id: str) -> Outcome:
    context = job.context(GATE)
    done = job.parts.executor.run(context, lambda unit: commands.expire(unit, proposal_id))
    return mended("rejected at its deadline") if done.result else left("it went on meanwhile")


def _go_on(job: Job, row: ProposalRow) -> Outcome:
    proposal = job.parts.gate.advance(row.proposal_id)
    if proposal.status == row.status:
        return left("somebody acts on it, or died a moment ago")
    if proposal.status == "unclear":
        return left(f"its outcome is unknown: {_ASK}")
    return mended(f"it is {proposal.status} now")
