"""What is to be seen of the fabric. Plain data; times are UTC, ages are left to who draws."""

from dataclasses import dataclass
from datetime import datetime

from services.cognition.standing import ModelStanding


@dataclass(frozen=True, slots=True)
class Mind:
    """One persona."""

    persona_id: str
    name: str
    role: str
    swarm_id: str
    parent_id: str | None
    depth: int
    status: str
    """active, paused or reaped; the last only for an ancestor of somebody who lives."""
    phase: str | None
    """Phase of its last thought: observe, reflect, test or compress."""
    waits_for: str | None
    """What it waits for, in words; null while it thinks."""
    thoughts: int
    """In all its life."""
    thoughts_per_minute: float
    """Over the last 60 seconds."""
    last_thought_at: datetime | None
    tokens_left: int | None
    """Tokens it could still lease in this minute; null for one that has ended."""
    cpu_ms_left: int | None
    """Milliseconds, likewise."""
    tokens_a_minute: int
    """What its own limit would leave it at the start of a minute."""
    cpu_ms_a_minute: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A proposal that waits for a person."""

    proposal_id: str
    persona_id: str | None
    title: str
    risk: str
    """low, medium, high or critical, as assessed."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Supposition:
    """A hypothesis."""

    persona_id: str
    swarm_id: str
    claim: str
    confidence: float
    """As it stands: after its last check, if there was one."""
    outcome: str | None
    """What that check came to: passed or failed; null before."""
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """An input."""

    swarm_id: str
    source: str
    lines: int
    """Whole lines that came in."""
    lines_per_sec: float | None
    """Over the last seconds; null until it was looked at twice."""
    dropped_lines: int
    """Lines that were left out because they came too fast."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """The loop."""

    state: str
    """running, elsewhere (or nowhere: not in this process), or disabled."""
    since: datetime | None
    last_tick_at: datetime | None


@dataclass(frozen=True, slots=True)
class Store:
    """The store of record, and what is read of it."""

    position: int
    """Last event stored."""
    behind: int
    """Events that the view which is furthest behind does not take in yet."""
    problem: str | None
    """What stops a view; null while all go on."""


@dataclass(frozen=True, slots=True)
class Bus:
    """Kafka."""

    servers: str | None
    """Null where none is set."""
    lag: int
    """Events that are not on it yet."""
    problem: str | None
    """What holds it up."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The fabric at one moment, as far as its reader may see it."""

    at: datetime
    thinking: Thinking
    store: Store
    bus: Bus
    models: tuple[ModelStanding, ...]
    """Models that think, as this process has met them."""
    live: int
    """Personas alive."""
    thoughts_per_minute: float
    """Of all of them."""
    minds: tuple[Mind, ...]
    """The busiest personas with all they descend from, parents first."""
    waiting: int
    """Proposals that wait for a person."""
    approvals: tuple[Approval, ...]
    """The most dangerous of them first, then the oldest."""
    suppositions: tuple[Supposition, ...]
    """The newest hypotheses that the reader may know."""
    sources: tuple[Source, ...]
    """Inputs that something came from last."""
