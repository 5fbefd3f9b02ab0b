"""What every runner needs to think: the ports, the budget, and under which loop."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.mind import Decided
from domain.ports import Thinker
from services.cognition.governor import Governor
from services.commands.lifecycle import Ceilings
from services.executor import Executor
from services.settings import CognitionSettings
from services.store.recorder import Recorder
from services.store.save import Fence


@dataclass(slots=True)
class Thinking:
    """The means of thinking, shared by all personas of one loop."""

    executor: Executor
    recorder: Recorder
    governor: Governor
    thinker: Thinker
    settings: CognitionSettings
    ceilings: Ceilings
    fence: Fence
    interval_secs: float
    decided: Callable[[str], list[Decided]]
    """Proposals of a persona, as its snapshots cite them."""
    idle_for: Callable[[str], timedelta]
    """How long a persona made no progress while the fabric was up."""
    reap: Callable[[str, str], object]
    """Reaps a persona (id, reason) with its last snapshot."""
    spawned_at: int = 0
    """Position of the last spawning by a step: its runner begins once that is followed."""
    last_tick_at: datetime | None = None
    """When a step was last saved."""
