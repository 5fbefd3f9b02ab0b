"""Building views anew from Kafka."""

from typing import Final

from psycopg.rows import args_row

from services.bus.client import Client
from services.bus.record import source_of
from services.bus.source import KafkaSource
from services.store.recorder import Recorder
from services.views.apart import Apart
from services.views.filling import Goals
from services.views.rebuild import Feed

_LAST: Final = b"""
select wanted.partition, coalesce(last.position, 0)
from unnest(%(partitions)s::int2[], %(goals)s::int8[]) as wanted (partition, goal)
left join lateral (
    select position from events where (partition, position) <= (wanted.partition, wanted.goal)
        and partition = wanted.partition order by partition desc, position desc limit 1
) as last on true"""


def feed(client: Client, recorder: Recorder) -> Feed:
    """Feed a rebuild of a view from what was published of a store."""

    def reachable(goals: Goals) -> Goals:
        """Return the last event of each partition up to there: no other position ever comes."""
        wanted = {"partitions": list(goals), "goals": list(goals.values())}
        return dict(recorder.query(_LAST, wanted, args_row(_pair)))

    def source(apart: Apart) -> KafkaSource:
        apart.belongs(source_of(recorder.store_id()).decode())
        return KafkaSource(client, apart.group, apart.checkpoints, apart.broken, apart.belongs)

    return Feed(source, reachable)


def _pair(partition: int, position: int) -> tuple[int, int]:
    return partition, position
