"""The one loop: who runs it, since when, under which epoch."""

from collections.abc import Sequence
from datetime import datetime

from services.store.save import Fence
from services.unit_of_work import Unit

FENCE = "loop"


def start_loop(
    unit: Unit, partitions: Sequence[int], interval_ms: int, seen_alive: datetime | None
) -> Fence:
    """Begin a loop of a new epoch; whatever an older one still tries is refused."""
    epoch = unit.fabric().start(unit.context, partitions, interval_ms, seen_alive)
    unit.raise_fence = Fence(FENCE, epoch)
    return unit.raise_fence


def stop_loop(unit: Unit, reason: str | None, fence: Fence) -> None:
    """End the loop that holds a fence in good order; another's goes on."""
    unit.fence = fence
    unit.fabric().stop(unit.context, reason)
