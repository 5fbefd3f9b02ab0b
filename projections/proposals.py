"""What personas want done and what the gate made of it, receipts included.

A row keeps the last event of each kind whole, so that what is shown is exactly what was decided on.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeVar, cast

from domain.aggregates import Proposal
from domain.aggregates.proposal import PENDING
from domain.events import (
    ActionExecuted,
    ActionStarted,
    ApprovalGranted,
    Event,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
    VoteCast,
)
from domain.recorded import Recorded
from projections.rows import ProposalRow
from projections.statement import KNOWN, LATEST, Statement, upsert
from projections.view import Cursor, View

E = TypeVar("E", bound=Event)
GateEvent = (
    ProposalCreated | ProposalVerified | PolicyDecided | ApprovalGranted | ActionStarted
    | ActionExecuted | ProposalRejected | VoteCast
)  # fmt: skip

_DDL: Final = """
create table view_proposals (
    proposal_id text collate "C" primary key,
    position bigint,
    swarm_id text collate "C",
    persona_id text collate "C",
    status text collate "C",
    created text,
    verified text,
    policy text,
    approval text,
    started text,
    executed text,
    rejected text,
    votes jsonb,
    tool text collate "C",
    target text collate "C",
    updated_at timestamptz
);
create index on view_proposals (position);
create index on view_proposals (swarm_id, position);
create index on view_proposals (persona_id, position);
create index on view_proposals (status, position);
create index on view_proposals (tool, target) where tool is not null;
"""
_COLUMNS: Final[dict[type[Event], str]] = {
    ProposalCreated: "created",
    ProposalVerified: "verified",
    PolicyDecided: "policy",
    ApprovalGranted: "approval",
    ActionStarted: "started",
    ActionExecuted: "executed",
    ProposalRejected: "rejected",
}
"""Event class to the column that keeps its last event, as JSON."""
_MOVED: Final = upsert(
    "view_proposals", "proposal_id",
    position=KNOWN, swarm_id=KNOWN, persona_id=KNOWN, status=KNOWN, tool=KNOWN, target=KNOWN,
    **dict.fromkeys(_COLUMNS.values(), KNOWN),
    votes="coalesce(old.votes || new.votes, new.votes, old.votes)",
    updated_at=LATEST,
)  # fmt: skip


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a proposal."""
    rows: dict[str, dict[str, Any]] = {}
    for recorded in batch:
        event = cast("GateEvent", recorded.event)
        row = rows.setdefault(event.proposal_id, {"proposal_id": event.proposal_id})
        row["updated_at"] = max(event.occurred_at, row.get("updated_at", event.occurred_at))
        if isinstance(event, VoteCast):
            row.setdefault("votes", {})[event.persona_id] = event.vote
            continue
        row[_COLUMNS[type(event)]] = event.model_dump_json()
        if status := _status(event):
            row["status"] = status
        if isinstance(event, ProposalCreated):
            row["position"] = recorded.position
            row["swarm_id"], row["persona_id"] = event.swarm_id, event.persona_id
            if event.action:
                row["tool"], row["target"] = event.action.tool, event.action.target
    return [Statement(_MOVED, list(rows.values()))] if rows else []


def _status(event: Event) -> str:
    """Return the status an event leads to, by the aggregate's own rule; empty if to none."""
    proposal = Proposal("")
    proposal.apply(event)
    return proposal.status


VIEW: Final = View(
    name="proposals",
    version=2,
    table="view_proposals",
    ddl=_DDL,
    topics=frozenset([*(each.topic for each in _COLUMNS), VoteCast.topic]),
    fold=fold,
)


def select(
    cursor: Cursor, *, swarm_id: str | None = None, persona_id: str | None = None,
    status: str | None = None, after: str | None = None, limit: int = 100,
) -> list[ProposalRow]:  # fmt: skip
    """Return proposals, newest first, those older than the proposal `after`."""
    cursor.execute(
        "select * from view_proposals where position is not null"
        " and (%(swarm_id)s::text is null or swarm_id = %(swarm_id)s)"
        " and (%(persona_id)s::text is null or persona_id = %(persona_id)s)"
        " and (%(status)s::text is null or status = %(status)s)"
        " and (%(after)s::text is null or position <"
        " (select position from view_proposals where proposal_id = %(after)s))"
        " order by position desc limit %(limit)s",
        {
            "swarm_id": swarm_id, "persona_id": persona_id, "status": status, "after": after,
            "limit": limit,
        },
    )  # fmt: skip
    return [_row(found) for found in cursor]


def one(cursor: Cursor, proposal_id: str) -> ProposalRow | None:
    """Return a proposal, None if there is none of this id."""
    cursor.execute(
        "select * from view_proposals where position is not null and proposal_id = %s",
        [proposal_id],
    )
    found = cursor.fetchone()
    return _row(found) if found else None


def counting(
    cursor: Cursor, tool: str, targets: Sequence[str], persona_id: str
) -> list[ProposalRow]:
    """Return what a persona proposed to do to these targets with a tool: the one that counts.

    That is what was done to a target, else the newest that is not rejected, else the newest. A
    target nothing was proposed for is left out.
    """
    cursor.execute(
        "select distinct on (target) * from view_proposals"
        " where position is not null and tool = %s and target = any(%s) and persona_id = %s"
        " order by target, status = 'executed' desc, status <> 'rejected' desc, position desc",
        [tool, list(targets), persona_id],
    )
    return [_row(found) for found in cursor]


def with_deadline(cursor: Cursor) -> list[ProposalRow]:
    """Return the proposals that pend and whose votes have a deadline, oldest first."""
    cursor.execute(
        "select * from view_proposals where position is not null and status = any(%s)"
        " and created not like '%%\"vote_deadline\":null%%' order by position",
        [list(PENDING)],
    )
    return [_row(found) for found in cursor]


def _row(found: dict[str, Any]) -> ProposalRow:
    created = ProposalCreated.model_validate_json(found["created"])
    verified = _kept(ProposalVerified, found)
    policy = _kept(PolicyDecided, found)
    approval = _kept(ApprovalGranted, found)
    started = _kept(ActionStarted, found)
    executed = _kept(ActionExecuted, found)
    rejected = _kept(ProposalRejected, found)
    return ProposalRow(
        proposal_id=created.proposal_id,
        persona_id=created.persona_id,
        swarm_id=created.swarm_id,
        title=created.title,
        rationale=created.rationale,
        action=created.action,
        author_risk=created.risk,
        risk=verified.assessed_risk if verified else created.risk,
        evidence_refs=created.evidence_refs,
        findings=verified.findings if verified else (),
        status=found["status"],
        reject_stage=rejected.stage if rejected else None,
        reasons=rejected.reasons if rejected else (),
        votes=found["votes"] or {},
        vote_deadline=created.vote_deadline,
        votes_requested=created.votes_requested,
        quorum_needed=created.quorum_needed,
        policy_decision=policy.decision if policy else None,
        policy_hash=policy.policy_hash if policy else None,
        policy_reasons=policy.reasons if policy else (),
        approved_by=approval.actor if approval else None,
        approved_at=approval.occurred_at if approval else None,
        approval_expires_at=approval.expires_at if approval else None,
        shown_hash=approval.shown_hash if approval else None,
        action_id=started.action_id if started else None,
        idempotency_key=started.idempotency_key if started else None,
        outcome=executed.outcome if executed else None,
        result=executed.result if executed else None,
        duration_ms=executed.duration_ms if executed else None,
        started_at=started.occurred_at if started else None,
        executed_at=executed.occurred_at if executed else None,
        created_at=created.occurred_at,
        updated_at=found["updated_at"],
        created_event_id=created.event_id,
    )


def _kept(kind: type[E], found: dict[str, Any]) -> E | None:
    text = found[_COLUMNS[kind]]
    return kind.model_validate_json(text) if text else None
