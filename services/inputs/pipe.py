"""Reading what may block for ever, without ever holding up the end of the process."""

import asyncio
import threading

from services.inputs.files import Input, UnreadableInput, read


class PipeReader:
    """Reads a pipe or a terminal in a thread of its own, one piece ahead of who takes them.

    The descriptor stays in blocking mode, which it shares with other programs of the terminal. The
    thread is a daemon: a read that never returns ends with the process.
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
