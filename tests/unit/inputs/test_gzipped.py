"""gzip is told by its first bytes, read in pieces, and kept as far as it is whole."""

import asyncio
import gzip
import os
import resource
import zlib
from pathlib import Path

import pytest

from services.commands.observation import Batch
from services.inputs.errors import BrokenInput
from services.inputs.files import CHUNK_BYTES, Input, open_inputs
from services.inputs.follow import follow_gzip
from services.inputs.gzipped import Unzipped
from services.inputs.mark import Mark
from services.inputs.reading import read_whole

TEXT = "".join(f"line {number} of {number**7 % 9973}\n" for number in range(20_000)).encode()


class Pieces:
    """Bytes that come so many at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def __call__(self) -> bytes:
        piece, self._data = self._data[: self._size], self._data[self._size :]
        return piece


def unzipped(data: bytes, size: int = CHUNK_BYTES) -> tuple[bytes, str | None]:
    reader, found = Unzipped("a.gz", Pieces(data, size)), b""
    try:
        while piece := reader.read():
            found += piece
    except BrokenInput as broken:
        return found, str(broken)
    return found, None


@pytest.mark.parametrize("size", [1, 7, CHUNK_BYTES])
@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b", b"plain\n", b"\x1f\x8bno gzip\n"])
def test_what_is_not_gzip_is_given_as_it_is(data: bytes, size: int) -> None:
    assert unzipped(data, size) == (data, None)


@pytest.mark.parametrize("size", [97, CHUNK_BYTES])
def test_gzip_is_unzipped_all_its_members(size: int) -> None:
    half = len(TEXT) // 2
    assert unzipped(gzip.compress(TEXT[:half]) + gzip.compress(TEXT[half:]), size) == (TEXT, None)


def test_one_that_ends_in_the_middle_gives_what_is_there() -> None:
    whole = gzip.compress(TEXT)
    found, said = unzipped(whole[: len(whole) // 2], 1_000)
    assert TEXT.startswith(found)
    assert len(found) > len(TEXT) // 4
    assert said is not None
    assert f"a.gz: the gzip file ends in the middle; the {len(found):,} bytes before" in said


def test_a_broken_one_gives_what_comes_before() -> None:
    whole = bytearray(gzip.compress(TEXT))
    whole[len(whole) // 2] ^= 0xFF
    found, said = unzipped(bytes(whole), 1_000)
    assert TEXT[: len(TEXT) // 4] == found[: len(TEXT) // 4]
    assert said is not None
    assert "is broken" in said
    found, said = unzipped(gzip.compress(TEXT) + b"more", 1_000)
    assert found == TEXT
    assert said is not None


def test_a_bomb_is_read_in_pieces() -> None:
    zipper = zlib.compressobj(9, wbits=31)
    zeros = b"\0" * (1 << 20)
    data = b"".join(zipper.compress(zeros) for _ in range(100)) + zipper.flush()
    reader, count = Unzipped("bomb.gz", Pieces(data, CHUNK_BYTES)), 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while piece := reader.read():
        assert len(piece) <= CHUNK_BYTES
        count += len(piece)
    assert count == 100 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


async def taken(path: Path, mark: Mark) -> list[Batch]:
    with open_inputs([str(path)]) as [source]:
        assert source.is_gzip
        following = follow_gzip(source, mark, asyncio.Event())
        return [b async for group in following for b in group if isinstance(b, Batch)]


async def test_a_followed_gzip_file_goes_on_behind_what_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(gzip.compress(TEXT))
    whole = await taken(path, Mark())
    assert "".join(f"{each.content}\n" for each in whole).encode() == TEXT
    last = whole[4]
    mark = Mark(5, last.offset, last.first_line + last.line_count, file=last.file)
    rest = await taken(path, mark)
    assert [each.content for each in rest] != []
    text = "".join(f"{each.content}\n" for each in [*whole[:5], *rest])
    assert text.encode() == TEXT
    assert rest[0].first_line == mark.line
    end = Mark(9, whole[-1].offset, 20_000, file=whole[-1].file)
    assert await taken(path, end) == []
    path.write_bytes(gzip.compress(b"another\n"))
    assert [each.content for each in await taken(path, end)] == ["another"]


async def test_gzip_through_a_pipe_is_unzipped() -> None:
    ours, theirs = os.pipe()
    source = Input("-", "standard input", os.fdopen(ours, "rb", buffering=0))
    os.write(theirs, gzip.compress(b"one\ntwo\n"))
    os.close(theirs)
    batches = [b async for group in read_whole(source) for b in group]
    assert [b.content for b in batches] == ["one\ntwo"]
    source.file.close()
