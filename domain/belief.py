"""One belief, and the words of personas it is made of (the rules: `domain.beliefs`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from domain.events import CheckResult, Event, HypothesisRaised, PersonaReaped

STATUSES: Final = ("active", "stale", "invalidated", "archived")
"""How a belief may stand: held, to be reviewed, found wrong, or held by nobody alive."""
UNSURE: Final = 0.5
"""Confidence below which a belief is uncertain, and a contested one stale."""
CLAIM_CHARS: Final = 1_000
KEPT_REFS: Final = 20
"""Most references of one word, and contradictions of one hypothesis; its event has all."""


class Word(BaseModel):
    """What one persona said last of one thing."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")
    # as any float of an event: a word that is kept can be read again

    swarm_id: str
    persona_id: str
    event_id: str
    position: int
    at: datetime
    """When it was said, UTC."""


class Asserted(Word):
    """A hypothesis: it holds this of a key."""

    belief_key: str
    hypothesis_id: str
    claim: str
    confidence: float
    evidence_refs: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()
    first_position: int
    """Where it said so for the first time."""
    first_at: datetime


class Contradicted(Word):
    """A hypothesis of another key that contradicts this one."""

    belief_key: str


class Checked(Word):
    """A check of a hypothesis, its own or another's, that passed or failed."""

    hypothesis_id: str
    outcome: str
    confidence_after: float
    evidence_refs: tuple[str, ...] = ()
    excerpt: str


class Ended(Word):
    """It was reaped: it says no more."""


@dataclass(frozen=True, slots=True)
class Contest:
    """A contradiction the belief withstood: somebody should look."""

    persona_id: str
    event_id: str
    at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of one key in one swarm, as far as its reader may know."""

    belief_id: str
    swarm_id: str
    belief_key: str
    claim: str
    confidence: float
    evidence_refs: tuple[str, ...]
    asserted_by: str
    confirmed_by: tuple[str, ...]
    contested_by: tuple[str, ...]
    contradicts: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    review_after: datetime
    status: str
    event_id: str
    """Event of the hypothesis that says it now."""
    position: int
    """Where that event is."""
    contests: tuple[Contest, ...] = ()

    @property
    def holders(self) -> frozenset[str]:
        """Who says so."""
        return frozenset((self.asserted_by, *self.confirmed_by))

    @property
    def is_held(self) -> bool:
        """Whether it was neither found wrong nor left behind."""
        return self.status in ("active", "stale")

    @property
    def is_uncertain(self) -> bool:
        """Whether it is held, but should be looked at again."""
        return self.is_held and (self.status == "stale" or self.confidence < UNSURE)

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether its review is due."""
        return self.is_held and now > self.review_after

    def salience(self, now: datetime) -> float:
        """Tell how much it matters now: confidence / (1 + minutes since its last change)."""
        minutes = max(0.0, (now - self.updated_at).total_seconds() / 60)
        return self.confidence / (1 + minutes)


def belief_id(swarm_id: str, belief_key: str) -> str:
    """Return the id of the belief of a key: always the same, whoever asserts it."""
    return _digest(swarm_id, belief_key)


def hypothesis_of(swarm_id: str, hypothesis_id: str) -> str:
    """Name what is raised and checked under an id in a swarm, by any of its personas."""
    return _digest(swarm_id, hypothesis_id)


def words_of(position: int, event: Event) -> Iterator[Word]:
    """Return what an event says of what its persona believes; nothing of an inconclusive check."""
    said: dict[str, Any] = {
        "swarm_id": event.swarm_id,
        "persona_id": event.persona_id or "",
        "event_id": event.event_id,
        "position": position,
        "at": event.occurred_at,
    }
    match event:
        case HypothesisRaised():
            against = tuple(dict.fromkeys(event.contradicts))[:KEPT_REFS]
            yield Asserted(
                **said,
                belief_key=event.belief_key,
                hypothesis_id=event.hypothesis_id,
                claim=event.claim[:CLAIM_CHARS],
                confidence=event.confidence,
                evidence_refs=event.evidence_refs[:KEPT_REFS],
                contradicts=against,
                first_position=position,
                first_at=event.occurred_at,
            )
            for key in against:
                yield Contradicted(**said, belief_key=key)
        case CheckResult(outcome="passed" | "failed"):
            yield Checked(
                **said,
                hypothesis_id=event.hypothesis_id,
                outcome=event.outcome,
                confidence_after=event.confidence_after,
                evidence_refs=event.evidence_refs[:KEPT_REFS],
                excerpt=event.excerpt[:CLAIM_CHARS],
            )
        case PersonaReaped():
            yield Ended(**said)


def _digest(swarm_id: str, name: str) -> str:
    return sha256(f"{swarm_id}\0{name}".encode()).hexdigest()[:32]
