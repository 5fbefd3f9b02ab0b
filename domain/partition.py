"""Which partition a swarm's events are in: the same on every topic, for ever.

It is Kafka's own murmur2 of the key, so that any client's default partitioner agrees
(org.apache.kafka.common.utils.Utils.murmur2).
"""

from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C


@lru_cache(maxsize=65_536)
def partition_of(swarm_id: str, partitions: int) -> int:
    """Return the partition of a swarm, from 0."""
    return (murmur2(swarm_id.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Return the 32-bit murmur2 hash as Kafka computes it, unsigned."""
    h = _SEED ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)
