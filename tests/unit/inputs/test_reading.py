"""Reading an input in a thread of its own: the thread ends with the loop, and says nothing."""

import asyncio
import os
import threading
from pathlib import Path

from services.inputs.files import CHUNK_BYTES, open_inputs
from services.inputs.reading import Reader, read_whole


def test_a_loop_that_ends_while_a_piece_waits_ends_the_thread_without_a_word(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x\n" * CHUNK_BYTES)

    async def leave() -> threading.Thread:
        reader = Reader(source)
        assert await reader.next()
        while not reader._pieces._putters:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)  # until a piece is held and the next one waits for its place
        return reader._thread

    with open_inputs([str(path)]) as [source]:
        for _ in range(5):
            thread = asyncio.run(leave())
            thread.join(5)
            assert not thread.is_alive()
            source.file.seek(0)


async def test_a_named_pipe_is_opened_at_once_and_read_when_somebody_writes(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with open_inputs([str(path)]) as [source]:

        async def whole() -> list[str]:
            return [batch.content async for group in read_whole(source) for batch in group]

        reading = asyncio.create_task(whole())
        await asyncio.sleep(0.1)
        assert not reading.done()
        await asyncio.to_thread(path.write_bytes, b"one\ntwo\n")
        async with asyncio.timeout(10):
            assert await reading == ["one\ntwo"]
