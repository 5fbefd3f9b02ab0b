"""What we need of a Kafka client, and no more: so that either library serves (ADR 8).

Every method may raise `BusUnavailable`. None is safe to be called from two threads at once.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

Headers = list[tuple[str, bytes]]


MAKING_SECS: Final = 60.0
"""How long the leaders of new topics may take to be ready: each partition is files to be made."""


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Outgoing(NamedTuple):
    """A record to publish."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Incoming(NamedTuple):
    """A record that was read; only committed ones are."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class TopicState(NamedTuple):
    """A topic as the broker has it."""

    partitions: int
    replicas: int
    """Copies of each partition."""
    configuration: Mapping[str, str]
    """Its settings by name; empty where this user may not see them."""


class NewTopic(NamedTuple):
    """A topic to make."""

    name: str
    partitions: int
    replicas: int
    """Copies of each partition; -1: the broker's default."""
    configuration: Mapping[str, str]


class Producer(Protocol):
    """Publishes in transactions. Who holds the id last is the only one who can."""

    def init(self) -> None:
        """Fence whoever held the id before; what they left open is ended when this returns."""
        ...

    def begin(self) -> None:
        """Begin a transaction.

        Raises:
            ProducerFenced: another one holds the id now; so do all that follow.
        """
        ...

    def send(self, records: Sequence[Outgoing]) -> None:
        """Publish records in this order."""
        ...

    def send_offsets(self, offsets: Mapping[TopicPartition, int], consumer: "Consumer") -> None:
        """Commit where a consumer's group goes on, together with what was sent."""
        ...

    def commit(self) -> None:
        """Commit. If this raises, it may or may not have been: use this producer no more."""
        ...

    def close(self) -> None:
        """Drop the connection; a transaction that is open is left to its timeout."""
        ...


class Consumer(Protocol):
    """Reads what was committed, in the order of each partition. Never commits by itself."""

    def assign(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets, without a group."""
        ...

    def subscribe(self, topics: Collection[str]) -> None:
        """Share topics with the consumer's group: the same partition number of all of them."""
        ...

    def assigned(self) -> frozenset[TopicPartition]:
        """Return what the last `poll` left assigned."""
        ...

    def waiting(self) -> frozenset[TopicPartition]:
        """Return what is assigned and waits for `start`: after each rebalance, all of it.

        Another may have had it in between, so that only who keeps the progress knows from where.
        """
        ...

    def start(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Begin to read partitions that were assigned, or go back in them."""
        ...

    def poll(self, timeout_secs: float, limit: int) -> Sequence[Incoming]:
        """Return what has come, at most so many records; wait if there is nothing."""
        ...

    def position(self, partition: TopicPartition) -> int:
        """Return the offset up to which all was returned, or was no record."""
        ...

    def committed(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where the group goes on, by its own commits; without those that have none."""
        ...

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Return nothing of these until they are resumed."""
        ...

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Return what comes of these again."""
        ...

    @property
    def native(self) -> Any:
        """The library's own consumer, for the producer of the same library."""
        ...

    def close(self) -> None:
        """Leave the group and drop the connection."""
        ...


class Admin(Protocol):
    """Looks after topics."""

    def topics(self, names: Collection[str]) -> dict[str, TopicState]:
        """Return the topics of these names that there are."""
        ...

    def create(self, topics: Sequence[NewTopic]) -> None:
        """Make topics; those that somebody else made meanwhile are left as they are.

        When it returns, all of them can be written to: they have leaders, and these know it.
        """
        ...

    def first_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset of the oldest record that is kept."""
        ...

    def last_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset after the last record, committed or not."""
        ...

    def close(self) -> None:
        """Drop the connection."""
        ...


class Client(Protocol):
    """Makes producers, consumers and admins for one Kafka."""

    name: str
    """The library's."""

    def producer(self, transactional_id: str) -> Producer:
        """Make a producer."""
        ...

    def consumer(self, group: str | None = None) -> Consumer:
        """Make a consumer, of a group if it is to share topics."""
        ...

    def admin(self) -> Admin:
        """Make an admin."""
        ...
