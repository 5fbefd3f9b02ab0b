"""Who works on what in a swarm: claims that expire."""

from datetime import datetime
from typing import ClassVar

from domain.events.envelope import Event


class WorkClaimed(Event):
    """A persona works on a topic, and nobody else of its swarm does until then."""

    topic: ClassVar[str] = "work.claimed"

    subject: str
    """What it works on, the topic of the claim."""
    expires_at: datetime
    """When the claim lapses if it is not renewed, UTC."""


class WorkReleased(Event):
    """A persona works on a topic no more."""

    topic: ClassVar[str] = "work.released"

    subject: str
    """What it worked on, the topic of the claim."""
