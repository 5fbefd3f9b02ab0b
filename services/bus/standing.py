"""How the relay stands: what `status`, `doctor` and the API tell of it."""

from dataclasses import dataclass
from datetime import datetime

from services.bus.relay import layout, standing
from services.bus.relay.standing import Standing
from services.store.recorder import Recorder

SILENT_SECS = 15.0
"""After so long a slot that said nothing is held by nobody."""


@dataclass(frozen=True, slots=True)
class RelayStanding:
    """How far Kafka is behind the store."""

    head: int
    """Last position of the store."""
    published: int
    """Position up to which everything is on Kafka, as the slots last said."""
    slots: int
    """How many there are."""
    holders: tuple[Standing, ...]
    """Those that have ever been held."""

    @property
    def lag(self) -> int:
        """Events that are not on Kafka yet."""
        return max(0, self.head - self.published)

    def problem(self, now: datetime) -> str | None:
        """Say in words what holds it up; None while every slot publishes."""
        by_slot = {each.slot: each for each in self.holders}
        for slot in range(self.slots):
            held = by_slot.get(slot)
            if held is None or held.state == "ended" or _silent(held, now):
                return f"nobody publishes slot {slot}: `perpetua up` or `perpetua relay` does"
            if held.error:
                return held.error
        return None


def relay_standing(recorder: Recorder) -> RelayStanding:
    """Return how the relay of a store stands."""
    slots = layout.read(recorder).slots
    holders = standing.read(recorder, slots)
    published = min((each.position for each in holders), default=0)
    if len(holders) < slots:
        published = 0
    return RelayStanding(recorder.head(), published, slots, tuple(holders))


def _silent(held: Standing, now: datetime) -> bool:
    return (now - held.updated_at).total_seconds() > SILENT_SECS
