"""How swarms and personas come, rest and go, and when the fabric thinks."""

from datetime import datetime
from typing import ClassVar

from domain.events.envelope import Body, Event
from domain.limits import Limits, SwarmLimits


class Identity(Body):
    """Who a persona is; fixed at its spawning."""

    name: str
    """Name for people."""
    role: str
    """What it is for, a word or two."""
    charter: str
    """What it is to do, in words; shown to its thinker."""
    parent_id: str | None = None
    """Persona that spawned it, null for a root."""
    depth: int
    """Generations between it and its root; 0 for a root."""
    tags: tuple[str, ...] = ()
    """Free words to find it by."""


class SwarmCreated(Event):
    """A swarm was founded."""

    topic: ClassVar[str] = "swarm.created"

    limits: SwarmLimits
    """Ceilings of the swarm as a whole."""
    founder_id: str | None = None
    """Persona of another swarm that founded it, null if a user did."""
    founder_swarm_id: str | None = None
    """Swarm of the founder, from which this one's budget is leased; null if a user founded it."""


class PersonaSpawned(Event):
    """A persona began."""

    topic: ClassVar[str] = "persona.spawned"

    identity: Identity
    """Who it is."""
    limits: Limits
    """What it may do; never wider than its parent's."""
    spawned_by: str
    """Who spawned it, as in `actor`."""


class PersonaReaped(Event):
    """A persona ended; its last snapshot stands beside this event."""

    topic: ClassVar[str] = "persona.reaped"

    reason: str
    """Why: idle, manual, cascade or quota."""
    final_snapshot_id: str
    """Snapshot that distils its mind, in the same save."""
    cascade_root: str | None = None
    """Persona whose cascade ended this one, itself if it was the aim; null without a cascade."""
    note: str | None = None
    """What the person who reaped it said, null if nothing."""


class PersonaPaused(Event):
    """A persona may not think for now."""

    topic: ClassVar[str] = "persona.paused"

    reason: str
    """Why: budget (of its window, or for life), overspent (more than it reserved) or manual."""
    until: datetime | None = None
    """When it goes on by itself, UTC; null if somebody must resume it."""
    tokens_used: int = 0
    """Tokens charged in the window, for reasons budget and overspent."""
    cpu_ms_used: int = 0
    """Cpu milliseconds charged in the window, likewise."""


class PersonaResumed(Event):
    """A paused persona may think again."""

    topic: ClassVar[str] = "persona.resumed"

    reason: str
    """Why: window (a new one opened) or manual."""


class CognitionStarted(Event):
    """A process began to run the cognition loop of some partitions."""

    topic: ClassVar[str] = "cognition.started"

    epoch: int
    """Count of loops so far; what an older loop still tries is refused."""
    partitions: tuple[int, ...]
    """Partitions it runs."""
    loop_interval_ms: int
    """Shortest time between two steps of one persona, milliseconds."""
    down_since: datetime | None = None
    """When the loop before it was last seen alive, UTC; null for the first."""


class CognitionStopped(Event):
    """The cognition loop ended in good order."""

    topic: ClassVar[str] = "cognition.stopped"

    epoch: int
    """Loop that ended."""
    reason: str | None = None
    """Why, null if nobody said."""
