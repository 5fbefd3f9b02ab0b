"""What agents are told: where what they sent was stored, and their tokens."""

from services.api.models.wire import Told


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


class Token(Told):
    """An agent's token."""

    persona_id: str
    token: str
    """Confined to the paths of its persona."""
