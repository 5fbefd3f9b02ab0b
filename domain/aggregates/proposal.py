"""A proposal on its way through the gate."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain import streams
from domain.aggregates.aggregate import Aggregate
from domain.canonical import canonical_hash
from domain.context import Context
from domain.errors import (
    ApprovalExpired,
    IdTaken,
    InvalidInput,
    NotAllowed,
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
    VoteCast,
)
from domain.events.gate import Finding
from domain.vocabulary import ACTION_OUTCOMES, RISKS, VOTES, one_of, worse

GATE = "system:gate"
"""The only actor that verifies, asks the policy, and acts."""
PERSON = "user"
"""Kind of actor that approves and refuses; nobody else does."""
RULES = ("evidence", "consistency", "risk")
"""What a verification must have looked at."""
DECISIONS = ("allow", "deny", "require_approval")
"""What a policy may say."""
MOMENTS = {"verified": ("verified",), "acting": ("allowed", "approved")}
"""When the policy is asked, and of proposals of which status."""
PENDING = ("created", "verified", "waiting", "allowed", "approved")
"""Before an action begins; until then it can be refused."""
STAGES = {
    "verification": ("created",),
    "policy": ("verified", "allowed", "approved"),
    "vote": PENDING,
    "deadline": PENDING,
    "withdrawn": PENDING,
}
"""Where the gate ends a proposal, and of which status it must be."""
APPROVAL_RISKS = ("high", "critical")
"""Risks that need a person, whatever the policy says."""


class Proposal(Aggregate):
    """Guards the order of the gate: nothing runs that was not verified, allowed and approved.

    Its status is one of created, verified, waiting (for approval), allowed, approved, acting,
    executed, unclear (it may have run; a person must look), rejected. An intention without an
    action ends verified.
    """

    status: str
    created: ProposalCreated | None
    verified: ProposalVerified | None
    policy: PolicyDecided | None
    approval: ApprovalGranted | None
    started: ActionStarted | None
    executed: ActionExecuted | None
    votes: dict[str, str]
    last_event_id: str | None
    cleared: bool

    def __init__(self, proposal_id: str) -> None:
        super().__init__(streams.proposal(proposal_id))
        self.proposal_id = proposal_id
        self.status = ""
        self.created = None
        self.verified = None
        self.policy = None
        self.approval = None
        self.started = None
        self.executed = None
        self.votes = {}
        self.last_event_id = None
        self.cleared = False

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        self.last_event_id, self.cleared = event.event_id, False
        match event:
            case ProposalCreated():
                self.status, self.created = "created", event
            case ProposalVerified():
                self.status, self.verified = "verified", event
            case PolicyDecided(decision="require_approval"):
                self.status, self.policy, self.approval = "waiting", event, None
            case PolicyDecided(decision="allow", moment="verified"):
                self.status, self.policy = "allowed", event
            case PolicyDecided():
                self.policy = event
                self.cleared = event.decision == "allow"
            case ApprovalGranted():
                self.status, self.approval = "approved", event
            case ActionStarted():
                self.status, self.started = "acting", event
            case ActionExecuted():
                self.executed = event
                self.status = "unclear" if event.outcome == "unknown" else "executed"
            case ProposalRejected():
                self.status = "rejected"
            case VoteCast(persona_id=str(voter)):
                self.votes = {**self.votes, voter: event.vote}

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
        return canonical_hash(self.shown)

    def lacks_votes(self, now: datetime) -> bool:
        """Tell whether it still pends, voting is over, and fewer voted than the quorum needs."""
        over = self._voting_is_over(now) and self.status in PENDING
        return over and len(self.votes) < self.content.quorum_needed

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

    def verify(self, context: Context, findings: Sequence[Finding], assessed_risk: str) -> None:
        """Record that it passed verification. Its risk is never below its author's.

        Raises:
            InvalidInput: a rule was not looked at, or did not pass.
        """
        self._must_come_from(context, GATE)
        self._must_be("created")
        passed = {f.rule for f in findings if f.passed}
        if not passed.issuperset(RULES) or not all(f.passed for f in findings):
            raise InvalidInput(f"verified means that {', '.join(RULES)} have passed")
        assessed_risk = worse(one_of(assessed_risk, RISKS, "assessed_risk"), self.content.risk)
        self.trigger(
            ProposalVerified(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                findings=tuple(findings),
                assessed_risk=assessed_risk,
            )
        )

    def reject(self, context: Context, stage: str, reasons: Sequence[str]) -> None:
        """End it without an action.

        Raises:
            ProposalWrongState: this stage is over, or an action has begun.
        """
        self._must_come_from(context, GATE)
        self._must_be(*STAGES[one_of(stage, tuple(STAGES), "stage")])
        self._end(context, stage, reasons)

    def vote(self, context: Context, persona_id: str, vote: str, reason: str | None) -> None:
        """Record a persona's vote; its last one counts.

        Raises:
            InvalidInput: there is no such vote.
            ProposalWrongState: an action has begun, or it has ended, or voting is over.
        """
        one_of(vote, VOTES, "vote")
        self._must_be(*PENDING)
        if self._voting_is_over(context.now):
            wanted = (
                f"open to votes: voting ended at {self.content.vote_deadline:%Y-%m-%dT%H:%M:%SZ}"
            )
            raise ProposalWrongState(self.proposal_id, self.status, wanted)
        envelope = self._envelope(context) | {"persona_id": persona_id}
        self.trigger(VoteCast(**envelope, proposal_id=self.proposal_id, vote=vote, reason=reason))

    def decide(
        self,
        context: Context,
        moment: str,
        decision: str,
        reasons: Sequence[str],
        policy_hash: str,
    ) -> str:
        """Record what the policy says, and what follows from it; return what was recorded.

        High and critical risk need a person whatever it says. Right before acting, an approval
        that still stands is what the policy asked for; one that lapsed sends it back to waiting.
        """
        self._must_come_from(context, GATE)
        self._must_be(*MOMENTS[one_of(moment, tuple(MOMENTS), "moment")])
        if self.content.action is None:
            raise InvalidInput(f"proposal {self.proposal_id} has no action to decide on")
        decision, why = self._with_approval(one_of(decision, DECISIONS, "decision"), context.now)
        self.trigger(
            PolicyDecided(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                decision=decision,
                moment=moment,
                reasons=(*reasons, *why),
                policy_hash=policy_hash,
            )
        )
        return decision

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
            NotAllowed: the actor is no person.
            ProposalWrongState: no approval is due.
            ShownHashRequired: nobody says what was shown.
            ShownHashMismatch: something else was shown.
        """
        self._must_come_from(context, PERSON)
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
        """Refuse it as a person.

        Raises:
            NotAllowed: the actor is no person.
        """
        self._must_come_from(context, PERSON)
        self._must_be(*PENDING)
        self.trigger(
            ApprovalDenied(**self._envelope(context), proposal_id=self.proposal_id, reason=reason)
        )
        self._end(context, "approval", (reason,))

    def start(self, context: Context, action_id: str, ran: dict[str, Any]) -> ActionStarted:
        """Record that the action begins. `ran` is what the actuator was given, in `shown` form.

        Raises:
            ProposalWrongState: it was not allowed just now, or has begun before.
            ApprovalExpired: the approval lapsed.
            ShownHashMismatch: what would run is not what was shown.
        """
        self._must_come_from(context, GATE)
        self._must_be("approved" if self.risk in APPROVAL_RISKS else "allowed", "approved")
        if not self.cleared:
            raise ProposalWrongState(
                self.proposal_id, self.status, "allowed by the policy just now"
            )
        if self.approval and self._lapsed(context.now):
            raise ApprovalExpired(self.proposal_id, self.approval.expires_at.isoformat())
        shown_hash = self.approval.shown_hash if self.approval else self.shown_hash
        ran_hash = canonical_hash(ran)
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
        """Record how the action ended; where that was unclear, what a person found out."""
        one_of(outcome, ACTION_OUTCOMES, "outcome")
        self._must_be("acting", "unclear")
        self._must_come_from(context, GATE if self.status == "acting" else PERSON)
        if self.started is None or (self.status == "unclear" and outcome == "unknown"):
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

    def chain(self, context: Context) -> Context:
        """Return the context of what follows: it shares the proposal's first cause."""
        return replace(
            context,
            correlation_id=self.content.correlation_id,
            causation_id=context.causation_id or self.last_event_id,
        )

    def _with_approval(self, decision: str, now: datetime) -> tuple[str, tuple[str, ...]]:
        why: tuple[str, ...] = ()
        if decision == "deny":
            return decision, why
        if decision == "allow" and self.risk in APPROVAL_RISKS:
            decision, why = "require_approval", (f"{self.risk} risk needs a person's approval",)
        if self.approval is None:
            return decision, why
        if self._lapsed(now):
            lapsed = f"the approval of {self.approval.actor} lapsed"
            return "require_approval", (*why, f"{lapsed} at {self.approval.expires_at.isoformat()}")
        return "allow", (*why, f"approved by {self.approval.actor}")

    def _end(self, context: Context, stage: str, reasons: Sequence[str]) -> None:
        self.trigger(
            ProposalRejected(
                **self._envelope(context),
                proposal_id=self.proposal_id,
                stage=stage,
                reasons=tuple(reasons),
            )
        )

    def _must_come_from(self, context: Context, allowed: str) -> None:
        if not f"{context.actor}:".startswith(f"{allowed}:"):
            raise NotAllowed(
                f"proposal {self.proposal_id}: this is for {allowed}, not {context.actor}",
                proposal_id=self.proposal_id, actor=context.actor,
            )  # fmt: skip

    def _must_be(self, *wanted: str) -> None:
        if self.created is None:
            raise ProposalNotFound(self.proposal_id)
        if self.status not in wanted:
            raise ProposalWrongState(
                self.proposal_id, self.status, " or ".join(dict.fromkeys(wanted))
            )

    def _voting_is_over(self, now: datetime) -> bool:
        deadline = self.content.vote_deadline
        return deadline is not None and now >= deadline

    def _lapsed(self, now: datetime) -> bool:
        return self.approval is not None and now >= self.approval.expires_at

    def _envelope(self, context: Context) -> dict[str, Any]:
        content = self.content
        return self.chain(context).envelope(content.swarm_id, content.persona_id)
