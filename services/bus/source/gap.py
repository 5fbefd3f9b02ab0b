"""Tells an event that is late from one that is not there."""

from collections.abc import Collection
from time import monotonic
from typing import Final

from services.bus.client import Admin, Consumer, TopicPartition

PATIENCE_SECS: Final = 1.0
"""How long an event may be late before it is looked for: a commit reaches topics one by one."""


class Gap:
    """An event that others wait for."""

    def __init__(self, after: int, since: float) -> None:
        self.after = after
        """Position before the one that is waited for."""
        self._since = since
        self._ends: dict[TopicPartition, int] | None = None

    def is_certain(
        self, admin: Admin, consumer: Consumer, topics: Collection[TopicPartition]
    ) -> bool:
        """Tell whether the event is on none of the topics it could be on.

        It was written before what waits for it could be read, so it is before the ends they have
        now; once all up to there was read, it can't come any more.
        """
        if monotonic() - self._since < PATIENCE_SECS:
            return False
        if self._ends is None:
            self._ends = admin.last_offsets(topics)
        ends = {each: self._ends[each] for each in topics if each in self._ends}
        return all(consumer.position(each) >= end for each, end in ends.items())
