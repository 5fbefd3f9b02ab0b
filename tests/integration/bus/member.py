"""A member of a consumer group, as tests of sharing have them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Lock, Thread

from services.bus.client import Client, Consumer, Incoming, TopicPartition


class Member:
    """A consumer of a group that polls in a thread of its own, and what it was returned."""

    def __init__(
        self,
        client: Client,
        group: str,
        topics: Sequence[str],
        poll_secs: float = 0.05,
        busy_secs: float = 0.005,
    ) -> None:
        self.consumer = client.consumer(group)
        self.consumer.subscribe(topics)
        self._poll_secs = poll_secs
        self._busy_secs = busy_secs
        self._records: list[Incoming] = []
        self._stopped = Event()
        self._lock = Lock()
        self._thread = Thread(target=self._poll, daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        while not self._stopped.wait(self._busy_secs):
            with self._lock:
                self._records += self.consumer.poll(self._poll_secs, 1_000)

    @contextmanager
    def quiet(self) -> Iterator[Consumer]:
        """Keep it from polling for as long as the block lasts."""
        with self._lock:
            yield self.consumer

    def shares(self) -> int:
        """Return how many partition numbers it has, none of them started; -1: some are."""
        with self.quiet() as consumer:
            new = consumer.assigned()
            return len({each.partition for each in new}) if consumer.waiting() == new else -1

    def start(self, offsets: Mapping[TopicPartition, int] | None = None) -> None:
        """Start these partitions, or all that wait from their beginning."""
        with self.quiet() as consumer:
            consumer.start(dict.fromkeys(consumer.waiting(), 0) if offsets is None else offsets)

    def numbers(self, where: TopicPartition) -> list[int]:
        """Return what came of a partition, in the order it came."""
        with self._lock:
            return [int(r.value or b"") for r in self._records if (r.topic, r.partition) == where]

    def stop(self) -> None:
        """Poll no more."""
        self._stopped.set()
        self._thread.join()
