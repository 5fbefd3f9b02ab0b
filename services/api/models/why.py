"""The causal chain of a proposal."""

from collections.abc import Collection
from typing import Any, Final

from domain.events import ENVELOPE, Event, ObservationReceived
from domain.recorded import Recorded
from services.api.models.proposal import ProposalDetail
from services.api.models.wire import Timestamp, Told
from services.api.withheld import MEMORY

_LEFT_OUT: Final[dict[type[Event], tuple[str, ...]]] = {ObservationReceived: ("content",)}


class Cause(Told):
    """One event of the chain."""

    position: int
    """Place in the total order of all events."""
    id: str
    topic: str
    """Its class."""
    timestamp: Timestamp
    persona_id: str | None
    actor: str
    """Who caused it."""
    correlation_id: str
    causation_id: str | None
    """Event that led to it."""
    body: dict[str, Any]
    """What it says; of an observation not its text, which is in the proposal's evidence."""
    withheld: bool
    """True if what it says is memory that is not for who asks; `body` is empty then."""


class Why(Told):
    """Why a proposal was made, and what became of it."""

    proposal: ProposalDetail
    """The proposal; its `evidence` has the cited lines."""
    events: list[Cause]
    """What led to it and what followed, in order."""


def told(recorded: Recorded, owners: Collection[str] | None) -> Cause:
    """Tell of one event, to who may read the memory of these; None are everybody."""
    event = recorded.event
    withheld = owners is not None and isinstance(event, MEMORY) and event.persona_id not in owners
    left_out = _LEFT_OUT.get(type(event), ())
    return Cause(
        position=recorded.position,
        id=event.event_id,
        topic=event.topic,
        timestamp=event.occurred_at,
        persona_id=event.persona_id,
        actor=event.actor,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        body={} if withheld else event.model_dump(mode="json", exclude={*ENVELOPE, *left_out}),
        withheld=withheld,
    )
