"""What personas think, in the words of the contract's stream."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json

from domain.events import (
    CheckRequested,
    CheckResult,
    HypothesisRaised,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from domain.streams import SEGMENT_SIZE
from services.api import stream_beliefs
from services.api.stream_message import EXCERPT, Known, Message


def thought(recorded: Recorded, event: ThoughtGenerated, known: Known) -> Iterable[Message]:
    """A step of a loop."""
    usage = event.usage
    yield (
        "thought_generated",
        _thinking(recorded, known, event.phase, event.content)
        | {
            "context_event_count": len(event.context_refs),
            "source": event.thinker.source,
            "model": event.thinker.model,
            "finish_reason": event.finish_reason,
            "usage": {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "total_tokens": usage.tokens,
            },
            "latency_ms": event.latency_ms,
            "error": event.error,
            "impact": event.impact,
        },
    )


def hypothesis(recorded: Recorded, event: HypothesisRaised, known: Known) -> Iterable[Message]:
    """A supposition, with what it rests on."""
    yield (
        "hypothesis_raised",
        _thinking(recorded, known, "reflect", event.claim)
        | {
            "context_event_count": len(event.evidence_refs),
            "hypothesis_id": event.hypothesis_id,
            "belief_key": event.belief_key,
            "claim": event.claim,
            "confidence": event.confidence,
            "evidence_refs": event.evidence_refs,
        },
    )
    yield from stream_beliefs.supposed(event)


def check(recorded: Recorded, event: CheckRequested, known: Known) -> Iterable[Message]:
    """A test that begins."""
    yield (
        "check_requested",
        _thinking(recorded, known, "test", f"{event.kind} {event.spec}")
        | {
            "check_id": event.check_id,
            "hypothesis_id": event.hypothesis_id,
            "kind": event.kind,
            "spec": from_json(event.spec),
        },
    )


def checked(recorded: Recorded, event: CheckResult, known: Known) -> Iterable[Message]:
    """A test that ended."""
    yield (
        "check_result",
        {
            "phase": "test",
            "thought_count": _count(recorded),
            "result_excerpt": event.excerpt[:EXCERPT],
            "source": None,
            "model": None,
            "check_id": event.check_id,
            "hypothesis_id": event.hypothesis_id,
            "outcome": event.outcome,
            "confidence_after": event.confidence_after,
        },
    )
    yield from stream_beliefs.checked(event)


def snapshot(recorded: Recorded, event: SnapshotCompressed, known: Known) -> Iterable[Message]:
    """A state of mind; what all have in view has changed with it."""
    yield (
        "snapshot_compressed",
        _thinking(recorded, known, "compress", event.summary)
        | {
            "context_event_count": event.thoughts_in,
            "snapshot_id": event.snapshot_id,
        },
    )
    yield "workspace_updated", {"updated": True}


def _thinking(recorded: Recorded, known: Known, phase: str, text: str) -> dict[str, Any]:
    """Return what all steps of a loop tell; what a step does not know stays null."""
    return {
        "phase": phase,
        "thought_count": _count(recorded),
        "persona": {"id": recorded.event.persona_id, "name": known.name, "role": known.role},
        "context_event_count": 0,
        "thinking": text,
        "source": None,
        "model": None,
        "finish_reason": None,
        "usage": None,
        "latency_ms": None,
        "error": None,
    }


def _count(recorded: Recorded) -> int:
    """Return how many events its persona's thought log has, with this one."""
    return int(recorded.stream.rpartition("/")[2]) * SEGMENT_SIZE + recorded.version
