"""Kafka as whoever runs `perpetua up` meets it: there, away, and not as it must be."""

import json
from pathlib import Path

import kafka as kafka_python
import pytest

from domain.events import EVENT_CLASSES
from services.bus.broker import LocalBroker
from services.bus.connect import client
from services.bus.settings import BusSettings
from services.bus.verify import verify
from services.store.recorder import Recorder
from tests.e2e.process import EXAMPLE, SOON_SECS, Perpetua, until

NOWHERE = "127.0.0.1:1"


def with_kafka(perpetua: Perpetua, servers: str) -> Perpetua:
    perpetua.env |= {"PERPETUA_KAFKA": servers, "PERPETUA_BUS__CONNECT_TIMEOUT_MS": "1000"}
    return perpetua


def published(servers: str, stored: Recorder) -> bool:
    """Tell whether all that is stored is on Kafka, as it must be."""
    found = list(verify(client(servers, BusSettings()), stored, 12))
    assert [each.fault for each in found if each.fault] == []
    return sum(each.unpublished for each in found) == 0


@pytest.mark.usefixtures("topics_anew")
def test_up_publishes_all_it_does_and_says_so(
    perpetua: Perpetua, kafka: str, stored: Recorder
) -> None:
    with with_kafka(perpetua, kafka).up(EXAMPLE) as up:
        until(lambda: up.get("/v1/cognition/proposals"), "there are proposals")
        until(lambda: up.get("/v1/bus")["lag"] == 0, "Kafka is up to date")
        status = perpetua.json("status")["bus"]
        assert status["servers"] == kafka
        assert status["problem"] is None
        assert [slot["state"] for slot in status["slots"]] == ["publishing"]
        assert f"{kafka}, up to date" in perpetua("status").stdout
        up.interrupt()
    tried_on = "perpetua: the relay is held up, trying on"  # where Kafka is slow to make a topic
    assert [line for line in perpetua.errors.splitlines() if not line.startswith(tried_on)] == []
    assert published(kafka, stored), "the end of the loop too"
    verified = perpetua("topics", "--verify").stdout
    assert f"{stored.head():,} events on Kafka as in the store" in verified
    assert "has all topics, 12 partitions each" in perpetua("doctor").stdout


def test_thinking_goes_on_while_kafka_is_away_and_status_and_doctor_say_it(
    perpetua: Perpetua,
) -> None:
    with with_kafka(perpetua, NOWHERE).up(EXAMPLE) as up:
        until(lambda: up.get("/v1/cognition/proposals"), "there are proposals")
        until(
            lambda: "check that it runs" in str(perpetua.json("status")["bus"]["problem"]), "said"
        )
        assert up.get("/v1/bus")["lag"] > 0
        assert up.interrupt() < SOON_SECS
    told = perpetua("doctor", "--json", code=2).stdout
    [finding] = [each for each in json.loads(told) if not each["fine"]]
    assert finding["check"] == "kafka"
    assert "check that it runs, and PERPETUA_KAFKA" in finding["fix"]


def test_kafka_comes_late_and_gets_everything_from_the_first_event(
    perpetua: Perpetua, own_broker: LocalBroker, stored: Recorder
) -> None:
    own_broker.stop()
    with with_kafka(perpetua, own_broker.bootstrap).up(EXAMPLE) as up:
        until(lambda: up.get("/v1/cognition/proposals"), "there are proposals")
        own_broker.start()
        until(lambda: up.get("/v1/bus")["lag"] == 0, "Kafka is up to date")
    assert published(own_broker.bootstrap, stored)


@pytest.mark.usefixtures("topics_anew")
def test_topics_are_made_and_checked_by_command(perpetua: Perpetua, kafka: str) -> None:
    with_kafka(perpetua, kafka)
    compacted = "thought.generated is compacted"
    missing = perpetua("topics", "--check", code=2).stdout
    assert "thought.generated is missing; make it with `perpetua topics --create`" in missing
    made = perpetua("topics", "--create").stdout
    every = len(EVENT_CLASSES) + 4  # and commands, replies, dead letters, the relay's progress
    assert made.splitlines() == [f"Made {every} topics.", "All topics are as they must be."]
    assert perpetua("topics", "--create").stdout.splitlines()[0] == "Made 0 topics."
    compact(kafka, "thought.generated")
    until(lambda: compacted in perpetua("topics", "--check", code=None).stdout, "it is seen")
    assert compacted in perpetua("topics", "--check", code=2).stdout
    refused = perpetua.refused("relay")
    assert compacted in refused


def compact(servers: str, topic: str) -> None:
    admin = kafka_python.KafkaAdminClient(bootstrap_servers=servers)
    resource = kafka_python.admin.ConfigResource("TOPIC", topic, {"cleanup.policy": "compact"})
    admin.alter_configs([resource])
    admin.close()


@pytest.mark.parametrize("option", ["--create", "--check", "--verify"])
def test_topics_are_looked_after_all_together(perpetua: Perpetua, option: str) -> None:
    said = with_kafka(perpetua, NOWHERE).refused("topics", "vote.cast", option)
    assert "leave vote.cast out" in said


@pytest.mark.parametrize("command", ["relay", "ingest", "project lineage", "topics --create"])
def test_without_kafka_a_command_that_needs_it_says_what_to_set(
    perpetua: Perpetua, command: str
) -> None:
    assert "set PERPETUA_KAFKA=HOST:PORT" in perpetua.refused(*command.split())


@pytest.mark.parametrize("command", ["relay", "ingest", "project lineage", "topics --check"])
def test_a_kafka_out_of_reach_is_said_in_one_line(perpetua: Perpetua, command: str) -> None:
    said = with_kafka(perpetua, NOWHERE).refused(*command.split())
    assert "check that it runs, and PERPETUA_KAFKA" in said


def test_a_home_file_may_say_how_kafka_is_spoken_to(perpetua: Perpetua, tmp_path: Path) -> None:
    perpetua.home.mkdir()
    (perpetua.home / "perpetua.toml").write_text(
        f'kafka = "{NOWHERE}"\n[bus]\nclient = "librdkafka"\nsecurity_protocol = "SASL_SSL"\n'
        f'sasl_mechanism = "PLAIN"\nsasl_username = "u"\nsasl_password = "hunter2"\n'
        f'ssl_ca = "{tmp_path / "none.pem"}"\n'
    )
    said = perpetua.refused("topics", "--check")
    assert "hunter2" not in said
    assert "check the files named in [bus]" in said
