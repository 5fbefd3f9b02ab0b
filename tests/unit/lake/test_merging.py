"""Which files become one: few stay, and no row is written often."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.lake.columns import fingerprint
from services.lake.manifest import DataFile
from services.lake.merging import due
from services.lake.sizes import FANOUT, USUAL

TOPIC = "thought.generated"
TIERS = 5
FULL_BYTES = USUAL.file_bytes
sizes = st.integers(1, 2 * FULL_BYTES) | st.integers(1, 10_000)


def a_file(number: int, size: int, schema: str = fingerprint(TOPIC)) -> DataFile:
    return DataFile(
        name=str(number), rows=1, first=number, last=number, bytes=size, plain_bytes=size,
        fingerprint=schema,
    )  # fmt: skip


@given(st.lists(sizes, max_size=150))
def test_few_small_files_stay_and_no_row_is_written_more_often_than_there_are_tiers(
    arriving: list[int],
) -> None:
    numbers, there = count(), list[DataFile]()
    written: Counter[str] = Counter()
    for size in arriving:
        there.append(a_file(next(numbers), size))
        while merged := due(TOPIC, there, USUAL):
            assert len(merged) > 1
            total = sum(file.plain_bytes for file in merged)
            assert total <= FULL_BYTES
            one = a_file(next(numbers), total)
            written[one.name] = max(written[file.name] for file in merged) + 1
            there = [*(file for file in there if file not in merged), one]
    small = [file for file in there if file.plain_bytes <= FULL_BYTES // 2]
    assert len(small) < FANOUT * TIERS
    assert max(written.values(), default=0) <= TIERS
    assert sum(file.plain_bytes for file in there) == sum(arriving)


@pytest.mark.parametrize("size", [1, FULL_BYTES * 3])
def test_a_file_of_another_schema_is_renewed_even_alone(size: int) -> None:
    old = a_file(1, size, schema="other")
    assert list(due(TOPIC, [old, a_file(2, 1)], USUAL)) == [old]


def test_files_of_one_tier_become_one_once_there_are_enough() -> None:
    files = [a_file(number, 100) for number in range(FANOUT)]
    assert not due(TOPIC, files[1:], USUAL)
    assert list(due(TOPIC, files, USUAL)) == files
