"""Topics of others as inputs: every record is stored once, in order, whatever breaks off."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import kafka as kafka_python
import pytest

from domain.events import ObservationReceived
from services.app import App
from services.bus.client import Client, Incoming, Outgoing, TopicPartition
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.commands.lifecycle import DEFAULT_SWARM
from services.inputs.topics.following import TopicFollower
from services.inputs.topics.named import NamedTopic
from services.inputs.topics.places import Places
from services.inputs.topics.storing import Storage
from services.settings import Settings
from tests.checks import check_positions, history
from tests.e2e.process import until

PARTITIONS = 3


class Topic:
    """A topic of somebody else's, and what is stored of it."""

    def __init__(self, servers: str, app: App, client: Client) -> None:
        self.name = f"others-{uuid4().hex}"
        self.said: list[str] = []
        self._servers = servers
        self._app = app
        self.client = client

    def make(self, partitions: int = PARTITIONS, **settings: object) -> None:
        with self._admin() as admin:
            admin.create_topics({self.name: {"num_partitions": partitions, "configs": settings}})
            admin.wait_for_topics([self.name])

    def grow(self, partitions: int) -> None:
        with self._admin() as admin:
            admin.create_partitions({self.name: partitions})
            admin.wait_for_topics([self.name])

    def delete_before(self, offset: int, partition: int = 0) -> None:
        with self._admin() as admin:
            admin.delete_records({kafka_python.TopicPartition(self.name, partition): offset})

    def delete(self) -> None:
        with self._admin() as admin:
            admin.delete_topics([self.name])

    def write(self, *values: bytes | None, partition: int = 0) -> None:
        """Write records in one transaction."""
        producer = self.client.producer(uuid4().hex)
        try:
            producer.init()
            producer.begin()
            producer.send([Outgoing(self.name, partition, b"key", each, []) for each in values])
            producer.commit()
        finally:
            producer.close()

    def write_in_vain(self, *values: bytes) -> None:
        """Write records in a transaction that is aborted: by whoever has its name next."""
        name = uuid4().hex
        producer = self.client.producer(name)
        producer.init()
        producer.begin()
        producer.send([Outgoing(self.name, 0, None, each, []) for each in values])
        until(lambda: self.end() > 0, "they are there, but not committed")
        producer.close()
        successor = self.client.producer(name)
        successor.init()
        successor.close()

    def end(self) -> int:
        admin = self.client.admin()
        try:
            where = TopicPartition(self.name, 0)
            return admin.last_offsets([where])[where]
        finally:
            admin.close()

    @contextmanager
    def followed(self, *, latest: bool = False) -> Iterator[TopicFollower]:
        """Follow it for as long as the block lasts."""
        storage = Storage(self._app.executor, DEFAULT_SWARM, self._app.seed_core)
        topic = NamedTopic(self.name, latest)
        follower = TopicFollower(topic, self.client, storage, self.said.append, look_secs=0.3)
        follower.start()
        try:
            yield follower
        finally:
            follower.stop(20)

    def stored(self, partition: int = 0) -> list[ObservationReceived]:
        source = f"kafka:{self.name}/{partition}"
        events = (each.event for each in history(self._app.recorder))
        return [e for e in events if isinstance(e, ObservationReceived) and e.source == source]

    def lines(self, partition: int = 0) -> list[str]:
        whole = "".join(
            each.content + ("" if each.unfinished else "\n") for each in self.stored(partition)
        )
        return whole.split("\n")[:-1]

    def until_lines(self, lines: Sequence[str], partition: int = 0) -> None:
        until(lambda: len(self.lines(partition)) >= len(lines), f"{len(lines)} lines are stored")
        assert self.lines(partition) == list(lines)

    @contextmanager
    def _admin(self) -> Iterator[kafka_python.KafkaAdminClient]:
        admin = kafka_python.KafkaAdminClient(bootstrap_servers=self._servers)
        try:
            yield admin
        finally:
            admin.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def app(home: Path, database: str) -> Iterator[App]:
    with App(Settings(home=home, database_url=database)) as app:
        yield app


@pytest.fixture(params=["kafka-python", pytest.param("librdkafka", marks=pytest.mark.soak)])
def topic(request: pytest.FixtureRequest, app: App, kafka: str) -> Topic:
    return Topic(kafka, app, client_of(kafka, BusSettings(client=request.param)))


def numbered(*numbers: int) -> list[str]:
    return [f"line {number}" for number in numbers]


def encoded(lines: Sequence[str]) -> list[bytes]:
    return [line.encode() for line in lines]


def test_every_partition_is_a_log_of_its_own_in_its_order(topic: Topic, app: App) -> None:
    topic.make()
    parts = {number: numbered(*range(number * 100, number * 100 + 50)) for number in range(3)}
    for number, lines in parts.items():
        topic.write(*encoded(lines), partition=number)
    with topic.followed():
        for number, lines in parts.items():
            topic.until_lines(lines, number)
        topic.write(b"later", partition=1)
        topic.until_lines([*parts[1], "later"], 1)
    assert topic.said == []
    check_positions(history(app.recorder))


def test_a_restart_goes_on_where_what_is_stored_ends(topic: Topic) -> None:
    topic.make()
    written: list[str] = []
    for begin in range(0, 60, 20):
        more = numbered(*range(begin, begin + 20))
        topic.write(*encoded(more[:10]))
        with topic.followed():
            topic.write(*encoded(more[10:]))
            written += more
            topic.until_lines(written)
    assert [each.first_line for each in topic.stored()] == sorted(
        {each.first_line for each in topic.stored()}
    )
    assert topic.stored()[-1].offset == topic.end() - 1, "but for the end of the transaction"


def test_two_followers_store_each_record_once(topic: Topic) -> None:
    topic.make()
    written: list[str] = []
    with topic.followed(), topic.followed():
        for begin in range(0, 200, 10):
            more = numbered(*range(begin, begin + 10))
            topic.write(*encoded(more))
            written += more
        topic.until_lines(written)
        topic.write(b"last")
        topic.until_lines([*written, "last"])
    assert topic.said == []


def test_json_binary_empty_null_and_huge_records_are_lines_or_none(topic: Topic) -> None:
    topic.make()
    huge = "ü" * 400_000
    topic.write(b'{\n "a": 1\n}', b"\xff\x00", None, b"", huge.encode(), b"a\nb", None)
    with topic.followed():
        topic.until_lines(['{"a": 1}', "\ufffd\x00", "", huge, "a␤b"])
        topic.write(None, b"after")
        topic.until_lines(['{"a": 1}', "\ufffd\x00", "", huge, "a␤b", "after"])
    stored = topic.stored()
    assert sum(each.replaced_bytes for each in stored) == 1
    assert all(len(each.content.encode()) <= 64 * 1024 + 3 for each in stored)
    assert [each.unfinished for each in stored].count(True) == len(huge.encode()) // (64 * 1024)
    assert [each.offset for each in stored if each.unfinished] == [4] * 12
    assert topic.said == []


def test_what_was_not_committed_is_never_stored(topic: Topic) -> None:
    topic.make()
    topic.write_in_vain(b"aborted", b"too")
    topic.write(b"committed")
    with topic.followed():
        topic.until_lines(["committed"])
    assert topic.said == [], "offsets that lead nowhere are usual"


def test_new_partitions_are_noticed_and_read_from_their_first_record(topic: Topic) -> None:
    topic.make(1)
    topic.write(b"old")

    def begun() -> bool:
        topic.write(b"new")
        return bool(topic.lines())

    with topic.followed(latest=True):
        until(begun, "it reads what comes from now")
        topic.grow(2)
        topic.write(b"first", partition=1)
        topic.until_lines(["first"], 1)
        topic.write(b"newer")
        until(lambda: topic.lines()[-1:] == ["newer"], "what comes later is read")
    topic.write(b"meanwhile")
    with topic.followed(latest=True):
        until(lambda: topic.lines()[-1:] == ["meanwhile"], "it goes on behind what is stored")
    assert set(topic.lines()[:-2]) == {"new"}


def test_records_deleted_before_they_were_read_are_told_once(topic: Topic) -> None:
    topic.make(1)
    topic.write(*encoded(numbered(1, 2, 3)))
    with topic.followed():
        topic.until_lines(numbered(1, 2, 3))
    topic.write(*encoded(numbered(4, 5, 6)))
    topic.delete_before(6)  # 0 to 2, the end of a transaction, 4 to 6
    with topic.followed():
        topic.until_lines(numbered(1, 2, 3, 6))
    [said] = topic.said
    assert "from offset 3 to 5 were deleted by Kafka before they were read" in said
    with topic.followed():
        topic.write(b"line 7")
        topic.until_lines(numbered(1, 2, 3, 6, 7))
    assert topic.said == [said]


def test_records_deleted_while_it_reads_are_told_too(topic: Topic, app: App) -> None:
    topic.make(1)
    where = TopicPartition(topic.name, 0)
    storage = Storage(app.executor, DEFAULT_SWARM, app.seed_core)
    places = Places(NamedTopic(topic.name), storage.mark, topic.said.append)
    admin, consumer = topic.client.admin(), topic.client.consumer()
    try:
        assert places.know(1, admin)
        assert not places.know(1, admin), "they are known"
        topic.write(*encoded(numbered(0, 1, 2)))
        topic.write(*encoded(numbered(4, 5, 6)))
        topic.delete_before(5)
        consumer.assign(places.offsets)
        records: list[Incoming] = []

        def came() -> bool:
            records.extend(consumer.poll(0.2, 9))
            return bool(records)

        until(came, "the rest is read")
        places.see(records, admin)
    finally:
        consumer.close()
        admin.close()
    assert [each.value for each in records] == encoded(numbered(5, 6))
    [said] = topic.said
    assert "from offset 0 to 4 were deleted by Kafka before they were read" in said
    assert places[where].next == 5


def test_a_topic_that_is_not_there_yet_or_made_anew_is_read_from_its_start(topic: Topic) -> None:
    missing = f"Kafka has no topic {topic.name}; it is read once there is one"
    again = f"topic {topic.name} is read again"
    with topic.followed():
        until(lambda: topic.said == [missing], "it is said that there is none")
        topic.make(1)
        topic.write(*encoded(numbered(1, 2, 3)))
        topic.until_lines(numbered(1, 2, 3))
        assert topic.said == [missing, again]
        topic.delete()
        until(lambda: topic.said[2:].count(missing) == 1, "it is said again")
        topic.make(1)
        topic.write(b"new")
        topic.until_lines([*numbered(1, 2, 3), "new"])
    assert topic.said[-1] == again
    assert any("was made anew" in each for each in topic.said)


def test_a_record_that_no_save_can_hold_holds_up_no_other(topic: Topic, kafka: str) -> None:
    topic.make(1, **{"max.message.bytes": 20_000_000})
    writer = kafka_python.KafkaProducer(bootstrap_servers=kafka, max_request_size=20_000_000)
    for value in (b"a", b"\xff" * 3_000_000, b"x" * 12_000_000, b"z"):
        writer.send(topic.name, value).get(60)
    writer.close()
    with topic.followed():
        topic.until_lines(["a", "z"])
    assert sum("are not kept" in each for each in topic.said) == 2
    with topic.followed():
        topic.write(b"later")
        topic.until_lines(["a", "z", "later"])
