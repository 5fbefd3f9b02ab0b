"""Inputs that go on: files as they grow, and pipes until they end."""

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, cast

from domain import streams
from domain.events import ObservationReceived
from domain.segments import Log
from services.commands.cognition import Batch
from services.inputs.files import Input, read
from services.inputs.lines import Batcher
from services.inputs.reading import Reader
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.segments import log_length

POLL_SECS: Final = 0.1
"""How often a file is looked at for more."""
STILL_SECS: Final = 2.0
"""How long a line without its end may stand before it is taken as it is."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a source was read."""

    length: int = 0
    """Events of its log."""
    offset: int = 0
    """Bytes of it that are stored."""
    line: int = 0
    """Number of its next line."""
    continues: bool = False
    """Whether what comes next goes on with a line that is stored in part."""


def mark_of(recorder: Recorder, swarm_id: str, source: str) -> Mark:
    """Return how far a source of a swarm was read, from the last of it that is stored."""
    prefix = streams.observations(swarm_id, source)
    log = Log(prefix, log_length(recorder, prefix))
    if log.length == 0:
        return Mark()
    segment, index = divmod(log.length - 1, streams.SEGMENT_SIZE)
    [last] = recorder.span(log.segment(segment), index + 1, index + 1)
    event = cast("ObservationReceived", to_recorded(last).event)
    line = event.first_line + event.line_count - event.unfinished
    return Mark(log.length, event.offset, line, event.unfinished)


async def follow_file(
    source: Input, mark: Mark, stop: asyncio.Event
) -> AsyncGenerator[list[Batch], None]:
    """Yield what is in a file beyond a mark, and what is appended, until stopped.

    A file that is shorter than what was read of it was cut, and is read from its beginning. A last
    line without its end is taken once it stands still; what then follows is marked as going on
    with it.

    Raises:
        UnreadableInput: reading fails.
    """
    descriptor = source.file.fileno()
    position = os.lseek(descriptor, mark.offset, os.SEEK_SET)
    batcher = Batcher(mark.offset, mark.line, continues=mark.continues)
    still_secs = 0.0
    while not stop.is_set():
        data = await asyncio.to_thread(read, source)
        if data:
            position += len(data)
            still_secs = 0.0
            if ready := [*batcher.feed(data), *batcher.flush()]:
                yield ready
            continue
        if os.fstat(descriptor).st_size < position:
            if ready := batcher.flush(final=True):
                yield ready
            position = os.lseek(descriptor, 0, os.SEEK_SET)
            batcher = Batcher()
            continue
        still_secs += POLL_SECS
        if still_secs >= STILL_SECS and (ready := batcher.flush(final=True)):
            yield ready
        await _pause(stop)


async def follow_pipe(
    source: Input, mark: Mark, stop: asyncio.Event
) -> AsyncGenerator[list[Batch], None]:
    """Yield what comes through a pipe or from a terminal, until it ends or is stopped.

    It counts on from the mark: bytes and lines of all that ever came by this name.

    Raises:
        UnreadableInput: reading fails.
    """
    batcher = Batcher(mark.offset, mark.line)
    reader = Reader(source)
    waiting = asyncio.create_task(stop.wait())
    piece = asyncio.create_task(reader.next())
    try:
        while not stop.is_set():
            await asyncio.wait(
                {piece, waiting}, timeout=STILL_SECS, return_when=asyncio.FIRST_COMPLETED
            )
            if piece.done():
                data = piece.result()
                if not data:
                    break
                piece = asyncio.create_task(reader.next())
                ready = [*batcher.feed(data), *batcher.flush()]
            else:
                ready = batcher.flush(final=True)
            if ready:
                yield ready
        if ready := batcher.flush(final=True):
            yield ready
    finally:
        waiting.cancel()
        piece.cancel()


async def _pause(stop: asyncio.Event) -> None:
    """Wait until a file is to be looked at again, or the end."""
    try:
        await asyncio.wait_for(stop.wait(), POLL_SECS)
    except TimeoutError:
        return
