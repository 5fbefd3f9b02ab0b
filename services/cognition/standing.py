"""How the model of a thinker stands: whether its server is asked, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

CLOSED: Final = "closed"
"""State of a circuit that lets every call pass."""


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """One model, as this process has met it. Holds no key."""

    name: str
    """Of its thinker."""
    model: str
    url: str
    state: str
    """closed (all is well), open (nobody is asked for a while), half-open (one call may try) or
    stopped (until a restart)."""
    why: str | None
    """What went wrong last; null while nothing did."""
    since: datetime | None
    """Since when it is not closed; null while it is."""
    calls: int
    """Calls of its server under way, by all thinkers that share it."""
    concurrency: int
    """Most of them at a time."""

    @property
    def well(self) -> bool:
        """Whether it is asked as often as anybody likes; else a person should know of it."""
        return self.state == CLOSED
