"""Reading what may block for ever, without ever holding up the end of the process."""

import asyncio
import threading
from collections.abc import AsyncGenerator

from services.commands.cognition import Batch
from services.inputs.files import Input, UnreadableInput, read
from services.inputs.lines import Batcher


class Reader:
    """Reads an input in a thread of its own, one piece ahead of who takes them.

    The descriptor stays in blocking mode, which it may share with other programs. The thread is a
    daemon: a read that never returns ends with the process.
    """

    def __init__(self, source: Input) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes | UnreadableInput] = asyncio.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._read, name="perpetua-input", daemon=True)
        self._thread.start()

    async def next(self) -> bytes:
        """Return the next piece; an empty one at the end.

        Raises:
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
                piece = read(self._source)
            except UnreadableInput as wrong:
                piece = wrong
            put = self._pieces.put(piece)
            try:
                asyncio.run_coroutine_threadsafe(put, self._loop).result()
            except RuntimeError:  # the loop has ended
                put.close()
                return
            if not piece or isinstance(piece, UnreadableInput):
                return


async def read_whole(source: Input) -> AsyncGenerator[list[Batch], None]:
    """Yield the batches of an input, to its end, as they are read.

    Raises:
        UnreadableInput: reading fails on the way.
    """
    batcher, reader = Batcher(), Reader(source)
    while data := await reader.next():
        if ready := batcher.feed(data):
            yield ready
    if ready := batcher.flush(final=True):
        yield ready
