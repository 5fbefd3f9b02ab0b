"""Partitions agree with Kafka's own partitioner, for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.partition import murmur2, partition_of

VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""From `UtilsTest.testMurmur2` of Apache Kafka."""


@pytest.mark.parametrize(("data", "signed"), VECTORS.items())
def test_the_hash_is_kafkas(data: bytes, signed: int) -> None:
    assert murmur2(data) == signed % 2**32


@given(swarm_id=st.text(min_size=1), partitions=st.integers(1, 1_024))
def test_a_swarm_has_one_partition(swarm_id: str, partitions: int) -> None:
    partition = partition_of(swarm_id, partitions)
    assert 0 <= partition < partitions
    assert partition == (murmur2(swarm_id.encode()) & 0x7FFFFFFF) % partitions


def test_the_sign_bit_is_masked_as_kafka_masks_it() -> None:
    assert murmur2(b"21") >> 31 == 1
    assert partition_of("21", 12) == (-973932308 & 0x7FFFFFFF) % 12


def test_swarms_are_spread_over_all_partitions() -> None:
    found = [partition_of(f"swarm-{n}", 12) for n in range(12_000)]
    assert all(800 < found.count(partition) < 1_200 for partition in range(12))
