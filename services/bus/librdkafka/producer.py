"""Publishing in transactions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException

from services.bus.client import Consumer, Outgoing, TopicPartition
from services.bus.errors import BusUnavailable, ProducerFenced
from services.bus.librdkafka.connection import reach, unavailable
from services.bus.librdkafka.heard import Heard

_FENCED: Final = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.TRANSACTION_COORDINATOR_FENCED,
    }
)
_UNPLACED: Final = KafkaError._INCONSISTENT
"""What the library itself calls a transaction of which not all was delivered."""
_UNDELIVERED: Final = KafkaError._TIMED_OUT
_ROOM_SECS: Final = 0.1
"""How long to wait at a time for the library's queue to have room."""


class LibrdkafkaProducer:
    """A `Producer`. It keeps no second name of the library's own: `close` counts on that."""

    def __init__(
        self,
        configuration: Mapping[str, Any],
        heard: Heard,
        transactional_id: str,
        timeout_ms: int,
        patience_ms: int,
    ) -> None:
        self._lost: list[KafkaError] = []
        lost = self._lost  # a method of ours would keep the library's producer from its end

        def delivered(error: KafkaError | None, message: confluent_kafka.Message) -> None:
            if error or message.offset() is None:
                lost.append(error or KafkaError(_UNPLACED, "it is not known where a record is"))

        self._producer = confluent_kafka.Producer({**configuration, "on_delivery": delivered})
        self._heard = heard
        self._id = transactional_id
        self._timeout_secs = timeout_ms / 1_000
        self._patience_ms = patience_ms
        self._fenced = False

    def init(self) -> None:
        with self._translated():
            reach(self._producer, self._heard, self._patience_ms)
            self._producer.init_transactions(2 * self._timeout_secs)

    def begin(self) -> None:
        with self._translated():
            self._producer.begin_transaction()

    def send(self, records: Sequence[Outgoing]) -> None:
        with self._translated():
            for record in records:
                while not self._taken(record):  # until there is room; what times out makes some
                    self._producer.poll(_ROOM_SECS)
            self._producer.poll(0)

    def send_offsets(self, offsets: Mapping[TopicPartition, int], consumer: Consumer) -> None:
        with self._translated():
            placed = [confluent_kafka.TopicPartition(*each, at) for each, at in offsets.items()]
            group = consumer.native.consumer_group_metadata()
            self._producer.send_offsets_to_transaction(placed, group, self._timeout_secs)

    def commit(self) -> None:
        """Commit what has arrived, if all of it has.

        The library takes a batch for delivered when one after it was, even if the broker had
        refused it: as it does on a partition it has only just begun to lead. Such a record has no
        offset, and its transaction must not be committed.
        """
        with self._translated():
            left = self._producer.flush(2 * self._timeout_secs)
            if left or self._lost:
                raise self._meaning(self._lost[0] if self._lost else KafkaError(_UNDELIVERED))
            self._producer.commit_transaction(2 * self._timeout_secs)

    def close(self) -> None:
        """Drop the library's producer by its last name.

        Its own `close` aborts and flushes first, without limit: it hangs while the broker does.
        """
        if hasattr(self, "_producer"):
            self._producer.purge()
            del self._producer

    def _taken(self, record: Outgoing) -> bool:
        topic, partition, key, value, headers = record
        try:
            self._producer.produce(topic, value, key, partition, headers=headers)
        except BufferError:
            return False
        return True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise self._meaning(error.args[0]) from error
        except SystemError as error:  # a fatal error, and before it was raised a delivery report
            if not isinstance(error.__cause__, KafkaException):
                raise
            raise self._meaning(error.__cause__.args[0]) from error

    def _meaning(self, error: KafkaError) -> BusUnavailable:
        if error.code() == KafkaError._FATAL:
            error = self._fatal() or error
        self._fenced = self._fenced or error.code() in _FENCED
        return ProducerFenced(self._id) if self._fenced else unavailable(error)

    def _fatal(self) -> KafkaError | None:
        """Ask what the fatal error was: `produce` only says that there was one."""
        try:
            self._producer.begin_transaction()
        except KafkaException as error:
            fatal: KafkaError = error.args[0]
            return fatal
        return None
