"""What agents that think elsewhere send."""

from typing import Any

from pydantic import Field

from domain.events.cognition import ContextRef, Thinker
from services.api.models.reservation import UsageSent
from services.api.models.wire import Count, JsonObject, Ref, Sent, Share, Text
from services.commands import cognition as commands


class NewObservation(Sent):
    """Text that came in: any text, also binary, of up to 8 MB."""

    source: Text = Field(min_length=1, max_length=1_000, examples=["sshd"])
    """Name of where it came from; each source's lines are counted on from push to push."""
    content: str = Field(examples=["Failed password for root from 192.0.2.7 port 4711 ssh2\n"])
    """The text; its last line needs no line end."""


class ContextRefSent(Sent):
    """One memory that was shown to the thinker."""

    ref: Ref
    tier: Text = "input"
    """hot, warm, cold, input or question."""
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
    context_refs: list[ContextRefSent] = Field(default_factory=list)
    usage: UsageSent = UsageSent()
    """What it cost. More than was reserved is charged in full, and pauses the persona."""
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
            context_refs=tuple(ContextRef(**ref.model_dump()) for ref in self.context_refs),
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
    evidence_refs: list[Ref] = Field(default_factory=list)
    contradicts: list[Text] = Field(default_factory=list)

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
    spec: JsonObject = Field(default_factory=dict)
    """What exactly is tested."""
    outcome: Text | None = None
    """passed, failed or inconclusive; null while it goes on."""
    confidence_after: Share = 0.5
    evidence_refs: list[Ref] = Field(default_factory=list)
    excerpt: Text = ""

    def command(self, check_id: str) -> commands.Check:
        """Return it as the command takes it."""
        told: dict[str, Any] = self.model_dump() | {"check_id": check_id}
        return commands.Check.model_validate(told)
