"""Reading an input in a thread of its own: the thread ends with the loop, and says nothing."""

import asyncio
import threading
from pathlib import Path

from services.inputs.files import CHUNK_BYTES, open_inputs
from services.inputs.reading import Reader


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
