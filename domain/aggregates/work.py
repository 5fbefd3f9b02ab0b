"""Who works on what in one swarm, so that no two do the same: claims that expire."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from domain import streams
from domain.aggregates.aggregate import Aggregate
from domain.context import Context
from domain.errors import ClaimLimitExceeded, ClaimNotFound, InvalidInput, TopicClaimed
from domain.events import Event, PersonaReaped, WorkClaimed, WorkReleased
from domain.vocabulary import checked_id


class ClaimLimits(BaseModel):
    """How long, and how much, one persona may claim."""

    model_config = ConfigDict(frozen=True)

    shortest_secs: int = 1
    longest_secs: int = 24 * 60 * 60
    live_per_persona: int = 16
    """Claims of one persona at a time."""


LIMITS: Final = ClaimLimits()


class Claim(BaseModel):
    """One topic, and who works on it until when."""

    model_config = ConfigDict(frozen=True)

    topic: str
    persona_id: str
    claimed_at: datetime
    expires_at: datetime


class Work(Aggregate):
    """Guards that each topic of a swarm has one holder at most, and nobody holds too many."""

    claims: dict[str, Claim]

    def __init__(self, swarm_id: str) -> None:
        super().__init__(streams.work(swarm_id))
        self.swarm_id = swarm_id
        self.claims = {}

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        self.claims = held_after(self.claims, event)

    def holder_of(self, topic: str, now: datetime) -> str | None:
        """Return who works on a topic, None if nobody does."""
        found = self.claims.get(topic)
        return found.persona_id if found and found.expires_at > now else None

    def claim(
        self,
        context: Context,
        persona_id: str,
        topic: str,
        ttl_secs: int,
        limits: ClaimLimits,
        *,
        void: bool = False,
    ) -> Claim:
        """Take a topic, or hold it for longer.

        Args:
            context: who asks, and when.
            persona_id: who will work on it.
            topic: on what; text of at most 128 characters, compared as it is.
            ttl_secs: for how long, from now.
            limits: how long and how much it may be.
            void: whether who holds it has ended.

        Raises:
            InvalidInput: a topic or a time that can't be.
            TopicClaimed: another persona works on it.
            ClaimLimitExceeded: the persona holds as many as it may.
        """
        checked_id(topic, "topic")
        if not limits.shortest_secs <= ttl_secs <= limits.longest_secs:
            raise InvalidInput(
                f"ttl_secs must be between {limits.shortest_secs} and {limits.longest_secs},"
                f" not {ttl_secs}",
                field="ttl_secs", limit=limits.longest_secs, actual=ttl_secs,
            )  # fmt: skip
        holder = self.holder_of(topic, context.now)
        if holder not in (None, persona_id) and not void:
            raise self._claimed(topic)
        held = sum(
            each.persona_id == persona_id and each.expires_at > context.now
            for each in self.claims.values()
            if each.topic != topic
        )
        if held >= limits.live_per_persona:
            raise ClaimLimitExceeded(persona_id, held, limits.live_per_persona)
        self.trigger(
            WorkClaimed(
                **context.envelope(self.swarm_id, persona_id),
                subject=topic,
                expires_at=context.now + timedelta(seconds=ttl_secs),
            )
        )
        return self.claims[topic]

    def release(self, context: Context, topic: str, persona_id: str | None = None) -> Claim:
        """Give a topic up; return the claim that ended.

        Args:
            context: who asks, and when.
            topic: what is free again.
            persona_id: who may hold it; null if whoever does gives it up.

        Raises:
            ClaimNotFound: nobody works on it.
            TopicClaimed: another persona does.
        """
        holder = self.holder_of(topic, context.now)
        if holder is None:
            raise ClaimNotFound(self.swarm_id, topic)
        if persona_id not in (None, holder):
            raise self._claimed(topic)
        ended = self.claims[topic]
        self.trigger(WorkReleased(**context.envelope(self.swarm_id, holder), subject=topic))
        return ended

    def _claimed(self, topic: str) -> TopicClaimed:
        found = self.claims[topic]
        return TopicClaimed(topic, found.persona_id, f"{found.expires_at:%Y-%m-%dT%H:%M:%SZ}")


def held_after(claims: Mapping[str, Claim], event: Event) -> dict[str, Claim]:
    """Return the claims of a swarm after one more event; those that expired by then are gone."""
    match event:
        case WorkClaimed():
            held = {k: each for k, each in claims.items() if each.expires_at > event.occurred_at}
            before = held.get(event.subject)
            renewed = before is not None and before.persona_id == event.persona_id
            held[event.subject] = Claim(
                topic=event.subject,
                persona_id=event.persona_id or "",
                claimed_at=before.claimed_at if before and renewed else event.occurred_at,
                expires_at=event.expires_at,
            )
            return held
        case WorkReleased():
            return {topic: each for topic, each in claims.items() if topic != event.subject}
        case PersonaReaped():
            return {k: each for k, each in claims.items() if each.persona_id != event.persona_id}
    return dict(claims)
