"""The facts of a command that are not its own: who, when, why, and ids for what it makes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    """Who decides, when, and in which chain of causes."""

    now: datetime
    """Time of the decision, UTC."""
    actor: str
    """`persona:ID`, `user:NAME` or `system:PART`."""
    correlation_id: str
    """Shared by everything that follows from one first cause."""
    new_id: Callable[[], str]
    """Makes a fresh UUIDv7."""
    causation_id: str | None = None
    """Event that led to this command."""

    def envelope(self, swarm_id: str, persona_id: str | None = None) -> dict[str, Any]:
        """Make the envelope fields of one event."""
        return {
            "event_id": self.new_id(),
            "occurred_at": self.now,
            "swarm_id": swarm_id,
            "persona_id": persona_id,
            "actor": self.actor,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
        }

    def caused_by(self, event_id: str | None) -> "Context":
        """Return the same context, one link further down the chain."""
        return replace(self, causation_id=event_id)

    @property
    def window(self) -> int:
        """The budget window now: whole minutes since the Unix epoch."""
        return int(self.now.timestamp()) // 60
