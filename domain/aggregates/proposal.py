"""A proposal on its way through the gate."""

from datetime import datetime
from hashlib import sha256
from typing import Any

import rfc8785

from domain import streams
from domain.aggregates.aggregate import Aggregate
from domain.context import Context
from domain.errors import (
    ApprovalExpired,
    IdTaken,
    ProposalNotFound,
    ProposalWrongState,
    ShownHashMismatch,
    ShownHashRequired,
)
from domain.events import (
    ActionExecuted,
    ActionStarted,
    ApprovalDenied,
    ApprovalGranted,
    Event,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
)
from domain.events.gate import Action, Finding

APPROVAL_RISKS = ("high", "critical")
"""Risks that need a person, whatever the policy says."""


class Proposal(Aggregate):
    """Guards the order of the gate: nothing runs that was not verified, allowed and approved.

    Its status is one of created, verified, waiting (for approval), allowed, approved, acting,
    executed, unclear (it may have run; a person must look), rejected.
    """

    def __init__(self, proposal_id: str) -> None:
        super().__init__(streams.proposal(proposal_id))
        self.proposal_id = proposal_id
        self.status = ""
        self.created: ProposalCreated | None = None
        self.verified: ProposalVerified | None = None
        self.policy: PolicyDecided | None = None
        self.approval: ApprovalGranted | None = None
        self.started: ActionStarted | None = None
        self.executed: ActionExecuted | None = None

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        match event:
            case ProposalCreated():
                self.status, self.created = "created", event
            case ProposalVerified():
                self.status, self.verified = "verified", event
            case PolicyDecided(moment="verified"):
                self.policy = event
                self.status = {"allow": "allowed", "require_approval": "waiting"}.get(
                    event.decision, self.status
                )
            case PolicyDecided():
                self.policy = event
            case ApprovalGranted():
                self.status, self.approval = "approved", event
            case ActionStarted():
                self.status, self.started = "acting", event
            case ActionExecuted():
                self.executed = event
                self.status = "unclear" if event.outcome == "unknown" else "executed"
            case ProposalRejected():
                self.status = "rejected"

    @property
    def content(self) -> ProposalCreated:
        """What was proposed.

        Raises:
            ProposalNotFound: nothing was.
        """
        if self.created is None:
            raise ProposalNotFound(self.proposal_id)
        return self.created

    @property
    def risk(self) -> str:
        """The assessed risk, or its author's before it was assessed."""
        return self.verified.assessed_risk if self.verified else self.content.risk

    @property
    def shown(self) -> dict[str, Any]:
        """What a person must see before allowing it; `shown_hash` is the hash of exactly this."""
        content = self.content
        findings = self.verified.findings if self.verified else ()
        return {
            "proposal_id": self.proposal_id,
            "swarm_id": content.swarm_id,
            "persona_id": content.persona_id,
            "title": content.title,
            "rationale": content.rationale,
            "action": content.action.model_dump() if content.action else None,
            "risk": self.risk,
            "evidence_refs": list(content.evidence_refs),
            "findings": [f.model_dump() for f in findings],
        }

    @property
    def shown_hash(self) -> str:
        """SHA-256 of `shown` in RFC 8785 form, hex."""
        return sha256(rfc8785.dumps(self.shown)).hexdigest()

    def create(self, context: Context, swarm_id: str, persona_id: str, **content: Any) -> None:
        """Propose. `content` is the body of `proposal.created`.

        Raises:
            IdTaken: the id was used before.
        """
        if self.created is not None:
            raise IdTaken("proposal", self.proposal_id)
        self.trigger(
            ProposalCreated(
                **context.envelope(swarm_id, persona_id), proposal_id=self.proposal_id, **content
            )
        )

    def verify(self, context: Context, findings: tuple[Finding, ...], assessed_risk: str) -> None:
        """Record that it passed verification."""
        self._must_be("created")
        self.trigger(
            ProposalVerified(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                findings=findings,
                assessed_risk=assessed_risk,
            )
        )

    def reject(self, context: Context, stage: str, reasons: tuple[str, ...]) -> None:
        """End it without an action."""
        self._must_be("created", "verified", "waiting", "allowed", "approved")
        self.trigger(
            ProposalRejected(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                stage=stage,
                reasons=reasons,
            )
        )

    def decide(
        self,
        context: Context,
        moment: str,
        decision: str,
        reasons: tuple[str, ...],
        policy_hash: str,
    ) -> None:
        """Record what the policy says; high and critical risk need a person whatever it says."""
        self._must_be(*(("verified",) if moment == "verified" else ("allowed", "approved")))
        if decision == "allow" and moment == "verified" and self.risk in APPROVAL_RISKS:
            decision = "require_approval"
            reasons = (*reasons, f"{self.risk} risk needs a person's approval")
        self.trigger(
            PolicyDecided(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                decision=decision,
                moment=moment,
                reasons=reasons,
                policy_hash=policy_hash,
            )
        )

    def approve(
        self,
        context: Context,
        shown_hash: str | None,
        expires_at: datetime,
        *,
        unseen_allowed: bool,
    ) -> None:
        """Allow it, as what it was shown as.

        Raises:
            ProposalWrongState: no approval is due.
            ShownHashRequired: nobody says what was shown.
            ShownHashMismatch: something else was shown.
        """
        self._must_be("waiting", "approved" if self._lapsed(context.now) else "waiting")
        if shown_hash is None and not unseen_allowed:
            raise ShownHashRequired(self.proposal_id)
        if shown_hash is not None and shown_hash != self.shown_hash:
            raise ShownHashMismatch(self.proposal_id, shown_hash, self.shown_hash)
        self.trigger(
            ApprovalGranted(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                shown_hash=self.shown_hash,
                expires_at=expires_at,
                unseen=shown_hash is None,
            )
        )

    def deny(self, context: Context, reason: str) -> None:
        """Refuse it as a person."""
        self._must_be("created", "verified", "waiting", "allowed", "approved")
        self.trigger(
            ApprovalDenied(**self._envelope(context), proposal_id=self.proposal_id, reason=reason)
        )
        self.reject(context, "approval", (reason,))

    def start(self, context: Context, action_id: str, ran: dict[str, Any]) -> ActionStarted:
        """Record that the action begins. `ran` is what the actuator was given, in `shown` form.

        Raises:
            ProposalWrongState: it was not allowed, or has begun before.
            ApprovalExpired: the approval lapsed.
            ShownHashMismatch: what would run is not what was shown.
        """
        self._must_be("approved" if self.risk in APPROVAL_RISKS else "allowed", "approved")
        if self.approval and self._lapsed(context.now):
            raise ApprovalExpired(self.proposal_id, self.approval.expires_at.isoformat())
        shown_hash = self.approval.shown_hash if self.approval else self.shown_hash
        ran_hash = sha256(rfc8785.dumps(ran)).hexdigest()
        if ran_hash != shown_hash:
            raise ShownHashMismatch(self.proposal_id, ran_hash, shown_hash)
        started = ActionStarted(
            **self._envelope(context),
            proposal_id=self.proposal_id,
            action_id=action_id,
            idempotency_key=action_id,
            shown_hash=shown_hash,
            ran_hash=ran_hash,
        )
        self.trigger(started)
        return started

    def finish(self, context: Context, outcome: str, result: str, duration_ms: int) -> None:
        """Record how the action ended."""
        self._must_be("acting", "unclear")
        if self.started is None:
            raise ProposalWrongState(self.proposal_id, self.status, "acting")
        self.trigger(
            ActionExecuted(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                action_id=self.started.action_id,
                idempotency_key=self.started.idempotency_key,
                outcome=outcome,
                result=result,
                shown_hash=self.started.shown_hash,
                ran_hash=self.started.ran_hash,
                duration_ms=duration_ms,
            )
        )

    def _must_be(self, *wanted: str) -> None:
        if self.created is None:
            raise ProposalNotFound(self.proposal_id)
        if self.status not in wanted:
            raise ProposalWrongState(
                self.proposal_id, self.status, " or ".join(dict.fromkeys(wanted))
            )

    def _lapsed(self, now: datetime) -> bool:
        return self.approval is not None and now >= self.approval.expires_at

    def _envelope(self, context: Context) -> dict[str, Any]:
        content = self.content
        return context.envelope(content.swarm_id, content.persona_id)


def action_hash(action: Action) -> str:
    """Return the SHA-256 of an action in RFC 8785 form, hex: equal for equal actions."""
    return sha256(rfc8785.dumps(action.model_dump())).hexdigest()
