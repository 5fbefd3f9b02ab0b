"""`perpetua ingest`: begins, ends in good order, and says in a line why it can't begin."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.bus.broker.local_broker import LocalBroker
from tests.e2e.process import SOON_SECS, Perpetua, until
from tests.integration.api.serving import persona
from tests.integration.ingest.conftest import LIBRARIES
from tests.integration.ingest.elsewhere import Elsewhere, Member
from tests.integration.ingest.speaking import speaking

SESSION_MS = 90_000
"""After which a member that did not leave is given up: longer than it takes till all is done."""


@pytest.fixture(params=LIBRARIES)
def elsewhere(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    empty_database: str,
    kafka: str,
    topics_anew: None,
) -> Iterator[Elsewhere]:
    made = Elsewhere(tmp_path, empty_database, kafka, request.param, session_ms=SESSION_MS)
    yield made
    made.kill()


def test_ctrl_c_ends_it_in_good_order_and_another_goes_on_at_once(
    elsewhere: Elsewhere, kafka: str
) -> None:
    first = elsewhere.start().ready()
    with speaking(kafka) as speaker:
        token = first.perpetua.env["PERPETUA_TOKEN"]
        assert speaker.ask("spawn", token, **persona("p1")).status == 200
        second = elsewhere.start().ready()
        assert first.interrupt() < SOON_SECS
        for number in range(8):
            thought = {"persona_id": "p1", "phase": "reflect", "content": f"{number}"}
            assert speaker.ask("think", token, **thought).status == 200
    assert second.interrupt() < SOON_SECS
    assert [first.perpetua.errors, second.perpetua.errors] == ["", ""]


def test_ctrl_c_ends_it_while_kafka_is_away(
    tmp_path: Path, empty_database: str, own_broker: LocalBroker
) -> None:
    with ExitStack() as stack:
        members = list[Member]()
        for library in LIBRARIES:
            (folder := tmp_path / library).mkdir()
            elsewhere = Elsewhere(folder, empty_database, own_broker.bootstrap, library)
            stack.callback(elsewhere.kill)
            members.append(elsewhere.start())
        for each in members:
            each.ready()
        own_broker.kill()
        time.sleep(3)
        for each in members:
            assert each.interrupt() < 20
            assert "Traceback" not in each.perpetua.errors


def test_without_a_kafka_it_says_what_to_set(tmp_path: Path, empty_database: str) -> None:
    said = Perpetua(tmp_path / "home", empty_database).refused("ingest")
    assert "PERPETUA_KAFKA" in said


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_kafka_out_of_reach_is_one_line(
    tmp_path: Path, empty_database: str, library: str
) -> None:
    bus = {"PERPETUA_BUS__CLIENT": library, "PERPETUA_BUS__CONNECT_TIMEOUT_MS": "1000"}
    perpetua = Perpetua(tmp_path / "home", empty_database, **bus)
    said = perpetua.refused("ingest", "--kafka", "127.0.0.1:1")
    assert "Kafka" in said
    assert "PERPETUA_KAFKA" in said


def test_a_store_out_of_reach_is_one_line(tmp_path: Path, kafka: str) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    said = Perpetua(tmp_path / "home", nowhere, PERPETUA_KAFKA=kafka).refused("ingest")
    assert "PostgreSQL" in said


def test_what_kafka_python_warns_of_is_not_for_the_screen(
    tmp_path: Path, empty_database: str, kafka: str, topics_anew: None
) -> None:
    """Topics that are not there yet make it warn."""
    elsewhere = Elsewhere(tmp_path, empty_database, kafka, "kafka-python")
    member = elsewhere.start().ready()
    try:
        until(lambda: "Taking" in member.out, "it runs")
        assert member.perpetua.errors == ""
    finally:
        elsewhere.kill()
