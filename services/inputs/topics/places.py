"""Where each partition of a topic goes on, and what is gone from under it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.bus.client import Admin, Incoming, TopicPartition
from services.commands.observation import Batch, Dropped
from services.inputs.mark import Mark
from services.inputs.topics.named import NamedTopic


@dataclass(frozen=True, slots=True)
class Place:
    """Where a partition is."""

    mark: Mark
    """What is stored of it."""
    next: int
    """Offset of the record that comes next: beyond the mark if what came was no line."""


class Places:
    """The partitions of one topic that are read."""

    def __init__(
        self, topic: NamedTopic, mark: Callable[[str], Mark], warn: Callable[[str], None]
    ) -> None:
        """Know none yet.

        Args:
            topic: whose partitions.
            mark: tells how far a source was read.
            warn: told, a sentence each time, of what can't be read any more.
        """
        self._topic = topic
        self._mark = mark
        self._warn = warn
        self._latest = topic.latest
        self._begin: dict[TopicPartition, int] = {}
        self._all: dict[TopicPartition, Place] = {}

    def __getitem__(self, where: TopicPartition) -> Place:
        return self._all[where]

    def __len__(self) -> int:
        return len(self._all)

    @property
    def offsets(self) -> Mapping[TopicPartition, int]:
        """Return where to read on."""
        return {where: place.next for where, place in self._all.items()}

    def forget(self) -> None:
        """Know none any more: what is stored of them is looked up anew."""
        self._all.clear()

    def know(self, partitions: int, admin: Admin) -> bool:
        """Take up partitions that are new, from what is stored of them; tell whether any are.

        Raises:
            BusUnavailable, StoreUnavailable: one of them is out of reach.
        """
        every = [TopicPartition(self._topic.name, number) for number in range(partitions)]
        new = [where for where in every if where not in self._all]
        if not new:
            return False
        marks = {where: self._mark(self._topic.source(where.partition)) for where in new}
        first, last = admin.first_offsets(new), admin.last_offsets(new)
        for where in new:
            begin = self._begin.setdefault(where, (last if self._latest else first)[where])
            wanted = marks[where].offset or begin
            kept = self._kept(where, wanted, first[where], last[where])
            self._all[where] = Place(marks[where], kept)
        self._latest = False  # a partition that is made later is read from its first record
        return True

    def advance(self, where: TopicPartition, upto: int, taken: Sequence[Batch | Dropped]) -> None:
        """Note what was stored of a partition, and that what came before an offset is done."""
        mark = self._all[where].mark
        if taken:
            last = taken[-1]
            count = last.line_count if isinstance(last, Batch) else last.lines
            mark = Mark(mark.length + len(taken), last.offset, last.first_line + count)
        self._all[where] = Place(mark, upto)

    def see(self, records: Iterable[Incoming], admin: Admin) -> None:
        """Notice, and warn of, records that were gone before they could be read.

        Offsets that lead to no record are usual: ends of transactions, what was compacted away.
        """
        heads: dict[TopicPartition, int] = {}
        for record in records:
            heads.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        odd = [where for where, offset in heads.items() if offset != self._all[where].next]
        if not odd:
            return
        first = admin.first_offsets(odd)
        for where in odd:
            place = self._all[where]
            if heads[where] < place.next:
                self._warn_anew(where)
            elif first[where] > place.next:
                self._warn_gone(where, place.next, first[where])
            self._all[where] = replace(place, next=heads[where])

    def _kept(self, where: TopicPartition, offset: int, first: int, last: int) -> int:
        """Return where to go on: at an offset, or at the oldest record if that is gone."""
        if offset > last:
            self._begin[where] = first
            self._warn_anew(where)
            return first
        if offset < first:
            self._warn_gone(where, offset, first)
            return first
        return offset

    def _warn_gone(self, where: TopicPartition, wanted: int, first: int) -> None:
        self._warn(
            f"{self._topic.source(where.partition)}: the records from offset {wanted:,} to"
            f" {first - 1:,} were deleted by Kafka before they were read; reading goes on at"
            f" {first:,}; raise the topic's retention if they matter"
        )

    def _warn_anew(self, where: TopicPartition) -> None:
        self._warn(
            f"{self._topic.source(where.partition)}: the topic was made anew, its offsets begin"
            " again; it is read from its oldest record"
        )
