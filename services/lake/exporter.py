"""From a source of events into a sink, batch by batch, until it has come far enough."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from domain.ports import EventSource
from services.lake.buffer import Buffer
from services.lake.sink import Sink
from services.lake.sizes import Sizes
from services.store.reading import LAST_POSITION

TAKE_SECS: Final = 0.1
LINGER_SECS: Final = 5.0
"""How long what has come may wait for more to share a file with."""

Goal = Mapping[int, int]
"""Partition to the position it is to reach."""


class Exporter:
    """Hands what a source has to a sink, a buffer full at a time."""

    def __init__(self, folder: Path, sink: Sink, goal: Goal, sizes: Sizes) -> None:
        """Prepare; partitions that come to their goal wait for nothing more."""
        self._folder = folder
        self._sink = sink
        self._goal = dict(goal)
        self._sizes = sizes
        self._buffer = self._empty()

    def run(self, source: EventSource, stopped: Callable[[], bool]) -> None:
        """Export until stopped; what is not handed over then is left to the next export.

        Raises:
            StoreUnavailable, BusError: the source is away; nothing is half done.
            OSError: a file can't be written; likewise.
        """
        while not stopped():
            stretches = source.take(TAKE_SECS)
            if not all(map(self._buffer.follows, stretches)):
                taken = {stretch.partition for stretch in stretches}
                self._begin_again(source, taken | self._buffer.ends.keys())
                continue
            for partition in self._buffer.add(stretches):
                source.leave(partition)
            if self._is_due():
                self._hand_over(source)

    def broken(self, partition: int, wrong: Exception) -> None:
        """Note that the source can't read a partition on."""
        self._buffer.fail(partition, None, wrong)

    def _is_due(self) -> bool:
        buffer = self._buffer
        aims = self._goal.keys() & buffer.ends.keys()
        are_there = all(buffer.ends[number].position >= self._goal[number] for number in aims)
        if buffer.is_full or buffer.failed or (aims and are_there):
            return True
        return not buffer.is_empty and buffer.age_secs >= LINGER_SECS

    def _hand_over(self, source: EventSource) -> None:
        buffer = self._buffer
        if not self._sink.commit(buffer.write(self._folder)):
            self._begin_again(source, buffer.ends.keys())
            return
        self._buffer = self._empty()
        for number, end in buffer.ends.items():
            if end.position >= self._goal.get(number, LAST_POSITION):
                del self._goal[number]

    def _begin_again(self, source: EventSource, partitions: Collection[int]) -> None:
        """Go back to where the lake is: somebody else has moved on what was gathered here."""
        self._buffer = self._empty()
        for number in partitions:
            source.again(number)

    def _empty(self) -> Buffer:
        return Buffer(self._sink.skipped, self._sizes)
