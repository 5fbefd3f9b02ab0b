"""Budget for calls made elsewhere."""

from pydantic import Field

from domain.events.cognition import Usage
from services.api.models.wire import Count, Sent, Text, Timestamp, Told


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
