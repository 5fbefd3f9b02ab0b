"""Hot memory: the last thoughts of each persona, in the process that thinks.

A ring holds the longest tail of a persona's thoughts that is within two bounds, so that one filled
anew from the store is equal to one that was kept up.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from threading import Lock
from typing import Final

from domain import streams
from domain.events import ThoughtGenerated
from domain.recorded import Recorded, Stored
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.tail import newest_of

THOUGHTS: Final = 64
"""Thoughts in one ring, at most."""
RING_BYTES: Final = 256 * 1024
"""Bytes of events in one ring, at most; the newest is kept whatever its size."""
PERSONAS: Final = 10_000
"""Rings at a time; the one that was asked for longest ago goes first."""


class Ring:
    """The last thoughts of one persona, oldest first."""

    def __init__(self) -> None:
        self._held: deque[tuple[Recorded, int]] = deque()
        self._bytes = 0
        self._last = 0
        self.lock = Lock()
        self.filled = False
        """Whether it holds what there was before it was made."""

    def push(self, recorded: Recorded, size: int) -> None:
        """Take in the next thought, of so many bytes; one it has is passed over."""
        if recorded.position <= self._last:
            return
        self._last = recorded.position
        self._held.append((recorded, size))
        self._bytes += size
        while len(self._held) > THOUGHTS or (self._bytes > RING_BYTES and len(self._held) > 1):
            self._bytes -= self._held.popleft()[1]

    def last(self, count: int) -> list[Recorded]:
        """Return the newest thoughts, oldest first."""
        return [recorded for recorded, _ in self._held][-count:] if count > 0 else []


class HotRings:
    """The rings of all personas that are asked for. Safe to use from any thread."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._rings: OrderedDict[str, Ring] = OrderedDict()
        self._lock = Lock()
        self._following = False

    def recent(self, persona_id: str, count: int = THOUGHTS) -> Sequence[Recorded]:
        """Return the newest thoughts of a persona, oldest first; in memory, but for the first time.

        Raises:
            StoreUnavailable: they have to be read, and the server is out of reach.
        """
        if not self._following:
            return _read(self._recorder, persona_id, count).last(count)
        with self._lock:
            ring = self._rings.setdefault(persona_id, Ring())
            self._rings.move_to_end(persona_id)
            while len(self._rings) > PERSONAS:
                self._rings.popitem(last=False)
        with ring.lock:
            if not ring.filled:
                _fill(ring, self._recorder, persona_id, THOUGHTS)
            return ring.last(count)

    async def follow(self) -> None:
        """Keep the rings up with the store, until it closes."""
        head = await asyncio.to_thread(self._recorder.head)
        with self._lock:
            self._rings.clear()
        self._following = True
        try:
            async for batch in self._recorder.follow(head, topics=[ThoughtGenerated.topic]):
                await asyncio.to_thread(self._take, batch)
        finally:
            self._following = False

    def _take(self, batch: Sequence[Stored]) -> None:
        for stored in batch:
            recorded = to_recorded(stored)
            with self._lock:
                ring = self._rings.get(recorded.event.persona_id or "")
            if ring is None:
                continue
            with ring.lock:
                if ring.filled:
                    ring.push(recorded, len(stored.state))


def _read(recorder: Recorder, persona_id: str, most: int) -> Ring:
    ring = Ring()
    _fill(ring, recorder, persona_id, min(most, THOUGHTS))
    return ring


def _fill(ring: Ring, recorder: Recorder, persona_id: str, most: int) -> None:
    found: list[Stored] = []
    size = 0
    prefix = streams.thoughts(persona_id)
    for stored in newest_of(recorder, prefix, ThoughtGenerated.topic, most):
        size += len(stored.state)
        if found and size > RING_BYTES:
            break
        found.append(stored)
    for stored in reversed(found):
        ring.push(to_recorded(stored), len(stored.state))
    ring.filled = True
