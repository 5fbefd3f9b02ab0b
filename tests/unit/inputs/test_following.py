"""Files that grow, are cut, or end without a line end; pipes that stall."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.commands.observation import Batch
from services.inputs.files import Input, open_inputs
from services.inputs.follow import follow_file, follow_pipe
from services.inputs.mark import Mark
from services.inputs.reading import read_whole


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def text_of(batches: Sequence[Batch]) -> str:
    """The source's text, put together again as the batches say."""
    parts = (
        batch.ending.join(batch.content.split("\n")) + ("" if batch.unfinished else batch.ending)
        for batch in batches
    )
    return "".join(parts)


class Followed:
    """What follows a file, and what has come of it."""

    def __init__(self, path: Path, mark: Mark | None = None) -> None:
        self.batches: list[Batch] = []
        self.stop = asyncio.Event()
        self._task = asyncio.create_task(self._take(path, mark or Mark()))

    async def until(self, text: str, seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while text_of(self.batches) != text:
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)

    async def end(self) -> Mark:
        self.stop.set()
        await self._task
        last = self.batches[-1]
        line = last.first_line + last.line_count - last.unfinished
        return Mark(len(self.batches), last.offset, line, last.unfinished)

    async def _take(self, path: Path, mark: Mark) -> None:
        with open_inputs([str(path)]) as [source]:
            async for batches in follow_file(source, mark, self.stop):
                self.batches += [each for each in batches if isinstance(each, Batch)]


async def test_what_is_appended_follows_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    followed = Followed(path)
    await followed.until("one\ntwo\n")
    append(path, b"three\n")
    await followed.until("one\ntwo\nthree\n")
    assert [batch.first_line for batch in followed.batches] == [0, 2]
    assert await followed.end() == Mark(2, 14, 3)


async def test_a_line_is_taken_whole_however_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch()
    followed = Followed(path)
    for piece in (b"on", b"e", b"\ntw", b"o\n"):
        append(path, piece)
        await asyncio.sleep(0.12)
    await followed.until("one\ntwo\n")
    assert [batch.content for batch in followed.batches] == ["one", "two"]
    await followed.end()


async def test_a_last_line_without_end_is_taken_once_it_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntw")
    followed = Followed(path)
    await followed.until("one\ntw")
    append(path, b"o\nthree\n")
    await followed.until("one\ntwo\nthree\n")
    first, part, rest = followed.batches
    assert (part.content, part.unfinished, part.first_line) == ("tw", True, 1)
    assert (rest.content, rest.continues, rest.first_line) == ("o\nthree", True, 1)
    assert not first.unfinished
    await followed.end()


async def test_a_file_that_was_cut_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\nthree\n")
    followed = Followed(path)
    await followed.until("one\ntwo\nthree\n")
    path.write_bytes(b"new\n")
    await followed.until("one\ntwo\nthree\nnew\n")
    assert (followed.batches[-1].offset, followed.batches[-1].first_line) == (4, 0)
    await followed.end()


async def test_a_file_cut_while_nobody_followed_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"new\n")
    followed = Followed(path, Mark(7, 1_000, 40))
    await followed.until("new\n")
    assert await followed.end() == Mark(1, 4, 1)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=400).map(lambda b: b.replace(b"x", b"\n")), max_size=6))
def test_stopping_and_going_on_neither_misses_nor_repeats_a_byte(pieces: list[bytes]) -> None:
    with NamedTemporaryFile() as file:
        batches = asyncio.run(follow_in_parts(Path(file.name), pieces))
        whole = Path(file.name).read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]
    assert text_of(batches) == whole.decode(errors="replace")
    assert [b.first_line for b in batches] == [
        sum(b.line_count for b in batches[:n]) for n in range(len(batches))
    ]


async def follow_in_parts(path: Path, pieces: list[bytes]) -> list[Batch]:
    """Append a piece, follow until it is read as far as its last line end, stop; and so on."""
    batches: list[Batch] = []
    mark, whole = Mark(), b""
    for piece in pieces:
        append(path, piece)
        whole += piece
        with open_inputs([str(path)]) as [source]:
            async with aclosing(follow_file(source, mark, asyncio.Event())) as following:
                while mark.offset < whole.rfind(b"\n") + 1:
                    new = [each for each in await anext(following) if isinstance(each, Batch)]
                    batches += new
                    line = new[-1].first_line + new[-1].line_count
                    mark = Mark(len(batches), new[-1].offset, line, file=new[-1].file)
    return batches


async def test_a_pipe_that_stalls_in_a_line_gives_what_it_has() -> None:
    ours, theirs = os.pipe()
    source = Input("-", "standard input", os.fdopen(ours, "rb", buffering=0))
    stop = asyncio.Event()
    os.write(theirs, b"one\ntw")
    found = follow_pipe(source, Mark(3, 100, 8), stop)
    first = await anext(found)
    part = await anext(found)
    os.write(theirs, b"o\n")
    rest = await anext(found)
    os.close(theirs)
    with pytest.raises(StopAsyncIteration):
        await anext(found)
    batches = [b for b in [*first, *part, *rest] if isinstance(b, Batch)]
    assert [b.content for b in batches] == ["one", "tw", "o"]
    assert (batches[0].first_line, batches[0].offset) == (8, 104)
    assert batches[2].continues
    source.file.close()


async def test_a_pipe_can_be_left_while_it_says_nothing() -> None:
    ours, theirs = os.pipe()
    source = Input("-", "standard input", os.fdopen(ours, "rb", buffering=0))
    stop = asyncio.Event()
    following = asyncio.ensure_future(anext(follow_pipe(source, Mark(), stop)))
    await asyncio.sleep(0.05)
    stop.set()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(following, 30)
    os.close(theirs)
    await asyncio.sleep(0.05)
    source.file.close()


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        b"\n",
        b"no end",
        b"one\r\ntwo\r\n",
        b"mixed\r\nends\n",
        b"\x00\x01\xff\xfe binary \x80\n\xf0\x9f\x98",
        "\u00e9\u4e2d\U0001f600".encode() * 100_000,
        b"x" * 10_000_000 + b"\n",
        b"short\n" * 300_000,
    ],
    ids=["empty", "newline", "no-end", "crlf", "mixed", "binary", "wide", "10-MB-line", "many"],
)
async def test_a_whole_input_comes_back_from_its_batches(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(whole)
    with open_inputs([str(path)]) as [source]:
        batches = [batch async for group in read_whole(source) for batch in group]
    assert text_of(batches) == whole.decode(errors="replace")
    assert all(len(batch.content.encode()) <= 3 * 64 * 1024 for batch in batches)
    lines = sum(batch.line_count - batch.continues for batch in batches)
    assert lines == whole.count(b"\n") + bool(whole and not whole.endswith(b"\n"))
