"""What a persona has in memory, tier by tier, and what it was shown for a thought."""

from domain.events import ThoughtGenerated
from domain.events.cognition import Usage
from domain.recorded import Recorded
from projections.memory_node import Node
from projections.rows import SnapshotRow
from services.api.models.evidence import CitedLine
from services.api.models.wire import Timestamp, Told
from services.memory.shown import Shown


class HotThought(Told):
    """One of the last thoughts."""

    id: str
    position: int
    """Place in the total order of all events."""
    timestamp: Timestamp
    phase: str
    """Step of the loop: observe, reflect, test or compress."""
    content: str
    impact: float
    """How much it matters, 0 to 1."""
    source: str
    """Kind of thinker."""
    model: str | None
    error: str | None
    """What went wrong, null if nothing did."""


class WarmLink(Told):
    """What a node refers to."""

    kind: str
    """evidence, context, cause, again (shown to a repetition), executes or contradicts."""
    ref: str


class WarmNode(Told):
    """One node of the thought graph."""

    id: str
    position: int
    kind: str
    """thought, hypothesis, check, proposal, action or observation."""
    text: str
    belief_key: str | None
    """What a hypothesis is about; what links of kind contradicts name."""
    value: float
    """How much it is worth, 0 to 1; halves with age."""
    status: str | None
    """How it stands, for what can be settled or decided."""
    occurred_at: Timestamp
    last_seen_at: Timestamp
    count: int
    """How often it was thought, in nearly these words."""
    kept: bool
    """Whether it stays for ever: a decision, or what one rests on."""
    expires_at: Timestamp | None
    """When it may be let go; null if it stays, or is not settled."""
    links: list[WarmLink]


class ColdSnapshot(Told):
    """One state of mind."""

    id: str
    position: int
    generated_at: Timestamp
    summary: str
    facts: list[str]
    """What was held to be true."""
    decisions: list[str]
    """Proposals made, and how they stood."""
    open_questions: list[str]
    thoughts_in: int
    """Thoughts it distils; `kept`, `duplicates` and `decayed` add up to them."""
    kept: int
    duplicates: int
    decayed: int
    bytes_in: int
    bytes_out: int


class ShownMemory(Told):
    """One memory that was shown to the thinker."""

    ref: str
    """What was shown: a position, an id, or `POSITION#LINES` of an observation."""
    tier: str
    """Where it came from: hot, warm, cold, input or question."""
    score: float | None
    """How well it matched, 0 to 1; null where it was not searched for."""
    what: str | None
    """Class of the event it names; null if there is none, or none that may be seen."""
    position: int | None
    persona_id: str | None
    """Whose it is; null for input."""
    lines: list[CitedLine]
    """Its text."""
    left_out: int
    """How many more lines there are."""


class ShownThought(Told):
    """A thought, with exactly what its thinker was shown."""

    id: str
    position: int
    persona_id: str | None
    swarm_id: str
    timestamp: Timestamp
    phase: str
    content: str
    impact: float
    source: str
    model: str | None
    prompt_hash: str | None
    """SHA-256 of the prompt as sent, hex; null where there was none."""
    usage: Usage
    latency_ms: int
    finish_reason: str | None
    error: str | None
    causation_id: str | None
    """Event that led to it."""
    correlation_id: str
    context: list[ShownMemory]
    """What it was shown, in order."""


def hot_thought(recorded: Recorded, event: ThoughtGenerated) -> HotThought:
    """Tell of one of the last thoughts."""
    return HotThought(
        id=event.event_id,
        position=recorded.position,
        timestamp=event.occurred_at,
        phase=event.phase,
        content=event.content,
        impact=event.impact,
        source=event.thinker.source,
        model=event.thinker.model,
        error=event.error,
    )


def warm_node(node: Node) -> WarmNode:
    """Tell of a node of the thought graph."""
    links = (link.partition(":") for link in node.links)
    return WarmNode(
        id=node.memory_id,
        position=node.position,
        kind=node.kind,
        text=node.text,
        belief_key=node.belief_key,
        value=node.value,
        status=node.status,
        occurred_at=node.occurred_at,
        last_seen_at=node.last_seen_at,
        count=node.count,
        kept=node.kept is not None,
        expires_at=node.expires_at,
        links=[WarmLink(kind=kind, ref=ref) for kind, _, ref in links],
    )


def cold_snapshot(row: SnapshotRow) -> ColdSnapshot:
    """Tell of a state of mind."""
    return ColdSnapshot(
        id=row.snapshot_id,
        position=row.position,
        generated_at=row.occurred_at,
        summary=row.summary,
        facts=list(row.facts),
        decisions=list(row.decisions),
        open_questions=list(row.open_questions),
        thoughts_in=row.thoughts_in,
        kept=row.kept,
        duplicates=row.duplicates,
        decayed=row.decayed,
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
    )


def shown_thought(
    recorded: Recorded, event: ThoughtGenerated, context: list[Shown]
) -> ShownThought:
    """Tell of a thought and of what its thinker was shown."""
    return ShownThought(
        id=event.event_id,
        position=recorded.position,
        persona_id=event.persona_id,
        swarm_id=event.swarm_id,
        timestamp=event.occurred_at,
        phase=event.phase,
        content=event.content,
        impact=event.impact,
        source=event.thinker.source,
        model=event.thinker.model,
        prompt_hash=event.thinker.prompt_hash,
        usage=event.usage,
        latency_ms=event.latency_ms,
        finish_reason=event.finish_reason,
        error=event.error,
        causation_id=event.causation_id,
        correlation_id=event.correlation_id,
        context=[_memory(each) for each in context],
    )


def _memory(shown: Shown) -> ShownMemory:
    there = shown.there
    return ShownMemory(
        ref=shown.ref.ref,
        tier=shown.ref.tier,
        score=shown.ref.score,
        what=there.event.topic if there else None,
        position=there.position if there else None,
        persona_id=there.event.persona_id if there else None,
        lines=[CitedLine(number=number, text=text) for number, text in shown.lines],
        left_out=shown.left_out,
    )
