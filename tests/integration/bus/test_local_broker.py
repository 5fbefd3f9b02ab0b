"""The broker of our own: up, down, killed, and what keeps it from starting."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from services.bus.broker.local_broker import LocalBroker
from services.bus.broker.port import answers, is_free
from services.bus.errors import BrokerUnavailable

TOPIC = "kept"
COUNT = 1_000


def produce(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics({TOPIC: {"num_partitions": 1}}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    sent = [producer.send(TOPIC, str(number).encode()) for number in range(COUNT)]
    assert [each.get(20).offset for each in sent] == list(range(COUNT))
    producer.close()


def read(bootstrap: str) -> list[int]:
    """Return what was produced, or what of it comes in time."""
    consumer = KafkaConsumer(TOPIC, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    values: list[int] = []
    deadline = time.monotonic() + 20
    while len(values) < COUNT and time.monotonic() < deadline:
        for records in consumer.poll(500).values():
            values += [int(each.value) for each in records]
    consumer.close()
    return values


def test_a_second_start_finds_the_first_and_a_stop_leaves_nothing(
    frail: LocalBroker,
) -> None:
    folder, port = Path(frail.log.parent), int(frail.bootstrap.rpartition(":")[2])
    second = LocalBroker(folder, 0)
    assert second.start() == frail.bootstrap
    assert second.pid == frail.pid
    second.stop()
    assert frail.pid is None
    assert not answers(port)
    assert is_free(port)
    assert " ERROR " not in frail.log.read_text()
    assert folder.stat().st_mode & 0o077 == 0


def test_what_was_acknowledged_is_there_after_a_kill(frail: LocalBroker) -> None:
    bootstrap, first = frail.bootstrap, frail.pid
    produce(bootstrap)
    frail.kill()
    assert frail.pid is None
    assert frail.start() == bootstrap
    assert frail.pid != first
    assert read(bootstrap) == list(range(COUNT))


def test_it_listens_on_this_machine_only(frail: LocalBroker) -> None:
    assert frail.pid is not None
    listening = psutil.Process(frail.pid).net_connections("tcp")
    heard = {each.laddr.ip for each in listening if each.status == psutil.CONN_LISTEN}
    assert heard <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_it_outlives_whoever_started_it(frail: LocalBroker) -> None:
    folder = frail.log.parent
    frail.stop()
    program = f"""
import os, pathlib, services.bus.broker.local_broker as ours
ours.LocalBroker(pathlib.Path({str(folder)!r}), 0).start()
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == -9
    assert frail.pid is not None
    assert frail.start() == frail.bootstrap


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            BrokerUnavailable, match=rf"^port {port} of 127.0.0.1 is taken: .*--port"
        ):
            LocalBroker(tmp_path / "kafka", port).start()
    assert not (tmp_path / "kafka" / "data").exists()


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (None, "there is none in JAVA_HOME"),
        ("echo 'openjdk version \"11.0.2\" 2019-01-15' >&2", "is Java 11"),
        ("echo 'java version \"1.8.0_392\"' >&2", "is Java 8"),
        ("exit 3", "does not say which Java it is"),
    ],
)
def test_a_java_that_will_not_do_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str | None, expected: str
) -> None:
    program = tmp_path / "java-home" / "bin" / "java"
    if says:
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java-home"))
    with pytest.raises(BrokerUnavailable, match=expected) as refused:
        LocalBroker(tmp_path / "kafka", 0).start()
    assert "install a newer one" in refused.value.hint


def test_a_broker_that_dies_at_its_start_tells_why(frail: LocalBroker) -> None:
    frail.stop()
    properties = frail.log.parent / "data" / "meta.properties"
    whole = properties.read_text()
    properties.write_text("version=1\nnode.id=7\n")
    with pytest.raises(BrokerUnavailable) as died:
        frail.start()
    properties.write_text(whole)
    assert "does not start: No readable meta.properties" in died.value.message
    assert str(frail.log) in died.value.hint
