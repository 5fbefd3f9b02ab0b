"""Bytes to observation batches: nothing is lost, but for bytes that are no UTF-8, and they are
counted."""

import json
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.formats import read_lines
from services.commands.observation import Batch
from services.inputs.lines import BATCH_BYTES, Batcher, batches_of

PIECES = st.sampled_from(
    [b"a", b"line", b"\n", b"\n", b"\r\n", b"\r", b"\r\r\n", b"", "ü".encode(), "思".encode(),
     "\U0001f600".encode(), "\ufffd".encode(), b"\0", b" "]
)  # fmt: skip
TEXT = st.lists(PIECES, max_size=30).map(b"".join)
TIMES = st.just(1) | st.integers(1, 8_000)
BINARY = st.lists(PIECES | st.binary(max_size=5), max_size=30).map(b"".join)


def rejoined(batches: Sequence[Batch]) -> bytes:
    """Put the source's bytes together again, as the docs say it can be done."""
    out = ""
    for batch in batches:
        out += batch.content.replace("\n", batch.ending)
        out += "" if batch.unfinished else batch.ending
    return out.encode()


def fed(data: bytes, cuts: Sequence[int], *, flushing: bool) -> list[Batch]:
    """Feed data in pieces; flush after each, as a follower does, or only at the end."""
    batcher, batches = Batcher(), []
    ends = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(ends):
        batches += batcher.feed(data[start:end])
        if flushing:
            batches += batcher.flush()
    return [*batches, *batcher.flush(final=True)]


def check_numbers(data: bytes, batches: Sequence[Batch]) -> None:
    """Check offsets, line numbers and marks against the data itself."""
    offset = line = 0
    continues = False
    for batch in batches:
        part = data[offset : batch.offset]
        assert 0 < len(part) <= BATCH_BYTES
        assert batch.line_count == batch.content.count("\n") + 1
        assert batch.line_count == part.count(b"\n") + batch.unfinished
        assert (batch.first_line, batch.continues) == (line, continues)
        assert batch.unfinished == (not part.endswith(b"\n"))
        offset, continues = batch.offset, batch.unfinished
        line += part.count(b"\n")
    assert offset == len(data)


@settings(max_examples=150)
@given(
    text=TEXT,
    times=TIMES,
    cuts=st.lists(st.integers(0, 10**6), max_size=5),
    flushing=st.booleans(),
)
def test_any_text_however_it_arrives_is_rejoined_to_equal_bytes(
    text: bytes, times: int, cuts: list[int], flushing: bool
) -> None:
    data = text * min(times, 1 + 150_000 // (len(text) or 1))
    batches = fed(data, cuts, flushing=flushing)
    assert rejoined(batches) == data
    assert sum(batch.replaced_bytes for batch in batches) == 0
    check_numbers(data, batches)


def undecodable(data: bytes) -> int:
    """Count the bytes of no character, one after the other, by RFC 3629."""
    count = at = 0
    while at < len(data):
        for length in (1, 2, 3, 4):
            try:
                data[at : at + length].decode()
            except UnicodeDecodeError:
                continue
            at += length
            break
        else:
            count, at = count + 1, at + 1
    return count


@settings(max_examples=200)
@given(data=BINARY | st.binary(max_size=60))
def test_bytes_that_are_no_text_are_replaced_and_counted_exactly(data: bytes) -> None:
    batches = batches_of(data)
    assert sum(batch.replaced_bytes for batch in batches) == undecodable(data)
    check_numbers(data, batches)
    kept = b"\n".join(b.content.replace("\n", b.ending).encode() for b in batches)
    if undecodable(data):
        assert "\ufffd".encode() in kept


def test_text_that_holds_the_replacement_character_itself_is_text() -> None:
    [batch] = batches_of("a\ufffdb\ufffd".encode())
    assert (batch.content, batch.replaced_bytes) == ("a\ufffdb\ufffd", 0)


def test_a_truncated_character_counts_all_its_bytes() -> None:
    [batch] = batches_of(b"a\xe2\x82" + b"\xf0\x9f\x98" + b"b")
    assert (batch.content, batch.replaced_bytes) == ("a\ufffd\ufffdb", 5)


def test_nothing_gives_nothing() -> None:
    assert batches_of(b"") == []


@pytest.mark.parametrize(
    ("data", "content", "lines", "ending", "unfinished"),
    [
        (b"a\nb\n", "a\nb", 2, "\n", False), (b"a\nb", "a\nb", 2, "\n", True),
        (b"a\r\nb\r\n", "a\nb", 2, "\r\n", False), (b"a\r\nb", "a\nb", 2, "\r\n", True),
        (b"a\r\nb\r", "a\nb\r", 2, "\r\n", True), (b"a\r\nb\n", "a\r\nb", 2, "\n", False),
        (b"\n", "", 1, "\n", False), (b"\r\n", "", 1, "\r\n", False), (b"\r", "\r", 1, "\n", True),
        (b"\n\n\n", "\n\n", 3, "\n", False), (b"\0", "\0", 1, "\n", True),
    ],
)  # fmt: skip
def test_line_endings_are_taken_off_and_remembered(
    data: bytes, content: str, lines: int, ending: str, unfinished: bool
) -> None:
    [batch] = batches_of(data)
    assert (batch.content, batch.line_count, batch.ending, batch.unfinished) == (
        content, lines, ending, unfinished,
    )  # fmt: skip
    assert rejoined([batch]) == data


@pytest.mark.parametrize("length", [BATCH_BYTES - 1, BATCH_BYTES, BATCH_BYTES + 1])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("arriving", [64 * 1024, 1_000_000])
def test_a_line_about_as_long_as_a_batch_is_kept(length: int, end: bytes, arriving: int) -> None:
    """A pipe gives 64 KiB at once, and a line may fill it to the byte."""
    data = b"a" * length + end
    batches = fed(data, range(0, len(data), arriving), flushing=True)
    assert rejoined(batches) == data
    check_numbers(data, batches)


@pytest.mark.parametrize("character", ["x", "ü", "思", "\U0001f600"])
def test_a_line_of_ten_megabytes_is_cut_between_characters_and_rejoined(character: str) -> None:
    data = (character * (10_000_000 // len(character.encode()))).encode() + b"\nend\n"
    began = time.process_time()
    batches = batches_of(data)
    assert time.process_time() - began < 3
    assert rejoined(batches) == data
    assert not any(batch.replaced_bytes for batch in batches)
    check_numbers(data, batches)
    assert all(batch.continues for batch in batches[1:-1])
    assert {batch.first_line for batch in batches[:-1]} == {0}


def test_megabytes_of_continuation_bytes_are_cut_somewhere_and_counted() -> None:
    data = b"\x80" * 1_000_000
    batches = batches_of(data)
    assert sum(batch.replaced_bytes for batch in batches) == len(data)
    check_numbers(data, batches)


def test_a_follower_goes_on_where_a_batch_ended() -> None:
    data = b"one\ntwo\nthree and more\nfour\n"
    for cut in range(len(data) + 1):
        before = batches_of(data[:cut])
        last = before[-1] if before else Batch(content="", line_count=0, first_line=0, offset=0)
        line = last.first_line + last.line_count - last.unfinished
        batcher = Batcher(last.offset, line, continues=last.unfinished)
        after = [*batcher.feed(data[last.offset :]), *batcher.flush(final=True)]
        assert rejoined([*before, *after]) == data
        check_numbers(data, [*before, *after])


def test_the_pieces_of_a_docker_message_stay_in_one_batch() -> None:
    def piece(log: str) -> bytes:
        entry = {"log": log, "stream": "stdout", "time": "2026-11-28T10:00:00Z"}
        return json.dumps(entry).encode() + b"\n"

    batcher = Batcher()
    first, rest = piece("whole\n") + piece("one "), piece("two\n")
    assert [b.line_count for b in [*batcher.feed(first), *batcher.flush()]] == [1]
    assert batcher.flush() == []
    [batch] = [*batcher.feed(rest), *batcher.flush()]
    assert read_lines(batch.content, batch.format)[1].endswith("stdout: one two")
    [last] = [*batcher.feed(piece("no end")), *batcher.flush(), *batcher.flush(final=True)]
    assert last.first_line == 3
    long = piece("x" * 16_000 + "\n") * 3 + piece("y" * 16_000) * 20 + piece("\n")
    sizes = [b.line_count for b in [*batcher.feed(long), *batcher.flush()]]
    assert sizes[0] == 3
    assert sum(sizes) == 24
