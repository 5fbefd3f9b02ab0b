"""What can be asked for by Kafka: each command is one request of the HTTP API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

_PERSONA: Final = "/v1/swarm/personas/{persona_id}"
_PROPOSAL: Final = "/v1/cognition/proposals/{proposal_id}"

PATHS: Final[Mapping[str, str]] = {
    "spawn": "/v1/swarm/personas",
    "reap": f"{_PERSONA}/reap",
    "observe": f"{_PERSONA}/observations",
    "think": f"{_PERSONA}/thoughts",
    "hypothesise": f"{_PERSONA}/hypotheses",
    "check": f"{_PERSONA}/checks",
    "propose": f"{_PERSONA}/proposals",
    "vote": f"{_PROPOSAL}/votes",
    "approve": f"{_PROPOSAL}/approve",
}
"""Command to the path it is posted to; what is in braces comes from its fields."""
IN_PATH: Final[Mapping[str, str]] = {
    name: path.partition("{")[2].partition("}")[0] for name, path in PATHS.items()
}
"""Command to the field that goes into its path; empty where none does."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, as it was sent."""

    name: str
    command_id: str
    """Its idempotency key."""
    correlation_id: str | None
    fields: Mapping[str, Any]
    """All that is its own."""

    @property
    def path(self) -> str:
        """The path it is posted to."""
        parts = {name: _quoted(str(value)) for name, value in self._in_path.items()}
        return PATHS[self.name].format_map(parts)

    @property
    def body(self) -> dict[str, Any]:
        """What is posted."""
        return {name: value for name, value in self.fields.items() if name not in self._in_path}

    @property
    def _in_path(self) -> dict[str, Any]:
        part = IN_PATH[self.name]
        return {part: self.fields[part]} if part else {}


def _quoted(text: str) -> str:
    """Percent-encode what goes into a path; dots as well, as `..` would lead elsewhere."""
    return quote(text, safe="").replace(".", "%2E")
