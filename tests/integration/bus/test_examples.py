"""Consumers in other languages and libraries see exactly what the store has."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from shutil import copytree

import pytest
from cloudevents.core.bindings.kafka import from_kafka
from cloudevents.core.formats.json import JSONFormat

from domain.events import EVENT_CLASSES
from services.schemas import FOLDER
from services.store.codec import decode
from services.store.recorder import Recorder
from tests.integration.bus.consuming import Line, by_partition, messages, stored
from tests.integration.bus.publishing import published as published_by_the_relay

pytestmark = pytest.mark.timeout(600)  # Maven fetches what it needs the first time

EXAMPLES = FOLDER.parent.parent / "examples"
MAVEN = ["mvn", "-q", "-B", "-ntp", "-f", str(EXAMPLES / "consumer-java"), "compile", "exec:java"]
COMMANDS = {
    "kafka-python": [sys.executable, str(EXAMPLES / "consumer.py")],
    "confluent-kafka": [sys.executable, str(EXAMPLES / "consumer_confluent.py")],
    "java": MAVEN,
}
each_example = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture(scope="module")
def published(kafka: str, postgres: str, template: str) -> Iterator[Recorder]:
    """A store all of which is on Kafka."""
    with published_by_the_relay(kafka, postgres, template) as store:
        yield store


@each_example
def test_every_event_comes_in_the_order_of_the_store(
    name: str, kafka: str, published: Recorder
) -> None:
    printed = lines(run(name, kafka))
    assert by_partition(printed) == by_partition(stored(published))
    assert {line["topic"] for line in printed} == set(EVENT_CLASSES)
    assert len({line["partition"] for line in printed}) > 2


@each_example
def test_topics_that_are_asked_for_keep_their_order(
    name: str, kafka: str, published: Recorder
) -> None:
    asked = ["vote.cast", "thought.generated", "budget.leased"]
    printed = lines(run(name, kafka, "--topic", *asked))
    expected = [line for line in stored(published) if line["topic"] in asked]
    assert by_partition(printed) == by_partition(expected)


@each_example
def test_one_topic_is_enough(name: str, kafka: str, published: Recorder) -> None:
    printed = lines(run(name, kafka, "--topic", "thought.generated"))
    expected = [line for line in stored(published) if line["topic"] == "thought.generated"]
    assert by_partition(printed) == by_partition(expected)


@each_example
def test_a_newer_schema_reads_what_a_released_one_wrote(
    name: str, kafka: str, published: Recorder, tmp_path: Path
) -> None:
    newer = copytree(FOLDER, tmp_path / "avro")
    schema = json.loads((newer / "vote.cast.avsc").read_text())
    copytree(FOLDER, newer / "history" / "0.0.1", ignore=lambda folder, names: {"history"})
    schema["fields"].append({"name": "mood", "type": "string", "default": "calm"})
    (newer / "vote.cast.avsc").write_text(json.dumps(schema))
    printed = lines(run(name, kafka, "--topic", "vote.cast", "--schemas", str(newer)))
    expected = [line for line in stored(published) if line["topic"] == "vote.cast"]
    for line in expected:
        line["event"]["mood"] = "calm"
    assert by_partition(printed) == by_partition(expected)


def test_a_gap_is_not_passed_over(kafka: str, published: Recorder, tmp_path: Path) -> None:
    """A class that the examples do not know is one way to get a gap, and the quickest to make."""
    fewer = copytree(FOLDER, tmp_path / "avro")
    for path in fewer.rglob("vote.cast.avsc"):
        path.unlink()
    before: dict[int, list[Line]] = defaultdict(list)
    ended: set[int] = set()
    for line in stored(published):
        if line["topic"] == "vote.cast":
            ended.add(line["partition"])
        if line["partition"] not in ended:
            before[line["partition"]].append(line)
    ways = product(COMMANDS, [["--until-end"], []])
    with ThreadPoolExecutor() as together:
        done = list(
            together.map(lambda way: ran(way[0], kafka, *way[1], "--schemas", str(fewer)), ways)
        )
    for each in done:
        assert each.returncode == 1
        assert "lacks the event after position" in each.stderr + each.stdout
        printed = [line for line in each.stdout.splitlines() if line.startswith("{")]
        assert by_partition(map(json.loads, printed)) == before


def test_a_topic_that_is_not_there_is_named_and_not_made(kafka: str, published: Recorder) -> None:
    with ThreadPoolExecutor() as together:
        done = list(together.map(lambda n: run(n, kafka, "--topic", "vote.caste"), COMMANDS))
    for each in done:
        assert each.returncode == 1
        assert "no topic of events here: vote.caste" in each.stderr + each.stdout
    assert not [each for each in done[:2] if "Traceback" in each.stderr]


@pytest.mark.parametrize("name", ["kafka-python", "confluent-kafka"])
def test_who_reads_no_further_gets_no_traceback(name: str, kafka: str, published: Recorder) -> None:
    command = [*COMMANDS[name], "--bootstrap", kafka, "--until-end"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as example:
        assert example.stdout
        assert example.stderr
        assert example.stdout.readline().startswith("{")
        example.stdout.close()
        assert example.stderr.read() == ""


def test_every_record_is_a_cloudevent_to_the_sdk_for_python(
    kafka: str, published: Recorder
) -> None:
    """To the one for Java too, in the example. 1.0, Kafka protocol binding, binary mode."""
    events = published.read(0, 100_000)
    previous: dict[int, int] = {}
    expected = {}
    for each in events:
        expected[each.position] = (each, previous.get(each.partition, 0))
        previous[each.partition] = each.position

    for message in messages(kafka):
        told = from_kafka(message, JSONFormat())
        was, before = expected.pop(int(told.get_extension("position")))
        event = decode(was.state)
        assert told.get_specversion() == "1.0"
        assert told.get_id() == event.event_id
        assert told.get_source() == f"/perpetua/{published.store_id()}"
        assert told.get_type() == was.topic
        assert told.get_time() == event.occurred_at
        assert told.get_subject() == was.stream
        assert told.get_datacontenttype() == "application/avro"
        assert told.get_extension("streamversion") == str(was.version)
        assert told.get_extension("previous") == str(before)
        assert told.get_extension("partitionkey") == event.swarm_id
        assert told.get_data() == was.state
        named = {"specversion", "id", "source", "type", "time", "subject", "datacontenttype"}
        extensions = {"streamversion", "position", "previous", "partitionkey"}
        assert told.get_attributes().keys() == named | extensions
    assert expected == {}


def run(name: str, bootstrap: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ran(name, bootstrap, "--until-end", *arguments)


def ran(name: str, bootstrap: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    told = ["--bootstrap", bootstrap, *arguments]
    command = COMMANDS[name]
    command = [*command, f"-Dexec.args={' '.join(told)}"] if name == "java" else command + told
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        cwd=FOLDER.parent.parent,
        env=os.environ | {"LC_ALL": "C", "MAVEN_OPTS": "-XX:TieredStopAtLevel=1"},
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[Line]:
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
