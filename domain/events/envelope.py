"""The envelope every event starts with. Its field order is the order on the wire."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A frozen value inside an event; its fields are those of one Avro record."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Event(Body):
    """Something that happened. Never changed, never deleted.

    A subclass is one event class of the catalogue: `topic` is its name on the wire, its fields
    after these are the body. `stream`, `version` and `position` belong to the store, not here.
    """

    topic: ClassVar[str]

    event_id: str
    """Id of this event, a UUIDv7; unique for ever."""
    occurred_at: datetime
    """When it was decided, UTC, microseconds."""
    swarm_id: str
    """Swarm it belongs to; `fabric` for what concerns all."""
    persona_id: str | None = None
    """Persona it belongs to, null where none."""
    actor: str
    """Who caused it: `persona:ID`, `user:NAME` or `system:PART`."""
    correlation_id: str
    """Id shared by everything that follows from one first cause."""
    causation_id: str | None = None
    """Id of the event that led to this one, null for a first cause."""
    content_key: str | None = None
    """Key the free text is encrypted under (base64 of nonce and ciphertext), null for plain."""


ENVELOPE = tuple(Event.model_fields)
"""Names of the envelope's fields, in wire order."""
