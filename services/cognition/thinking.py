"""What every runner needs to think: the ports, the budget, and under which loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from domain.context import Context
from domain.mind import Decided, Mind
from services.cognition.governor import Governor
from services.cognition.recollection import MindMoved, catch_up
from services.cognition.thinkers import Thinkers
from services.commands.lifecycle import Ceilings
from services.executor import Command, Done, Executor
from services.memory.remembering import Remembering
from services.settings import CognitionSettings
from services.store.recorder import Recorder
from services.store.save import Fence

T = TypeVar("T")

SAVES: Final = 20
"""Times a mind that moves on is distilled anew."""


@dataclass(slots=True)
class Thinking:
    """The means of thinking, shared by all personas of one loop."""

    executor: Executor
    recorder: Recorder
    governor: Governor
    thinkers: Thinkers
    remembering: Remembering
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

    async def save_whole(self, context: Context, mind: Mind, command: Command[T]) -> Done[T]:
        """Save what distils a mind; if it moved on meanwhile, again, with the few events that came.

        Raises:
            MindMoved: it moves on and on.
        """
        for _ in range(SAVES):
            try:
                return await self.executor.execute_async(context, command)
            except MindMoved:
                await asyncio.to_thread(catch_up, self.recorder, mind)
        raise MindMoved(mind.persona_id)
