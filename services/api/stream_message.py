"""What a message on the stream is made of."""

from dataclasses import dataclass
from typing import Any, Final

from domain.limits import Limits

EXCERPT: Final = 280
"""Characters of an excerpt; cut between characters, never within one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the stream tells of the persona of an event."""

    name: str
    role: str
    limits: Limits


Message = tuple[str, dict[str, Any]]
"""Event type and payload."""
