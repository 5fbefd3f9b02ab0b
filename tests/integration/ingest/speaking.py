"""An agent that speaks to the fabric by Kafka alone: with kafka-python, whatever ingests."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

import kafka

from services.bus.client import Incoming
from services.bus.topics import COMMANDS, DEAD_LETTERS, REPLIES
from tests.integration.api.serving import OPERATOR

PATIENCE_SECS = 60.0
LARGEST = 32 * 1024 * 1024


class Sent(NamedTuple):
    """Where a record was put."""

    partition: int
    offset: int

    @property
    def id(self) -> str:
        return f"{self.partition}-{self.offset}"


class Reply(NamedTuple):
    """What came back."""

    record: Incoming
    headers: dict[str, str]
    told: dict[str, Any]

    @property
    def id(self) -> str:
        """Place of what it answers."""
        return self.headers["ce_id"]

    @property
    def status(self) -> int:
        return int(self.told["status"])

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.told["body"]
        return body


class Speaker:
    """Sends records; keeps every reply and dead letter that is committed since it was made."""

    def __init__(self, bootstrap: str) -> None:
        self.replies: list[Reply] = []
        self.letters: list[Incoming] = []
        self._tokens: set[str] = set()
        self._producer = kafka.KafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=5, max_request_size=LARGEST
        )
        self._consumer = kafka.KafkaConsumer(
            bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        every = [
            kafka.TopicPartition(topic, partition)
            for topic in (REPLIES, DEAD_LETTERS)
            for partition in self._consumer.partitions_for_topic(topic)
        ]
        self._consumer.assign(every)
        for each, end in self._consumer.end_offsets(every).items():
            self._consumer.seek(each, end)

    def put(
        self,
        value: bytes | None,
        token: str | None = OPERATOR,
        key: bytes | None = b"k",
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> Any:
        """Send a record; return the future of where."""
        self._tokens.update([token] if token else [])
        bearer = [("authorization", f"Bearer {token}".encode())] if token else []
        return self._producer.send(COMMANDS, value, key, [*bearer, *headers])

    def send(self, value: bytes | None, **how: Any) -> Sent:
        """Send a record; return where it is."""
        placed = self.put(value, **how).get(PATIENCE_SECS)
        return Sent(placed.partition, placed.offset)

    def ask(self, command: str, token: str | None = OPERATOR, **fields: Any) -> Reply:
        """Send a command in JSON, under a new key unless it has one; return its reply."""
        told = {"command": command, "command_id": uuid4().hex, **fields}
        sent = self.send(json.dumps(told).encode(), token=token)
        return self.answer(sent)

    def answer(self, sent: Sent) -> Reply:
        """Wait for the reply to a record."""
        self.until(lambda: any(each.id == sent.id for each in self.replies))
        return next(each for each in self.replies if each.id == sent.id)

    def has_answers(self, ids: Collection[str]) -> bool:
        """Tell whether each of these records has its reply."""
        return set(ids) <= {each.id for each in self.replies}

    def letter(self, sent: Sent) -> Incoming:
        """Wait for the dead letter of a record."""
        self.until(lambda: bool(self.letters_of(sent)))
        return self.letters_of(sent)[0]

    def letters_of(self, sent: Sent) -> list[Incoming]:
        return [each for each in self.letters if source(each) == sent]

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE_SECS) -> None:
        """Read on until something holds."""
        deadline = monotonic() + seconds
        while not holds():
            assert monotonic() < deadline, f"waited {seconds:.0f} s in vain"
            self.listen(0.2)

    def listen(self, seconds: float) -> None:
        """Take in what has come, or comes soon."""
        for (topic, _), records in self._consumer.poll(int(seconds * 1_000)).items():
            for r in records:
                record = Incoming(
                    r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers
                )
                if topic == REPLIES:
                    headers = {name: (value or b"").decode() for name, value in r.headers}
                    self.replies.append(Reply(record, headers, json.loads(r.value)))
                else:
                    self.letters.append(record)

    def tells_no_token(self) -> None:
        """No token is in anything that came back."""
        came = repr([*self.letters, *(each.record for each in self.replies)])
        assert not [token for token in self._tokens if token in came]

    def close(self) -> None:
        self._producer.close()
        self._consumer.close()


@contextmanager
def speaking(bootstrap: str) -> Iterator[Speaker]:
    """Speak by Kafka for as long as the block lasts; at its end no token must have come back."""
    speaker = Speaker(bootstrap)
    try:
        yield speaker
    finally:
        speaker.close()
    speaker.tells_no_token()


def source(letter: Incoming) -> Sent:
    """Return where what a dead letter is of was put."""
    told = dict(letter.headers)
    assert told["source-topic"] == COMMANDS.encode()
    return Sent(int(told["source-partition"] or b""), int(told["source-offset"] or b""))


def reason(letter: Incoming) -> str:
    """Return the stable name of what is wrong."""
    told = dict(letter.headers)
    assert told["reason"]
    return (told["reason-code"] or b"").decode()
