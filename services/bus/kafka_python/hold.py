"""What a rebalance does to the partitions of a consumer."""

from collections.abc import Iterable

import kafka


class Hold(kafka.ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Keeps what is assigned from being read before it is known from where.

    Of what stays, too: the library would go on where it was, though another may have had it.
    """

    def __init__(self, consumer: kafka.KafkaConsumer) -> None:
        self._consumer = consumer
        self.held: set[kafka.TopicPartition] = set()
        """What waits to be started."""

    def on_partitions_revoked(self, revoked: object) -> None:
        """Do nothing: the library drops nothing before it knows what is assigned instead."""

    def on_partitions_assigned(self, assigned: Iterable[kafka.TopicPartition]) -> None:
        """Hold all that is assigned now."""
        self.held = set(assigned)
        self._consumer.pause(*self.held)
