"""What a persona is reminded of before it reflects or answers: the newest of each tier, what fits.

A memory that can't be had in time is left out: remembering never holds up a thought.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from time import monotonic
from typing import Final, Protocol, TypeVar

from domain.asking import says_question
from domain.events import ThoughtGenerated
from domain.ports import ColdMemory, HotMemory, WarmMemory
from domain.recorded import Recorded
from domain.thinking import Memory

logger = logging.getLogger(__name__)

T = TypeVar("T")
U = TypeVar("U")

HOT: Final = 8
"""Last thoughts it is reminded of."""
WARM: Final = 8
"""Best matches of what it, and whoever shares with it, has thought before."""
SHARED: Final = 4
"""What its swarm has in common."""
ASKED_ANEW: Final = 64
"""Best matches looked through for an answer: the best are questions like it, and replies."""
PATIENCE_SECS: Final = 0.5
"""How long each tier may take."""
TELL_SECS: Final = 60.0
"""How often it says at most that memories are left out."""
_QUERY_THOUGHTS: Final = 3
_QUERY_CHARS: Final = 2_000


class SharedMemory(Protocol):
    """What the personas of a swarm have in common."""

    def context(self, reader_persona: str, count: int) -> Sequence[Memory]:
        """Return what is newest there, of what the reader may see."""
        ...


class Remembering:
    """Brings the tiers together for a thinker."""

    def __init__(
        self,
        hot: HotMemory,
        warm: WarmMemory,
        cold: ColdMemory,
        shared: SharedMemory,
        patience_secs: float = PATIENCE_SECS,
    ) -> None:
        self._hot = hot
        self._warm = warm
        self._cold = cold
        self._shared = shared
        self._patience_secs = patience_secs
        self._left_out = 0
        self._told_at = -inf

    async def before_reflecting(self, persona_id: str) -> list[Memory]:
        """Return what its last thoughts remind it of, each memory once: cold, shared, warm, hot."""
        hot = await self._recent(persona_id)
        query = "\n".join(each.text for each in hot[-_QUERY_THOUGHTS:])[-_QUERY_CHARS:]
        return await self._reminded(persona_id, query, hot)

    async def before_answering(self, persona_id: str, question: str) -> list[Memory]:
        """Return what a question reminds it of, each memory once: cold, shared, warm, hot."""
        hot = await self._recent(persona_id)
        query = question[:_QUERY_CHARS]
        return await self._reminded(persona_id, query, hot, ASKED_ANEW, says_question)

    async def _recent(self, persona_id: str) -> list[Memory]:
        recent = await self._in_time(
            lambda: asyncio.to_thread(self._hot.recent, persona_id, HOT), ()
        )
        return [_memory(each) for each in recent]

    async def _reminded(
        self, persona_id: str, query: str, hot: Sequence[Memory],
        count: int = HOT + WARM, is_left_out: Callable[[str], bool] = lambda text: False,
    ) -> list[Memory]:  # fmt: skip
        cold, shared, warm = await asyncio.gather(
            self._in_time(lambda: self._cold.latest(persona_id, persona_id), None),
            self._in_time(lambda: asyncio.to_thread(self._shared.context, persona_id, SHARED), ()),
            self._in_time(lambda: self._warm.search(persona_id, query, count), ()),
        )
        fresh = {each.ref for each in hot}
        found = [each for each in warm if not (each.ref in fresh or is_left_out(each.text))][:WARM]
        every = [*([cold] if cold else []), *shared, *found, *hot]
        return list({each.ref: each for each in every if not is_left_out(each.text)}.values())

    async def _in_time(self, ask: Callable[[], Awaitable[T]], otherwise: U) -> T | U:
        """Return the answer in time; cancelled before it begins, nothing was asked."""
        try:
            async with asyncio.timeout(self._patience_secs):
                return await ask()
        except Exception as wrong:
            self._tell(repr(wrong))
            return otherwise

    def _tell(self, why: str) -> None:
        """Say that a memory was left out, not more often than somebody would read it."""
        self._left_out += 1
        if monotonic() - self._told_at < TELL_SECS:
            return
        count, self._left_out, self._told_at = self._left_out, 0, monotonic()
        logger.warning("personas think on without a memory", extra={"why": why, "count": count})


def _memory(recorded: Recorded) -> Memory:
    event = recorded.event
    text = event.content if isinstance(event, ThoughtGenerated) else event.topic
    return Memory(str(recorded.position), "hot", text)
