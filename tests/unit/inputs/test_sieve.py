"""A source above its limit: what is kept, and what is told of the rest."""

import asyncio
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.commands.observation import Batch, Dropped
from services.inputs.follow import Following
from services.inputs.lines import Batcher
from services.inputs.settings import InputSettings
from services.inputs.sieve import Sieve, sifted


class Clock:
    """Time as it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def batches(text: bytes, most_lines: int | None = None) -> list[Batch]:
    batcher = Batcher(most_lines=most_lines)
    return [*batcher.feed(text), *batcher.flush(final=True)]


def told(dropped: Batch | Dropped) -> tuple[int, int, int, int]:
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "rate"
    return dropped.lines, dropped.bytes, dropped.first_line, dropped.offset


def test_what_is_above_the_limit_is_dropped_and_told_before_the_next_batch() -> None:
    clock = Clock()
    sieve = Sieve(20, clock=clock)
    parts = batches(b"line\n" * 60, sieve.most_lines)
    assert {part.line_count for part in parts} == {2}
    assert sieve.sift(parts[:20]) == parts[:10]
    assert sieve.due_secs == 1.0
    clock.now += 0.5
    [dropped, *kept] = sieve.sift(parts[20:])
    assert told(dropped) == (20, 100, 20, 200)
    assert kept == parts[20:25]
    clock.now += 1.0
    assert sieve.due_secs == 0
    [last] = sieve.told()
    assert told(last) == (10, 50, 50, 300)
    assert sieve.due_secs is None


def test_a_line_cut_in_pieces_is_dropped_as_a_whole() -> None:
    clock = Clock()
    sieve = Sieve(1, clock=clock)
    parts = batches(b"first\n" + b"x" * 200_000 + b"\nlast\n", sieve.most_lines)
    assert sieve.sift(parts[:3]) == parts[:1]
    clock.now += 60
    kept = sieve.sift(parts[3:])
    assert told(kept[0]) == (1, 200_001, 1, 200_007)
    assert kept[1:] == parts[-1:]


def test_a_line_that_is_kept_in_part_is_kept_to_its_end() -> None:
    sieve = Sieve(30, clock=Clock())
    text = b"line\n" * 29 + b"x" * 200_000 + b"\n" + b"line\n" * 10
    parts = batches(text, sieve.most_lines)
    pieces = [part for part in parts if part.continues]
    assert pieces[-1].line_count > 1
    kept = sieve.sift(parts)
    assert kept == parts[: parts.index(pieces[-1]) + 1]
    assert len(sieve.told()) == 1


def test_what_is_dropped_of_one_file_is_told_before_the_next_file() -> None:
    sieve = Sieve(1, clock=Clock())
    first, second = batches(b"one\ntwo\nthree\n", 1), batches(b"four\n", 1)
    assert sieve.sift(first) == first[:1]
    [dropped] = sieve.sift(second)
    assert told(dropped) == (2, 10, 1, 14)
    assert told(*sieve.told()) == (1, 5, 0, 5)


@given(
    st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"x", b"\n")), max_size=20),
    st.integers(1, 40),
)
def test_every_line_and_byte_is_either_kept_or_told_of(pieces: list[bytes], rate: int) -> None:
    clock, batcher = Clock(), Batcher(most_lines=max(1, rate // 10))
    sieve, kept = Sieve(rate, clock=clock), list[Batch | Dropped]()
    for piece in pieces:
        kept += sieve.sift([*batcher.feed(piece), *batcher.flush()])
        clock.now += 0.1
    kept += [*sieve.sift(batcher.flush(final=True)), *sieve.told()]
    whole = b"".join(pieces)
    offset = lines = 0
    for each in kept:
        begun = each.line_count if isinstance(each, Batch) else each.lines + each.continues
        assert each.first_line == lines
        lines = each.first_line + begun - each.unfinished
        size = each.bytes if isinstance(each, Dropped) else each.offset - offset
        offset += size
        assert each.offset == offset
    assert offset == len(whole)
    assert lines == whole.count(b"\n")


async def test_what_was_dropped_is_told_within_a_second_of_silence() -> None:
    async def following() -> Following:
        yield batches(b"one\ntwo\nthree\n", 1)
        await asyncio.Event().wait()

    asking = sifted(following(), Sieve(1))
    async with asyncio.timeout(10):
        kept: Sequence[Batch | Dropped] = await anext(asking)
        assert [isinstance(each, Batch) for each in kept] == [True]
        assert told(*await anext(asking)) == (2, 10, 1, 14)
    await asking.aclose()


async def test_what_was_dropped_is_told_at_the_end() -> None:
    async def following() -> Following:
        yield batches(b"one\ntwo\n", 1)

    kept = [each async for group in sifted(following(), Sieve(1)) for each in group]
    assert [type(each) for each in kept] == [Batch, Dropped]


@pytest.mark.parametrize("rate", [-1, math.inf, math.nan, "much"])
def test_what_is_no_rate_is_refused(rate: object) -> None:
    for settings in ({"lines_per_second": rate}, {"limits": {"*": rate}}):
        with pytest.raises(ValidationError):
            InputSettings.model_validate(settings)


def test_the_first_pattern_that_fits_limits_a_source() -> None:
    settings = InputSettings(lines_per_second=7, limits={"/var/log/*.log": 0, "/var/*": 5})
    limits = [settings.limit_of(name) for name in ("/var/log/a.log", "/var/x", "-")]
    assert limits == [0, 5, 7]
