"""Publishing in transactions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import kafka
from kafka import errors

from services.bus.client import Consumer, Outgoing, TopicPartition
from services.bus.errors import ProducerFenced
from services.bus.kafka_python.connection import translated, unavailable

_FENCED: Final = (
    errors.ProducerFencedError,
    errors.InvalidProducerEpochError,
    errors.InvalidProducerIdMappingError,
    errors.TransactionCoordinatorFencedError,
)

_END_SECS: Final = 2.0
"""How long the library's thread may take to end; it waits for nothing."""


class KafkaPythonProducer:
    """A `Producer`."""

    def __init__(self, producer: kafka.KafkaProducer, transactional_id: str) -> None:
        self._producer = producer
        self._id = transactional_id
        self._sent: list[Any] = []

    def init(self) -> None:
        self._call(self._producer.init_transactions)

    def begin(self) -> None:
        self._call(self._producer.begin_transaction)

    def send(self, records: Sequence[Outgoing]) -> None:
        self._call(lambda: self._send(records))

    def send_offsets(self, offsets: Mapping[TopicPartition, int], consumer: Consumer) -> None:
        placed = {
            kafka.TopicPartition(*each): kafka.OffsetAndMetadata(offset, "", -1)
            for each, offset in offsets.items()
        }
        group = consumer.native.group_metadata()
        manager = self._producer._transaction_manager
        self._call(lambda: self._wait(manager.send_offsets_to_transaction(placed, group)))

    def commit(self) -> None:
        manager = self._producer._transaction_manager
        self._call(lambda: self._wait(manager.begin_commit()))
        for sent in self._sent:
            if sent.failed():
                raise unavailable(sent.exception)
        self._sent.clear()

    def close(self) -> None:
        """Drop what is under way, for which the library's own `close` would wait, or fail."""
        sender = self._producer._sender
        sender.force_close()
        sender.join(_END_SECS)
        self._producer.close(timeout=0)

    def _send(self, records: Sequence[Outgoing]) -> None:
        send, sent = self._producer.send, self._sent
        for topic, partition, key, value, headers in records:
            sent.append(send(topic, value, key, headers, partition))

    def _wait(self, result: Any) -> None:
        """Wait for what goes on in the library's thread; its own methods would for ever."""
        self._producer._sender.wakeup()
        patience_ms = self._producer.config["max_block_ms"]
        if not result.wait(timeout_ms=patience_ms):
            raise errors.KafkaTimeoutError(f"no answer within {patience_ms:,} ms")

    @translated
    def _call(self, call: Callable[[], object]) -> None:
        try:
            call()
        except _FENCED as error:
            raise ProducerFenced(self._id) from error
        except errors.KafkaError as error:  # said once; then only that there was an error
            if isinstance(self._producer._transaction_manager.last_error, _FENCED):
                raise ProducerFenced(self._id) from error
            raise
