"""`perpetua up --from-kafka`: topics of others as inputs, killed, cut off, and misnamed."""

import json
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import kafka as kafka_python
import pytest

from domain.events import ObservationReceived
from services.bus.broker import LocalBroker
from services.store.recorder import Recorder
from tests.checks import check_positions, history
from tests.e2e.process import EXAMPLE, SOON_SECS, Perpetua, Up, until

NOWHERE = "127.0.0.1:1"
PARTITIONS = 2


@pytest.fixture
def named() -> str:
    return f"others-{uuid4().hex}"


def with_kafka(perpetua: Perpetua, servers: str) -> Perpetua:
    perpetua.env |= {"PERPETUA_KAFKA": servers}
    return perpetua


def make(servers: str, topic: str) -> None:
    admin = kafka_python.KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics({topic: {"num_partitions": PARTITIONS}})
    admin.wait_for_topics([topic])
    admin.close()


class Writer:
    """Writes numbered lines, turn by turn to every partition."""

    def __init__(self, servers: str, topic: str) -> None:
        self._producer = kafka_python.KafkaProducer(bootstrap_servers=servers)
        self._topic = topic
        self.written: list[list[str]] = [[] for _ in range(PARTITIONS)]

    def write(self, count: int) -> None:
        for number in range(count):
            lines = self.written[number % PARTITIONS]
            lines.append(f"line {len(lines)} of {number % PARTITIONS}")
            self._producer.send(
                self._topic, lines[-1].encode(), partition=number % PARTITIONS
            )  # fmt: skip
        self._producer.flush()

    def close(self) -> None:
        self._producer.close()


def observed(stored: Recorder, topic: str) -> list[list[str]]:
    lines: list[list[str]] = [[] for _ in range(PARTITIONS)]
    for each in history(stored):
        if isinstance(each.event, ObservationReceived) and topic in each.event.source:
            partition = int(each.event.source.removeprefix(f"kafka:{topic}/"))
            lines[partition] += each.event.content.split("\n")
    return lines


def more_than(stored: Recorder, topic: str, count: int) -> None:
    until(lambda: sum(map(len, observed(stored, topic))) > count, f"more than {count} observed")


def are_observed(stored: Recorder, topic: str, wanted: Sequence[Sequence[str]]) -> bool:
    found = observed(stored, topic)
    assert all(some == all_[: len(some)] for some, all_ in zip(found, wanted, strict=True)), found
    return found == wanted


@pytest.mark.usefixtures("topics_anew")
def test_killed_again_and_again_it_observes_each_record_once_beside_a_file(
    perpetua: Perpetua, kafka: str, stored: Recorder, named: str
) -> None:
    make(kafka, named)
    writer = Writer(kafka, named)
    with_kafka(perpetua, kafka)
    for before in (0, 8_000):
        writer.write(4_000)
        with perpetua.up(EXAMPLE, "--from-kafka", named) as up:
            writer.write(4_000)
            more_than(stored, named, before)
            up.kill()
    with perpetua.up(EXAMPLE, "--from-kafka", named) as up:
        until(lambda: are_observed(stored, named, writer.written), "all is observed")
        until(lambda: up.get("/v1/cognition/proposals"), "the file is thought about")
        assert up.interrupt() < SOON_SECS
    writer.close()
    assert perpetua.errors == ""
    check_positions(history(stored))


@pytest.mark.usefixtures("topics_anew")
def test_an_attack_told_in_json_records_is_counted_and_proposed_against(
    perpetua: Perpetua, kafka: str, named: str
) -> None:
    make(kafka, named)
    producer = kafka_python.KafkaProducer(bootstrap_servers=kafka)
    for number in range(60):
        fields = {
            "level": "warning",
            "http": {"client_ip": "203.0.113.9"},
            "user": f"u{number}",
            "msg": "Failed login",
        }
        producer.send(named, json.dumps(fields, indent=2).encode(), partition=0)
    producer.close()
    with with_kafka(perpetua, kafka).up("--from-kafka", named) as up:
        until(lambda: proposed(up) == {"Deny 203.0.113.9: 'Failed login' 60 times"}, "all of them")


def proposed(up: Up) -> set[str]:
    return {each["title"] for each in up.get("/v1/cognition/proposals")}


def test_kafka_away_at_the_start_is_said_and_the_rest_goes_on(
    perpetua: Perpetua, named: str
) -> None:
    perpetua.env["PERPETUA_BUS__CONNECT_TIMEOUT_MS"] = "500"
    with with_kafka(perpetua, NOWHERE).up(EXAMPLE, "--from-kafka", named) as up:
        until(lambda: up.get("/v1/cognition/proposals"), "the file is thought about")
        said = f"and PERPETUA_KAFKA; {named} is read once it answers"
        until(lambda: said in perpetua.output, "it is said")
        assert up.interrupt() < SOON_SECS


@pytest.mark.soak
def test_kafka_may_be_away_at_the_start_and_in_between(
    perpetua: Perpetua, own_broker: LocalBroker, stored: Recorder, named: str
) -> None:
    make(own_broker.bootstrap, named)
    own_broker.stop()
    with with_kafka(perpetua, own_broker.bootstrap).up("--from-kafka", named) as up:
        said_times(perpetua, 1)
        for times in (1, 2):
            own_broker.start()
            writer = Writer(own_broker.bootstrap, named)
            writer.write(100)
            more_than(stored, named, times * 100 - 1)
            writer.close()
            own_broker.stop()
            said_times(perpetua, times + 1)
        assert up.interrupt() < SOON_SECS


def said_times(perpetua: Perpetua, times: int) -> None:
    until(lambda: perpetua.output.count("once it answers") == times, f"said {times} times")


def test_a_topic_that_is_not_there_is_refused_and_not_made(
    perpetua: Perpetua, kafka: str, named: str
) -> None:
    said = with_kafka(perpetua, kafka).refused("up", "--from-kafka", named)
    assert f"has no topic {named}; check its name, or make it first" in said
    admin = kafka_python.KafkaAdminClient(bootstrap_servers=kafka)
    assert named not in admin.list_topics()
    admin.close()
    assert not perpetua.home.exists()


def test_our_own_events_are_no_input(perpetua: Perpetua, kafka: str) -> None:
    said = with_kafka(perpetua, kafka).refused("up", "--from-kafka", "thought.generated")
    assert "would feed itself for ever" in said


def test_without_kafka_it_says_what_to_set(perpetua: Perpetua, tmp_path: Path) -> None:
    assert "set PERPETUA_KAFKA=HOST:PORT" in perpetua.refused("up", "--from-kafka", "logs")
