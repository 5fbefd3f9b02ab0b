"""What a thinker is asked, and what it answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from domain.events.cognition import ContextRef, Thinker, Usage
from domain.events.gate import Action
from domain.events.lifecycle import Identity
from domain.limits import Limits


@dataclass(frozen=True, slots=True)
class ObservedLine:
    """One line of what came in, citable as `POSITION#NUMBER`."""

    source: str
    position: int
    number: int
    text: str
    alike: int = 1
    """How many lines alike it stands for, itself included: a thinker need not be shown all."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a persona is asked: it answers from what it remembers."""

    question_id: str
    """Id of the event that holds it."""
    position: int
    text: str
    asked_by: str
    """Who asked, as in events."""

    @property
    def ref(self) -> str:
        """The citation of it."""
        return str(self.position)


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory shown to a thinker."""

    ref: str
    tier: str
    text: str
    score: float | None = None
    facts: tuple[str, ...] = ()
    """What it holds true, for a state of mind."""

    @property
    def as_context(self) -> ContextRef:
        """The citation of this memory in an event."""
        return ContextRef(ref=self.ref, tier=self.tier, score=self.score)


@dataclass(frozen=True, slots=True)
class OpenHypothesis:
    """A hypothesis that no check has settled."""

    hypothesis_id: str
    belief_key: str
    claim: str
    confidence: float
    evidence_refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThinkRequest:
    """What a thinker is asked: one step of one persona, or a question put to it."""

    phase: str
    persona_id: str
    swarm_id: str
    identity: Identity
    limits: Limits
    room_bytes: int
    """Most bytes a prompt of it may have."""
    lines: Sequence[ObservedLine] = ()
    """New input in observe; the cited lines in test."""
    memories: Sequence[Memory] = ()
    """What was retrieved for this step."""
    hypotheses: Sequence[OpenHypothesis] = ()
    """Those to test, in test."""
    known: Collection[str] = ()
    """Belief keys that are facts already: to be held, not proposed upon again."""
    children: Collection[str] = ()
    """Tags of its live children."""
    free_places: int = 0
    """Children it may still spawn."""
    question: Question | None = None
    """What it is asked, if this is no step of its own."""
    repair: "Malformed | None" = None
    """The answer before this one, if that was not as it was asked for."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """A hypothesis a thinker raises."""

    belief_key: str
    claim: str
    confidence: float
    evidence_refs: tuple[str, ...]
    contradicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one check, and what is to be done if it passed."""

    hypothesis_id: str
    kind: str
    spec: Mapping[str, object]
    outcome: str
    confidence_after: float
    excerpt: str
    evidence_refs: tuple[str, ...] = ()
    proposal: "Proposed | None" = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a thinker wants done."""

    title: str
    rationale: str
    action: Action | None
    risk: str
    evidence_refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChildWanted:
    """A part of the work that deserves a persona of its own."""

    key: str
    """What it is about, the beginning of its id."""
    name: str
    role: str
    charter: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What it says to a question, and the memories that rests on."""

    text: str
    evidence_refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThinkResult:
    """What a thinker answers. Everything it says goes into events."""

    content: str
    thinker: Thinker
    usage: Usage
    impact: float = 0.2
    hypotheses: Sequence[Supposed] = ()
    checks: Sequence[Checked] = ()
    proposals: Sequence[Proposed] = ()
    children: Sequence[ChildWanted] = ()
    answer: Answer | None = None
    """To the question, if there was one."""
    finish_reason: str | None = "stop"
    error: str | None = None
    fallback_reason: str | None = None
    """Why this thinker answered and not the persona's own."""


class Unanswered(Exception):
    """A thinker did not answer."""

    def __init__(
        self,
        reason: str,
        *,
        usage: Usage | None = None,
        retryable: bool = True,
        again_after_secs: float | None = None,
    ) -> None:
        """Say why.

        Args:
            reason: for people.
            usage: what the call used; None if nobody knows: all that was reserved.
            retryable: whether the same call may fare better.
            again_after_secs: how long to wait before; None: as the caller sees fit.
        """
        super().__init__(reason)
        self.usage = usage
        self.retryable = retryable
        self.again_after_secs = again_after_secs


class Malformed(Exception):
    """A thinker answered otherwise than it was asked to."""

    def __init__(self, answer: str, fault: str, usage: Usage | None = None) -> None:
        """Say what is wrong with an answer; `usage` as in `Unanswered`."""
        super().__init__(fault)
        self.answer = answer
        self.fault = fault
        self.usage = usage
