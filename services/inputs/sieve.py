"""What is above a source's limit is passed over: counted, told of, and never read again."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from services.commands.observation import Batch, Dropped
from services.inputs.errors import UnreadableInput
from services.inputs.follow import Following

TELL_SECS: Final = 1.0
"""How long lines may be dropped before it is told."""
PIECES: Final = 10
"""Batches that make up a second's worth of lines: as fine is the limit kept."""


class Sieve:
    """Lets the lines of one source through, as many a second as its limit has it.

    What a second allows may come at once. A line cut over batches is kept whole, or not at all.
    """

    def __init__(
        self,
        lines_per_second: float,
        offset: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin where so many bytes of the source were read."""
        self._rate, self._clock = lines_per_second, clock
        self._most = max(1.0, lines_per_second)
        self._allowed, self._counted_at = self._most, clock()
        self._dropped: Dropped | None = None
        self._since = 0.0
        self._keeps = True
        self._offset = offset

    @property
    def most_lines(self) -> int:
        """Most lines a batch may have for the limit to be kept finely."""
        return max(1, int(self._rate / PIECES))

    @property
    def due_secs(self) -> float | None:
        """How soon what was dropped is to be told; None if nothing was."""
        return max(0.0, self._since + TELL_SECS - self._clock()) if self._dropped else None

    def sift(self, batches: Sequence[Batch | Dropped]) -> list[Batch | Dropped]:
        """Return what is kept, each with what was dropped before it, and what is due."""
        ready: list[Batch | Dropped] = []
        for batch in batches:
            if isinstance(batch, Dropped):
                ready += [*self.told(), batch]
                continue
            begins = batch.first_line == 0 and not batch.continues
            size = batch.offset - (0 if begins else self._offset)
            self._offset = batch.offset
            if begins:
                ready += self.told()  # its numbers are of the file before
            if self._allows(batch):
                ready += [*self.told(), batch]
            else:
                self._drop(batch, size)
        return ready

    def told(self) -> list[Dropped]:
        """Return what was dropped and is not told of yet."""
        dropped, self._dropped = self._dropped, None
        return [dropped] if dropped else []

    def _allows(self, batch: Batch) -> bool:
        begun = batch.line_count - batch.continues
        if not begun:
            return self._keeps
        now = self._clock()
        self._allowed = min(self._most, self._allowed + (now - self._counted_at) * self._rate)
        self._counted_at = now
        if not batch.continues:  # else it goes the way of the line it begins with
            self._keeps = self._allowed >= begun
        if self._keeps:
            self._allowed -= begun
        return self._keeps

    def _drop(self, batch: Batch, size: int) -> None:
        before = self._dropped
        if before is None:
            self._since = self._clock()
        self._dropped = Dropped(
            lines=(before.lines if before else 0) + batch.line_count - batch.continues,
            bytes=(before.bytes if before else 0) + size,
            first_line=before.first_line if before else batch.first_line,
            offset=batch.offset,
            reason="rate",
            continues=before.continues if before else batch.continues,
            unfinished=batch.unfinished,
            file=batch.file,
        )


async def sifted(following: Following, sieve: Sieve) -> Following:
    """Yield what a source gives as a sieve lets it through; what is dropped is told in time.

    Raises:
        UnreadableInput: reading fails; what was dropped before is told.
    """
    asking: asyncio.Task[Sequence[Batch | Dropped] | None] | None = None
    wrong: UnreadableInput | None = None
    async with aclosing(following):
        try:
            while True:
                asking = asking or asyncio.create_task(_next(following))
                done, _ = await asyncio.wait({asking}, timeout=sieve.due_secs)
                ready: list[Batch | Dropped] = []
                if done:
                    batches, asking = asking.result(), None
                    if batches is None:
                        break
                    ready = sieve.sift(batches)
                if sieve.due_secs == 0:
                    ready += sieve.told()
                if ready:
                    yield ready
        except UnreadableInput as found:
            wrong = found
        finally:
            if asking:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
    if told := sieve.told():
        yield told
    if wrong:
        raise wrong


async def _next(following: Following) -> Sequence[Batch | Dropped] | None:
    return await anext(following, None)
