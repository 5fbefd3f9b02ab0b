"""What agents that think elsewhere send, and what they are told."""

from typing import Any

from pydantic import Field

from domain.events.cognition import ContextRef, Thinker, Usage
from services.api.models.wire import Count, JsonObject, Ref, Sent, Share, Text, Timestamp, Told
from services.commands import cognition as commands


class NewObservation(Sent):
    """Text that came in: any text, also binary, of up to 8 MB."""

    source: Text = Field(min_length=1, max_length=1_000, examples=["sshd"])
    """Name of where it came from; each source's lines are counted on from push to push."""
    content: str = Field(examples=["Failed password for root from 192.0.2.7 port 4711 ssh2\n"])
    """The text; its last line needs no line end."""


class UsageSent(Sent):
    """What a call cost."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    cpu_ms: Count = 0
    """Elapsed time of the call, milliseconds."""
    cost_micro_usd: Count = 0

    def event(self) -> Usage:
        """Return it as events carry it."""
        return Usage.model_validate(self.model_dump())


class ContextRefSent(Sent):
    """One memory that was shown to the thinker."""

    ref: Ref
    tier: Text = "input"
    """hot, warm, cold or input."""
    score: Share | None = None


class ThinkerSent(Sent):
    """Who thought."""

    source: Text = "external"
    model: Text | None = None
    prompt_hash: Text | None = None


class NewThought(Sent):
    """One step of a loop that runs elsewhere."""

    phase: Text = Field(examples=["reflect"])
    """observe, reflect, test or compress."""
    content: Text
    impact: Share = 0.2
    context_refs: list[ContextRefSent] = []
    usage: UsageSent = UsageSent()
    """What it cost. Beyond the reservation, or without one: charged in full, and the persona pauses."""
    reservation_id: Text | None = None
    """Reservation it settles."""
    thinker: ThinkerSent = ThinkerSent()
    latency_ms: Count = 0
    finish_reason: Text | None = None
    error: Text | None = None

    def command(self) -> commands.Thought:
        """Return it as the command takes it."""
        return commands.Thought(
            phase=self.phase,
            content=self.content,
            impact=self.impact,
            context_refs=tuple(ContextRef.model_validate(r.model_dump()) for r in self.context_refs),
            thinker=Thinker.model_validate(self.thinker.model_dump()),
            usage=self.usage.event(),
            latency_ms=self.latency_ms,
            finish_reason=self.finish_reason,
            error=self.error,
        )


class NewHypothesis(Sent):
    """A claim with what it rests on."""

    hypothesis_id: Text | None = None
    """Its id; made if not given."""
    belief_key: Text
    claim: Text
    confidence: Share
    evidence_refs: list[Ref] = []
    contradicts: list[Text] = []

    def command(self, hypothesis_id: str) -> commands.Hypothesis:
        """Return it as the command takes it."""
        told: dict[str, Any] = self.model_dump() | {"hypothesis_id": hypothesis_id}
        return commands.Hypothesis.model_validate(told)


class NewCheck(Sent):
    """A test of a hypothesis, and its outcome if it has ended."""

    check_id: Text | None = None
    """Its id; made if not given."""
    hypothesis_id: Text = Field(max_length=128)
    kind: Text = Field("external", max_length=256)
    """How it is tested."""
    spec: JsonObject = {}
    """What exactly is tested."""
    outcome: Text | None = None
    """passed, failed or inconclusive; null while it goes on."""
    confidence_after: Share = 0.5
    evidence_refs: list[Ref] = []
    excerpt: Text = ""

    def command(self, check_id: str) -> commands.Check:
        """Return it as the command takes it."""
        told: dict[str, Any] = self.model_dump() | {"check_id": check_id}
        return commands.Check.model_validate(told)


class NewReservation(Sent):
    """Budget for a call made elsewhere, before it is made."""

    call_id: Text = Field(min_length=1, max_length=128)
    """The caller's own id of the call; the same one is answered the same."""
    tokens: Count = 0
    """Most tokens it may use."""
    cpu_ms: Count = 0
    """Most milliseconds it may take."""


class Settle(Sent):
    """How a reserved call ended."""

    usage: UsageSent


class Placed(Told):
    """Where something was stored."""

    id: str
    """Id of its event: cite it as evidence."""
    position: int
    """Place in the total order of all events: cite lines of it as `POSITION#LINES`."""


class PlacedObservation(Told):
    """Where the text was stored."""

    id: str | None
    """Id of its last batch's event; null if the text was empty, and nothing was stored."""
    position: int
    """Place of its last batch in the total order; 0 if nothing was stored."""
    positions: list[int]
    """Places of all its batches."""
    lines: int
    """Number of lines in it."""


class PlacedHypothesis(Placed):
    """Where a hypothesis was stored."""

    hypothesis_id: str


class PlacedCheck(Placed):
    """Where a check was stored."""

    check_id: str


class Reservation(Told):
    """Budget set aside for one call."""

    id: str
    reservation_id: str
    """The same as `id`."""
    call_id: str
    persona_id: str
    tokens: int
    cpu_ms: int
    window_ends_at: Timestamp
    """When the budget window ends it counts against; settle whenever the call is over."""


class Settled(Told):
    """How a reservation ended."""

    reservation_id: str
    outcome: str
    """settled or released."""
    tokens: int
    """Tokens charged."""
    cpu_ms: int
    """Cpu milliseconds charged."""
    over_tokens: int
    """Tokens used beyond the reservation."""
    over_cpu_ms: int
    """Cpu milliseconds used beyond it."""
    paused: bool
    """Whether the persona was paused for using more than it had reserved."""


class Token(Told):
    """An agent's token."""

    persona_id: str
    token: str
    """Confined to the paths of its persona."""
