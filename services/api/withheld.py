"""What is withheld from who may look at the fabric, but into nobody's memory.

A viewer sees that a persona thinks, when, and at what cost; what it thinks only where its policy
shares that with the swarm. What a persona proposes is meant for others, and is told.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from domain.events import (
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.limits import SWARM, Limits, shared_with
from projections.privacy import EVERYTHING, Reader
from services.gate.evidence import Citation

MEMORY: Final = (
    ThoughtGenerated, HypothesisRaised, CheckRequested, CheckResult, SnapshotCompressed,
)  # fmt: skip
"""Classes of event that say what somebody thought."""
_TELLING: Final = frozenset(
    {"phase", "thought_count", "persona", "context_event_count", "source", "model",
     "finish_reason", "usage", "latency_ms", "impact", "outcome", "updated"}
)  # fmt: skip
"""Fields of a message that say how it was thought, and never what."""


def is_withheld(reader: Reader, event: Event, limits: Limits) -> bool:
    """Tell whether an event's words are not for who listens; `limits` are its persona's."""
    if reader == EVERYTHING or not isinstance(event, MEMORY):
        return False
    return SWARM not in shared_with(limits)


def without_words(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of the stream without what was thought."""
    payload = {
        name: value if name in _TELLING else None for name, value in message["payload"].items()
    }
    return {**message, "payload": payload}


def readable(citation: Citation, owners: Collection[str] | None) -> Citation:
    """Return a citation, without its text if that is memory of nobody in `owners`.

    None are the owners of everybody's.
    """
    if owners is None or citation.persona_id is None or citation.persona_id in owners:
        return citation
    return replace(citation, lines=(), left_out=citation.left_out + len(citation.lines))
