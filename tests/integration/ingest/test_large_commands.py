"""Records that are larger, or less, than a client would send."""

import json

import confluent_kafka
import pytest
from kafka import KafkaProducer

from tests.integration.ingest.agents import Agent
from tests.integration.ingest.conftest import House
from tests.integration.ingest.speaking import Sent, reason

MEGABYTE = 1024 * 1024


def test_a_record_that_is_larger_than_it_seems_holds_up_nobody(house: House, kafka: str) -> None:
    """Packed, it passes the broker's limit; as it is, it would not even pass as a dead letter."""
    packing = KafkaProducer(
        bootstrap_servers=kafka, compression_type="gzip", max_request_size=64 * MEGABYTE
    )
    large = json.dumps({"command": "reap", "persona_id": "x" * 20 * MEGABYTE}).encode()
    at = packing.send("perpetua.commands", large, b"k").get(60)
    packing.close()
    sent, agent = Sent(at.partition, at.offset), Agent(house)
    assert reason(house.speaker.letter(sent)) == "too_large"
    assert (house.speaker.letter(sent).key, house.speaker.letter(sent).value) == (None, b"")
    assert agent.ask("think", phase="reflect", content="on").status == 200


@pytest.mark.parametrize("size", [1_048_576, 1_048_577, 15 * MEGABYTE])
def test_a_command_with_a_large_key_holds_up_nobody(house: House, size: int) -> None:
    value = json.dumps({"command": "reap", "persona_id": "nobody"}).encode()
    sent = house.speaker.send(value, key=b"k" * size)
    if size <= MEGABYTE:
        assert house.speaker.answer(sent).status == 404
    else:
        letter = house.speaker.letter(sent)
        assert (reason(letter), letter.key) == ("invalid_key", b"k" * size)


def test_the_largest_command_is_carried_out(house: House) -> None:
    agent = Agent(house)
    text = ("x" * 99 + "\n") * 75_000
    reply = agent.ask("observe", source="large", content=text)
    assert reply.status == 200, reply.told
    over = agent.ask("observe", source="large", content=text * 2)
    assert (over.status, over.body["code"]) == (413, "payload_too_large")
    sent = Sent(over.record.partition, int(over.id.partition("-")[2]))
    letter = house.speaker.letter(sent)
    assert len(letter.value or b"") > 15_000_000


def test_a_record_of_nothing_at_all_holds_up_nobody(house: House, kafka: str) -> None:
    """kafka-python does not even send such a one; others do."""
    at: list[Sent] = []
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka})
    producer.produce(
        "perpetua.commands",
        None,
        None,
        on_delivery=lambda _, done: at.append(Sent(done.partition(), done.offset())),
    )
    assert producer.flush(30) == 0
    letter = house.speaker.letter(at[0])
    assert (reason(letter), letter.key, letter.value) == ("empty", None, b"")
