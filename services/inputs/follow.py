"""Inputs that go on: logs as they grow and are rotated, gzip files and pipes until they end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from services.commands.observation import Batch, Dropped
from services.inputs.errors import BrokenInput, UnreadableInput
from services.inputs.files import Input
from services.inputs.lines import Batcher
from services.inputs.mark import Mark
from services.inputs.opened import LogFile, open_log
from services.inputs.place import Place
from services.inputs.reading import Reader
from services.inputs.tail import Look, Tail

POLL_SECS: Final = 0.1
"""How often a file is looked at for more."""
STILL_SECS: Final = 2.0
"""How long a line without its end may stand before it is taken as it is."""
STILL_POLL_SECS: Final = 0.4
"""How often a file that has stood still so long is looked at: most of many do, and each costs."""

Following = AsyncGenerator[Sequence[Batch | Dropped], None]
Follower = Callable[[Input, Mark, asyncio.Event, int | None], Following]


async def follow_file(
    source: Input, mark: Mark, stop: asyncio.Event, most_lines: int | None = None
) -> Following:
    """Yield what is in a file beyond a mark, and what is appended, until stopped.

    It is followed by name, through rotation: see `Tail`. A last line without its end is taken once
    it stands still; what then follows is marked as going on with it.

    Args:
        source: the file.
        mark: how far it was read.
        stop: ends it once set.
        most_lines: most lines of a batch, if there are to be small ones.

    Raises:
        UnreadableInput: reading fails.
    """
    tail = await asyncio.to_thread(_begun, source, mark)
    begin = mark if tail.went_on else Mark()
    batcher = Batcher(
        begin.offset, begin.line, continues=begin.continues, kind=source.kind,
        most_lines=most_lines, tail=tail.tail,
    )  # fmt: skip
    told: list[Dropped] = [_gone(mark)] if tail.lost and source.path else []
    still_secs = 0.0
    with closing(tail):
        while not stop.is_set():
            look = await asyncio.to_thread(_look, tail, source)
            if look.turned:
                ready = batcher.flush(final=True)
                batcher = Batcher(kind=source.kind, most_lines=most_lines)
            elif look.data:
                batcher.file = tail.file
                ready = [*batcher.feed(look.data), *batcher.flush()]
                still_secs = 0.0
            else:
                secs = POLL_SECS if still_secs < STILL_SECS else STILL_POLL_SECS
                await _pause(stop, secs)
                still_secs += secs
                ready = batcher.flush(final=True) if still_secs >= STILL_SECS else []
            if ready:
                yield [*told, *ready]
                told = []


async def follow_gzip(
    source: Input, mark: Mark, stop: asyncio.Event, most_lines: int | None = None
) -> Following:
    """Yield what is in a gzip file beyond a mark, to its end or until stopped.

    Args:
        source: the file.
        mark: how far it was read; another file of its name is read from its beginning.
        stop: ends it once set.
        most_lines: most lines of a batch, if there are to be small ones.

    Raises:
        BrokenInput: it is broken; what came before was given.
        UnreadableInput: reading fails.
    """
    opened = await asyncio.to_thread(open_log, _path(source), source.shown)
    if opened is None:
        raise UnreadableInput(f"{source.shown} can't be read any more; name a file that can")
    with closing(opened):
        begin = mark if await asyncio.to_thread(_goes_on, opened, mark) else Mark()
        batcher = Batcher(
            begin.offset, begin.line, continues=begin.continues, kind=source.kind,
            most_lines=most_lines, tail=opened.tail,
        )  # fmt: skip
        batcher.file = opened.file
        broken: BrokenInput | None = None
        try:
            while not stop.is_set() and (data := await asyncio.to_thread(_read, opened, source)):
                if ready := [*batcher.feed(data), *batcher.flush()]:
                    yield ready
        except BrokenInput as found:
            broken = found
        if not stop.is_set() and (ready := batcher.flush(final=True)):
            yield ready
    if broken:
        raise broken


async def follow_pipe(
    source: Input, mark: Mark, stop: asyncio.Event, most_lines: int | None = None
) -> Following:
    """Yield what comes through a pipe or from a terminal, until it ends or is stopped.

    It counts on from the mark: bytes and lines of all that ever came by this name.

    Args:
        source: the pipe.
        mark: how much came through it.
        stop: ends it once set.
        most_lines: most lines of a batch, if there are to be small ones.

    Raises:
        BrokenInput: it is gzip, and broken; what came before was given.
        UnreadableInput: reading fails.
    """
    batcher = Batcher(mark.offset, mark.line, kind=source.kind, most_lines=most_lines)
    reader = Reader(source)
    waiting = asyncio.create_task(stop.wait())
    piece = asyncio.create_task(reader.next())
    broken: BrokenInput | None = None
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
    except BrokenInput as found:
        broken = found
    finally:
        waiting.cancel()
        piece.cancel()
    if ready := batcher.flush(final=True):
        yield ready
    if broken:
        raise broken


def _path(source: Input) -> Path:
    """Return where an input can be opened again."""
    return source.path or Path(f"/dev/fd/{source.file.fileno()}")


def _begun(source: Input, mark: Mark) -> Tail:
    try:
        return Tail(_path(source), mark)
    except OSError as wrong:
        raise UnreadableInput(f"{source.shown} can't be read: {wrong.strerror}") from None


def _look(tail: Tail, source: Input) -> Look:
    try:
        return tail.look()
    except OSError as wrong:
        raise UnreadableInput(f"{source.shown} can't be read: {wrong.strerror}") from None


def _read(opened: LogFile, source: Input) -> bytes:
    try:
        return opened.read()
    except OSError as wrong:
        raise UnreadableInput(f"{source.shown} can't be read: {wrong.strerror}") from None


def _goes_on(opened: LogFile, mark: Mark) -> bool:
    place = Place.read(mark.file)
    return place is not None and opened.go_to(mark.offset, place.follows)


def _gone(mark: Mark) -> Dropped:
    """Tell that nobody knows what came behind a mark: its file is gone."""
    return Dropped(
        lines=0, bytes=0, first_line=mark.line, offset=mark.offset, reason="gone", file=mark.file
    )


async def _pause(stop: asyncio.Event, secs: float) -> None:
    """Wait until a file is to be looked at again, or the end."""
    try:
        async with asyncio.timeout(secs):
            await stop.wait()
    except TimeoutError:
        return
