"""What personas think, suppose, check and distil: appended to logs, never held in an aggregate.

Each of these guards the persona: what a reaped or paused one would say is refused, whoever
writes at the same time.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain import streams
from domain.aggregates import Persona
from domain.budget import Credits
from domain.canonical import canonical
from domain.errors import InvalidInput
from domain.events import (
    CheckRequested,
    CheckResult,
    HypothesisRaised,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.events.cognition import ContextRef, Thinker, Usage
from domain.vocabulary import CHECK_OUTCOMES, PHASES, TIERS, checked_id, one_of, share
from services.commands import budget
from services.unit_of_work import Unit

MAX_REFS = 5_000
"""Most references of one hypothesis, check or proposal."""
MAX_CONTEXT = 1_000
"""Most memories shown for one thought."""


class Thought(BaseModel):
    """One step of a cognition loop, whoever took it."""

    model_config = ConfigDict(frozen=True)

    phase: str
    content: str
    impact: float = 0.2
    context_refs: tuple[ContextRef, ...] = ()
    thinker: Thinker = Thinker(source="external")
    usage: Usage = Usage()
    latency_ms: int = 0
    finish_reason: str | None = None
    error: str | None = None
    fallback_reason: str | None = None


class Hypothesis(BaseModel):
    """A claim with what it rests on."""

    model_config = ConfigDict(frozen=True)

    hypothesis_id: str
    belief_key: str
    claim: str
    confidence: float
    evidence_refs: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()


class Check(BaseModel):
    """A test of a hypothesis, and its outcome if it has ended."""

    model_config = ConfigDict(frozen=True)

    check_id: str
    hypothesis_id: str
    kind: str
    spec: dict[str, Any] = {}
    outcome: str | None = None
    confidence_after: float = 0.5
    evidence_refs: tuple[str, ...] = ()
    excerpt: str = ""


def think(
    unit: Unit, persona_id: str, thought: Thought, reservation_id: str | None = None
) -> ThoughtGenerated:
    """Append a thought made elsewhere, and settle or charge what it cost.

    Raises:
        InvalidInput: a word or a number that can't be.
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
        ReservationNotFound: there is no such reservation.
    """
    persona = thinking(unit, persona_id)
    used = budget.credits_of(thought.usage)
    event = place_thought(unit, persona, thought)
    if reservation_id is not None:
        budget.settle(unit, persona_id, reservation_id, thought.usage)
    elif used != Credits():
        budget.charge_unreserved(unit, persona, thought.usage)
    return event


def place_thought(unit: Unit, persona: Persona, thought: Thought) -> ThoughtGenerated:
    """Append a thought whose cost is settled elsewhere."""
    one_of(thought.phase, PHASES, "phase")
    share(thought.impact, "impact")
    _check_context(thought.context_refs)
    event = ThoughtGenerated(
        **unit.context.envelope(persona.swarm_id, persona.persona_id), **thought.__dict__
    )
    unit.append(streams.thoughts(persona.persona_id), event)
    return event


def _check_context(context: Sequence[ContextRef]) -> None:
    if len(context) > MAX_CONTEXT:
        raise InvalidInput(
            f"context_refs of {len(context)} exceeds limit {MAX_CONTEXT}",
            field="context_refs", limit=MAX_CONTEXT, actual=len(context),
        )  # fmt: skip
    for shown in context:
        checked_id(shown.ref, "context_refs")
        one_of(shown.tier, TIERS, "tier")


def hypothesise(unit: Unit, persona_id: str, hypothesis: Hypothesis) -> HypothesisRaised:
    """Raise a hypothesis.

    Raises:
        InvalidInput: a word or a number that can't be.
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
    """
    persona = thinking(unit, persona_id)
    checked_id(hypothesis.hypothesis_id, "hypothesis_id")
    checked_refs(hypothesis.evidence_refs)
    share(hypothesis.confidence, "confidence")
    keys = [belief_key(each) for each in (hypothesis.belief_key, *hypothesis.contradicts)]
    told = hypothesis.model_copy(update={"belief_key": keys[0], "contradicts": tuple(keys[1:])})
    event = HypothesisRaised(**unit.context.envelope(persona.swarm_id, persona_id), **told.__dict__)
    unit.append(streams.thoughts(persona_id), event)
    return event


def check(unit: Unit, persona_id: str, done: Check) -> None:
    """Request a check and, where its outcome is known, record it.

    Raises:
        InvalidInput: a word or a number that can't be.
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
    """
    persona = thinking(unit, persona_id)
    checked_id(done.check_id, "check_id")
    checked_id(done.hypothesis_id, "hypothesis_id")
    checked_refs(done.evidence_refs)
    share(done.confidence_after, "confidence_after")
    requested = CheckRequested(
        **unit.context.envelope(persona.swarm_id, persona_id),
        check_id=done.check_id,
        hypothesis_id=done.hypothesis_id,
        kind=done.kind,
        spec=canonical(done.spec),
    )
    unit.append(streams.thoughts(persona_id), requested)
    if done.outcome is None:
        return
    result = CheckResult(
        **unit.context.caused_by(requested.event_id).envelope(persona.swarm_id, persona_id),
        check_id=done.check_id,
        hypothesis_id=done.hypothesis_id,
        outcome=one_of(done.outcome, CHECK_OUTCOMES, "outcome"),
        confidence_after=done.confidence_after,
        evidence_refs=done.evidence_refs,
        excerpt=done.excerpt,
    )
    unit.append(streams.thoughts(persona_id), result)


def compress(unit: Unit, persona: Persona, **distilled: Any) -> SnapshotCompressed:
    """Append a snapshot of a persona's mind."""
    snapshot = SnapshotCompressed(
        **unit.context.envelope(persona.swarm_id, persona.persona_id), **distilled
    )
    unit.append(streams.thoughts(persona.persona_id), snapshot)
    return snapshot


def thinking(unit: Unit, persona_id: str) -> Persona:
    """Return a persona that may think.

    Raises:
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not.
    """
    persona = unit.persona(persona_id)
    persona.must_be_free_to_think()
    return persona


def belief_key(text: str) -> str:
    """Return a belief key in its one form: lower case, `-` for spaces.

    Raises:
        InvalidInput: nothing is left, or too much.
    """
    return checked_id("-".join(text.lower().split()), "belief_key")


def checked_refs(refs: Sequence[str]) -> None:
    """Refuse references that can't be looked up.

    Raises:
        InvalidInput: there are too many, or one of them can't be an id or a citation.
    """
    if len(refs) > MAX_REFS:
        raise InvalidInput(
            f"evidence_refs of {len(refs)} exceeds limit {MAX_REFS}",
            field="evidence_refs", limit=MAX_REFS, actual=len(refs),
        )  # fmt: skip
    for ref in refs:
        checked_id(ref, "evidence_refs")
