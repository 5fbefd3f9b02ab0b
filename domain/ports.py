"""What the domain needs of the world. Adapters live in `services/`."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.budget import Credits
from domain.events.cognition import ContextRef, Usage
from domain.events.cognition import Thinker as ThinkerId
from domain.events.gate import Action
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.recorded import Recorded


@dataclass(frozen=True, slots=True)
class ObservedLine:
    """One line of what came in, citable as `POSITION#NUMBER`."""

    source: str
    position: int
    number: int
    text: str


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
    """What a thinker is asked: one step of one persona."""

    phase: str
    persona_id: str
    swarm_id: str
    identity: Identity
    limits: Limits
    prompt: str
    """Charter and shown memories as text, cut to what was reserved."""
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
    reserved: Credits = field(default_factory=Credits)
    """What the call may use at most."""


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
class ThinkResult:
    """What a thinker answers. Everything it says goes into events."""

    content: str
    thinker: ThinkerId
    usage: Usage
    impact: float = 0.2
    hypotheses: Sequence[Supposed] = ()
    checks: Sequence[Checked] = ()
    proposals: Sequence[Proposed] = ()
    children: Sequence[ChildWanted] = ()
    finish_reason: str | None = "stop"
    error: str | None = None


class Thinker(Protocol):
    """Thinks one step. May be slow, may fail, may use no more than was reserved."""

    def worst_case(self, prompt: str) -> Credits:
        """Tell the most a call with this prompt may use."""
        ...

    async def think(self, request: ThinkRequest) -> ThinkResult:
        """Answer one request."""
        ...

    async def recall(self, request: ThinkRequest) -> None:
        """Take in lines the persona saw before this process began; no call, no event."""
        ...

    def forget(self, persona_id: str) -> None:
        """Drop what is kept for a persona that has been reaped."""
        ...


class EventSource(Protocol):
    """Events in their total order, from the store or from Kafka."""

    def follow(
        self, after: int, partitions: Sequence[int] | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        """Yield batches of what comes after a position, for ever, missing nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Acted:
    """What an actuator did."""

    outcome: str
    """success, failure or unknown."""
    result: dict[str, object]


class Actuator(Protocol):
    """Carries out one tool. Leaves the idempotency key where it acts, so that it can be asked."""

    def act(self, target: str, arguments: dict[str, object], key: str) -> Acted:
        """Do it, unless something with this key was done before."""
        ...

    def was_done(self, target: str, key: str) -> Acted | None:
        """Tell whether something with this key was done; None if it was not."""
        ...


class HotMemory(Protocol):
    """The last thoughts of each persona, in process."""

    def recent(self, persona_id: str, count: int) -> Sequence[Memory]:
        """Return the newest memories of a persona, oldest first."""
        ...


class WarmMemory(Protocol):
    """Indexed thoughts for retrieval."""

    async def search(self, reader: str, query: str, count: int) -> Sequence[Memory]:
        """Return the best matches the reader may see, best first."""
        ...


class ColdMemory(Protocol):
    """States of mind."""

    async def latest(self, reader: str, persona_id: str) -> Memory | None:
        """Return the newest snapshot of a persona that the reader may see."""
        ...
