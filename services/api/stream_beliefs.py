"""What of beliefs and attention follows from one event alone, in the words of the stream.

Whether others hold a belief, and how sure it is with all that was said of it, no event knows:
`GET /v1/cognition/beliefs` tells that.
"""

from collections.abc import Iterable
from typing import Any

from domain.attention import PRIORITIES, item_id
from domain.belief import belief_id
from domain.beliefs import kept
from domain.events import ActionExecuted, CheckResult, HypothesisRaised, ProposalRejected
from services.api.stream_message import Message


def supposed(event: HypothesisRaised) -> Iterable[Message]:
    """A hypothesis makes a belief, and contests those it contradicts."""
    yield (
        "belief_extracted",
        _belief(event.swarm_id, event.belief_key)
        | {"claim": event.claim, "confidence": kept(event.confidence)},
    )
    for key in dict.fromkeys(event.contradicts):
        yield "belief_contested", _belief(event.swarm_id, key) | {"contested_by": event.persona_id}


def checked(event: CheckResult) -> Iterable[Message]:
    """A check that passes revalidates what it tests; one that fails asks for attention.

    Which belief the hypothesis is of, its check does not say.
    """
    match event.outcome:
        case "passed":
            yield (
                "belief_revalidated",
                {
                    "hypothesis_id": event.hypothesis_id,
                    "check_id": event.check_id,
                    "confidence": kept(event.confidence_after),
                },
            )
        case "failed":
            yield _attention("failed_check", item_id("check", event.event_id), event.check_id)


def rejected(event: ProposalRejected) -> Iterable[Message]:
    """A proposal that ran out of time asks for attention."""
    if event.stage == "deadline":
        yield _of_proposal("proposal_timeout", event.proposal_id)


def executed(event: ActionExecuted) -> Iterable[Message]:
    """An action that did not succeed asks for attention."""
    if event.outcome != "success":
        yield _of_proposal("failed_execution", event.proposal_id)


def _belief(swarm_id: str, belief_key: str) -> dict[str, Any]:
    return {"belief_id": belief_id(swarm_id, belief_key), "belief_key": belief_key}


def _of_proposal(source_type: str, proposal_id: str) -> Message:
    return _attention(source_type, item_id("proposal", proposal_id), proposal_id)


def _attention(source_type: str, attention_id: str, source_id: str) -> Message:
    return (
        "attention_created",
        {
            "attention_id": attention_id,
            "source_type": source_type,
            "source_id": source_id,
            "priority": PRIORITIES[source_type],
        },
    )
