"""Partitions of which part of a transaction may be on Kafka and part not: kept until mended.

A transaction is whole, Kafka says. Yet 4.4.0 forgets to end one on partitions that have no
leader at that moment (KRaftMetadataCache.getPartitionLeaderEndpoint takes them for deleted), as all
have while a single broker restarts. Their records are neither there nor not, and would be part of
the next transaction: doubled by its commit, lost by its abort, whatever became of the others.

Each topic has a whole beginning of its events all the same. So the open ends are voided, and what
is missing behind each end is published in one transaction.
"""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import scalar_row

from services.store.recorder import Recorder

# All three may be asked again, as the recorder does when the server was away.
_MARK = b"""
insert into meta (name, value) select unnest(%(names)s::text[]), 'due'
on conflict (name) do update set value = excluded.value returning name"""
_DUE = b"select name from meta where name = any(%(names)s::text[])"
_DONE = b"delete from meta where name = any(%(names)s::text[]) returning name"


def mark(recorder: Recorder, partitions: Sequence[int]) -> None:
    """Note that partitions may have to be mended, before anything is voided."""
    recorder.query(_MARK, _names(partitions), scalar_row)


def is_due(recorder: Recorder, partitions: Sequence[int]) -> bool:
    """Tell whether one of the partitions may have to be mended."""
    return bool(recorder.query(_DUE, _names(partitions), scalar_row))


def done(recorder: Recorder, partitions: Sequence[int]) -> None:
    """Note that partitions are whole."""
    recorder.query(_DONE, _names(partitions), scalar_row)


def _names(partitions: Sequence[int]) -> dict[str, Any]:
    return {"names": [f"relay_mend_{each}" for each in partitions]}
