"""Our events in the words of the contract's stream: one function a class.

Some are no news to a dashboard, and are left out; some are two things to it. The `id` of a second
one has a suffix, for what tells events apart by their ids.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.events import (
    ActionExecuted,
    CheckRequested,
    CheckResult,
    CognitionStopped,
    Event,
    HypothesisRaised,
    PersonaPaused,
    PersonaReaped,
    PersonaSpawned,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
    SnapshotCompressed,
    ThoughtGenerated,
    VoteCast,
)
from domain.recorded import Recorded
from domain.streams import FABRIC
from services.api import stream_beliefs, stream_thoughts
from services.api.models.receipt import summary_of
from services.api.stream_message import EXCERPT, Known, Message


def messages(recorded: Recorded, known: Known) -> list[dict[str, Any]]:
    """Return what a dashboard is told of an event: none, one or several things."""
    event = recorded.event
    tell = _TELLERS.get(type(event))
    told = tell(recorded, event, known) if tell else ()
    return [
        {
            "id": event.event_id if number == 0 else f"{event.event_id}.{number}",
            "event_type": event_type,
            "persona_id": event.persona_id,
            "swarm_id": None if event.swarm_id == FABRIC else event.swarm_id,
            "timestamp": event.occurred_at.isoformat().replace("+00:00", "Z"),
            "payload": payload,
        }
        for number, (event_type, payload) in enumerate(told)
    ]


def _proposal(recorded: Recorded, event: ProposalCreated, known: Known) -> Iterable[Message]:
    yield (
        "proposal_created",
        {
            "proposal_id": event.proposal_id,
            "title": event.title,
            "rationale_excerpt": event.rationale[:EXCERPT],
            "source": None,
            "model": None,
            "risk": event.risk,
        },
    )


def _verified(recorded: Recorded, event: ProposalVerified, known: Known) -> Iterable[Message]:
    yield (
        "proposal_verified",
        {"proposal_id": event.proposal_id, "assessed_risk": event.assessed_risk},
    )


def _rejected(recorded: Recorded, event: ProposalRejected, known: Known) -> Iterable[Message]:
    yield (
        "proposal_rejected",
        {"proposal_id": event.proposal_id, "stage": event.stage, "reasons": event.reasons},
    )
    yield from stream_beliefs.rejected(event)


def _vote(recorded: Recorded, event: VoteCast, known: Known) -> Iterable[Message]:
    yield (
        "vote_cast",
        {"proposal_id": event.proposal_id, "vote": event.vote, "reason": event.reason},
    )


def _executed(recorded: Recorded, event: ActionExecuted, known: Known) -> Iterable[Message]:
    yield (
        "action_executed",
        {
            "receipt_id": event.action_id,
            "proposal_id": event.proposal_id,
            "outcome": event.outcome,
            "summary": summary_of(event.outcome, event.result),
        },
    )
    yield from stream_beliefs.executed(event)


def _spawned(recorded: Recorded, event: PersonaSpawned, known: Known) -> Iterable[Message]:
    who = event.identity
    yield "persona_spawned", {"name": who.name, "role": who.role, "depth": who.depth}


def _reaped(recorded: Recorded, event: PersonaReaped, known: Known) -> Iterable[Message]:
    if event.reason == "idle":
        yield "idle_reaped", {"reason": "idle_ttl_expired"}
    cascade = event.cascade_root is not None
    yield "persona_reaped", {"reason": event.note or event.reason, "cascade": cascade}


def _paused(recorded: Recorded, event: PersonaPaused, known: Known) -> Iterable[Message]:
    if event.reason != "manual":
        yield (
            "budget_paused",
            {
                "budget_paused": True,
                "tokens_used": event.tokens_used,
                "compute_ms_used": event.cpu_ms_used,
                "token_budget": known.limits.token_budget_per_minute,
                "compute_budget": known.limits.compute_ms_per_minute,
            },
        )


def _stopped(recorded: Recorded, event: CognitionStopped, known: Known) -> Iterable[Message]:
    if event.reason is not None:
        yield "check_result", {"stopped": True, "reason": event.reason}


_TELLERS: Final[dict[type[Event], Callable[[Recorded, Any, Known], Iterable[Message]]]] = {
    ThoughtGenerated: stream_thoughts.thought,
    HypothesisRaised: stream_thoughts.hypothesis,
    CheckRequested: stream_thoughts.check,
    CheckResult: stream_thoughts.checked,
    SnapshotCompressed: stream_thoughts.snapshot,
    ProposalCreated: _proposal,
    ProposalVerified: _verified,
    ProposalRejected: _rejected,
    VoteCast: _vote,
    ActionExecuted: _executed,
    PersonaSpawned: _spawned,
    PersonaReaped: _reaped,
    PersonaPaused: _paused,
    CognitionStopped: _stopped,
}
TOPICS: Final = tuple(each.topic for each in _TELLERS)
"""Event classes a dashboard hears of."""
