"""Reading what may block for ever, without ever holding up the end of the process."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import CancelledError

from services.commands.observation import Batch
from services.inputs.errors import BrokenInput, UnreadableInput
from services.inputs.files import Input, read
from services.inputs.gzipped import Unzipped
from services.inputs.lines import Batcher


class Reader:
    """Reads an input in a thread of its own, one piece ahead of who takes them.

    The descriptor stays in blocking mode, which it may share with other programs. The thread is a
    daemon: a read that never returns ends with the process.
    """

    def __init__(self, source: Input) -> None:
        self._text = Unzipped(source.shown, lambda: read(source))
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes | UnreadableInput] = asyncio.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._read, name="perpetua-input", daemon=True)
        self._thread.start()

    async def next(self) -> bytes:
        """Return the next piece, unzipped if the input is gzip; an empty one at the end.

        Raises:
            BrokenInput: it is gzip, and broken from here on.
            UnreadableInput: reading fails.
        """
        piece = await self._pieces.get()
        if isinstance(piece, UnreadableInput):
            raise piece
        return piece

    def _read(self) -> None:
        while True:
            piece: bytes | UnreadableInput
            try:
                piece = self._text.read()
            except UnreadableInput as wrong:
                piece = wrong
            put = self._pieces.put(piece)
            try:
                asyncio.run_coroutine_threadsafe(put, self._loop).result()
            except (RuntimeError, CancelledError):  # the loop has ended, or ends just now
                put.close()
                return
            if not piece or isinstance(piece, UnreadableInput):
                return


async def read_whole(source: Input) -> AsyncGenerator[list[Batch], None]:
    """Yield the batches of an input, to its end, as they are read.

    Raises:
        BrokenInput: it is gzip and broken; what came before was given.
        UnreadableInput: reading fails on the way.
    """
    batcher, reader = Batcher(kind=source.kind), Reader(source)
    broken: BrokenInput | None = None
    try:
        while data := await reader.next():
            if ready := batcher.feed(data):
                yield ready
    except BrokenInput as found:
        broken = found
    if ready := batcher.flush(final=True):
        yield ready
    if broken:
        raise broken
