"""The catalogue: every class of event there is, topic name to model.

The first eleven are the design document's; ours follow, as few as possible. Before adding one,
ask which fold of those that are here would do.
"""

from domain.events.budget import BudgetLeased, BudgetSettled
from domain.events.cognition import (
    CheckRequested,
    CheckResult,
    HypothesisRaised,
    ObservationDropped,
    ObservationReceived,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.events.envelope import ENVELOPE, Event
from domain.events.gate import (
    ActionExecuted,
    ActionStarted,
    ApprovalDenied,
    ApprovalGranted,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
    VoteCast,
)
from domain.events.lifecycle import (
    CognitionStarted,
    CognitionStopped,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
    SwarmCreated,
)
from domain.events.work import WorkClaimed, WorkReleased

EVENT_CLASSES: dict[str, type[Event]] = {
    "thought.generated": ThoughtGenerated,
    "hypothesis.raised": HypothesisRaised,
    "check.requested": CheckRequested,
    "check.result": CheckResult,
    "proposal.created": ProposalCreated,
    "proposal.verified": ProposalVerified,
    "proposal.rejected": ProposalRejected,
    "action.executed": ActionExecuted,
    "persona.spawned": PersonaSpawned,
    "persona.reaped": PersonaReaped,
    "snapshot.compressed": SnapshotCompressed,
    "observation.received": ObservationReceived,
    "swarm.created": SwarmCreated,
    "budget.leased": BudgetLeased,
    "budget.settled": BudgetSettled,
    "persona.paused": PersonaPaused,
    "persona.resumed": PersonaResumed,
    "vote.cast": VoteCast,
    "policy.decided": PolicyDecided,
    "approval.granted": ApprovalGranted,
    "approval.denied": ApprovalDenied,
    "action.started": ActionStarted,
    "cognition.started": CognitionStarted,
    "cognition.stopped": CognitionStopped,
    "work.claimed": WorkClaimed,
    "work.released": WorkReleased,
    "observation.dropped": ObservationDropped,
}

__all__ = [
    "ActionExecuted",
    "ActionStarted",
    "ApprovalDenied",
    "ApprovalGranted",
    "BudgetLeased",
    "BudgetSettled",
    "CheckRequested",
    "CheckResult",
    "CognitionStarted",
    "CognitionStopped",
    "ENVELOPE",
    "EVENT_CLASSES",
    "Event",
    "HypothesisRaised",
    "ObservationDropped",
    "ObservationReceived",
    "PersonaPaused",
    "PersonaReaped",
    "PersonaResumed",
    "PersonaSpawned",
    "PolicyDecided",
    "ProposalCreated",
    "ProposalRejected",
    "ProposalVerified",
    "SnapshotCompressed",
    "SwarmCreated",
    "ThoughtGenerated",
    "VoteCast",
    "WorkClaimed",
    "WorkReleased",
]
