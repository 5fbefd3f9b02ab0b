"""Wherever a transaction of answers breaks off, each command is done and answered once.

The client is the real one on a real Kafka; only at one call it fails as if Kafka were gone.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.events import ThoughtGenerated
from services.api.server import build
from services.bus.client import Client, Consumer, Outgoing, Producer, TopicPartition
from services.bus.errors import BusUnavailable
from services.bus.record import source_of
from services.bus.settings import BusSettings
from services.ingest import Ingest
from services.ingest.deciding import Decider
from services.store.codec import decode
from tests.integration.api.serving import OPERATOR, persona, serving, settings_for
from tests.integration.ingest.conftest import LIBRARIES, House, ended
from tests.integration.ingest.speaking import speaking

CALLS = ["begin", "send", "send_offsets", "commit"]
COMMANDS_EACH = 5


class Failing:
    """A producer that breaks off at one call, before or after it is made."""

    def __init__(self, producer: Producer, breaks: Callable[[str, str], None]) -> None:
        self._producer = producer
        self._breaks = breaks

    def init(self) -> None:
        self._producer.init()

    def begin(self) -> None:
        self._at("begin", self._producer.begin)

    def send(self, records: Sequence[Outgoing]) -> None:
        self._at("send", lambda: self._producer.send(records))

    def send_offsets(self, offsets: Mapping[TopicPartition, int], consumer: Consumer) -> None:
        self._at("send_offsets", lambda: self._producer.send_offsets(offsets, consumer))

    def commit(self) -> None:
        self._at("commit", self._producer.commit)

    def close(self) -> None:
        self._producer.close()

    def _at(self, name: str, call: Callable[[], None]) -> None:
        self._breaks("before", name)
        call()
        self._breaks("after", name)


class Breaking:
    """A client whose producers break off once, where they are told to."""

    def __init__(self, client: Client) -> None:
        self.name = client.name
        self._client = client
        self.at: tuple[str, str] | None = None

    @property
    def has_broken(self) -> bool:
        """Whether it has broken off where it was told to."""
        return self.at is None

    def producer(self, transactional_id: str) -> Producer:
        return Failing(self._client.producer(transactional_id), self._break)

    def consumer(self, group: str | None = None) -> Consumer:
        return self._client.consumer(group)

    def admin(self) -> Any:
        return self._client.admin()

    def _break(self, when: str, call: str) -> None:
        if self.at == (when, call):
            self.at = None
            raise BusUnavailable(f"broken off {when} {call}", "by this test")


@pytest.fixture(params=LIBRARIES)
def broken(
    request: pytest.FixtureRequest, database: str, tmp_path: Path, kafka: str, topics: None
) -> Iterator[tuple[House, Breaking]]:
    """A fabric that ingests by a client that can be told to break off."""
    bus = BusSettings.model_validate({"client": request.param, "transaction_timeout_ms": 1_000})
    settings = settings_for(tmp_path, database, kafka=kafka, bus=bus)
    with serving(settings) as served, served.client() as operator, speaking(kafka) as speaker:
        assert served.app.bus
        breaking = Breaking(served.app.bus)
        decider = Decider(build(served.app))
        ingest = Ingest(breaking, decider, source_of(served.app.recorder.store_id()))
        running = asyncio.run_coroutine_threadsafe(ingest.run(), served.loop)
        try:
            yield House(served, speaker, operator, tmp_path), breaking
        finally:
            running.cancel()
            asyncio.run_coroutine_threadsafe(ended(decider), served.loop).result(20)


def test_wherever_a_transaction_breaks_off_each_command_is_done_and_answered_once(
    broken: tuple[House, Breaking],
) -> None:
    house, breaking = broken
    speaker = house.speaker
    assert speaker.ask("spawn", **persona("p1")).status == 200
    asked: dict[str, str] = {}
    for when in ("before", "after"):
        for call in CALLS:
            breaking.at = (when, call)
            contents = [f"{when} {call} {number}" for number in range(COMMANDS_EACH)]
            sent = {speaker.send(thought(each), token=OPERATOR).id: each for each in contents}
            speaker.until(partial(speaker.has_answers, sent))
            assert breaking.has_broken
            asked |= sent
    speaker.listen(3)
    assert Counter(r.id for r in speaker.replies if r.id in asked) == dict.fromkeys(asked, 1)
    assert {each.status for each in speaker.replies} == {200}
    assert speaker.letters == []
    stored = house.served.app.recorder.read(0, 1_000, topics=[ThoughtGenerated.topic])
    events = [decode(each.state) for each in stored]
    assert [e.content for e in events if isinstance(e, ThoughtGenerated)] == [*asked.values()]


def thought(content: str) -> bytes:
    told = {"persona_id": "p1", "phase": "reflect", "content": content}
    return json.dumps({"command": "think", "command_id": uuid4().hex, **told}).encode()
