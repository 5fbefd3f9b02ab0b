"""Real Kafka for every test that needs one."""

import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from services.bus.broker.local_broker import LocalBroker
from services.bus.broker.port import free_port
from services.bus.broker.settings import JAVA_OPTIONS

IMAGE = "apache/kafka:4.4.0"
START_SECS = 180
"""The image may have to be fetched."""
INSIDE = 19092
SHORT_LIVED = (*JAVA_OPTIONS, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A broker of a few minutes has nothing of code compiled well: it costs twice the processor."""
ENVIRONMENT = {
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_NODE_ID": "1",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENERS": f"PLAINTEXT://:{INSIDE},CONTROLLER://:9093",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "5",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "5",
    "KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS": "1000",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
}


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Address of a broker: `PERPETUA_TEST_KAFKA`, else one of our own for this session."""
    if given := os.environ.get("PERPETUA_TEST_KAFKA"):
        yield given
    elif docker_answers():
        with container() as bootstrap:
            yield bootstrap
    else:
        with local_broker() as broker:
            yield broker.bootstrap


@pytest.fixture(scope="module")
def module_broker() -> Iterator[LocalBroker]:
    """A broker for the tests of one file."""
    with local_broker() as broker:
        yield broker


@pytest.fixture
def frail(module_broker: LocalBroker) -> LocalBroker:
    """A started broker that the tests of a file share and may stop or kill; its data stay."""
    module_broker.start()
    return module_broker


@pytest.fixture
def own_broker() -> Iterator[LocalBroker]:
    """A started broker without data that the test may kill and start again."""
    with local_broker() as broker:
        yield broker


@contextmanager
def local_broker() -> Iterator[LocalBroker]:
    """Run a broker for as long as the block lasts; what it wrote is removed with it."""
    folder = Path(tempfile.mkdtemp(prefix="perpetua-kafka-"))
    broker = LocalBroker(folder, 0, SHORT_LIVED)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()  # found by its process id; nobody needs what it would still write
        shutil.rmtree(folder)


@contextmanager
def container() -> Iterator[str]:
    """Run Apache's image for as long as the block lasts. (Testcontainers' own class knows others'.)

    The port is chosen beforehand, since the broker tells its clients where it is.
    """
    port = free_port()
    made = DockerContainer(IMAGE, env=ENVIRONMENT).with_bind_ports(INSIDE, port)
    made.with_env("KAFKA_ADVERTISED_LISTENERS", f"PLAINTEXT://127.0.0.1:{port}")
    started = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_SECS)
    with made.waiting_for(started):
        yield f"127.0.0.1:{port}"


def docker_answers() -> bool:
    """Tell whether a Docker engine is there, as testcontainers would find it."""
    from docker.errors import DockerException  # type: ignore[import-untyped]  # has no stubs
    from testcontainers.core.docker_client import DockerClient

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # an attempt in vain leaves its socket
        try:
            with closing(DockerClient().client) as client:
                return bool(client.ping())
        except DockerException:
            return False
        finally:
            gc.collect()
