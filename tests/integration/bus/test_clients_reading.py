"""What we need of a Kafka client holds for every client: reading."""

from uuid import uuid4

from services.bus.client import Client, NewTopic, Outgoing, TopicPartition
from tests.integration.bus.clients import every_client, numbered, numbers, publish, read, read_to

pytestmark = every_client


def test_what_is_published_is_read_back_whole_and_in_order(
    client: Client, topics: list[str]
) -> None:
    sent = [
        Outgoing(topics[0], 2, b"key", b"value", [("ce_id", b"1"), ("ce_id", b"2"), ("e", b"")]),
        Outgoing(topics[0], 2, b"\x00\xff", None, []),
        Outgoing(topics[0], 2, None, b"", []),
        Outgoing(topics[0], 2, b"large", b"x" * 5_000_000, []),
    ]
    client.admin().create(
        [NewTopic(name := f"{topics[0]}-large", 3, -1, {"max.message.bytes": "9000000"})]
    )
    sent = [record._replace(topic=name) for record in sent]
    publish(client, sent)
    consumer = client.consumer()
    consumer.assign({TopicPartition(name, 2): 0})
    found = read(consumer, len(sent))
    assert [(r.key, r.value, list(r.headers)) for r in found] == [
        (r.key, r.value, r.headers) for r in sent
    ]
    assert [record.offset for record in found] == [0, 1, 2, 3]
    assert all(record.timestamp_ms > 1_700_000_000_000 for record in found)


def test_many_transactions_come_in_order_and_no_poll_returns_more_than_asked(
    client: Client, topics: list[str]
) -> None:
    producer = client.producer(uuid4().hex)
    producer.init()
    for start in range(0, 300, 30):
        producer.begin()
        producer.send(numbered(topics[0], range(start, start + 20)))
        producer.send(numbered(topics[0], range(start + 20, start + 30)))
        producer.commit()
    consumer = client.consumer()
    consumer.assign({TopicPartition(topics[0], 0): 0})
    assert numbers(read(consumer, 300, limit=7)) == list(range(300))


def test_reading_goes_back_to_where_it_is_told_to_start(client: Client, topics: list[str]) -> None:
    publish(client, numbered(topics[0], range(500)) + numbered(topics[1], range(500)))
    back, on = TopicPartition(topics[0], 0), TopicPartition(topics[1], 0)
    consumer = client.consumer()
    consumer.assign({back: 0, on: 400})
    assert len(read(consumer, 300, limit=100)) >= 300
    before = consumer.position(on)
    consumer.start({back: 123})
    assert consumer.position(back) == 123
    found = read_to(consumer, client.admin().last_offsets([back, on]))
    assert numbers([each for each in found if each.topic == back.topic]) == list(range(123, 500))
    assert numbers([each for each in found if each.topic == on.topic]) == list(range(before, 500))


def test_nothing_is_returned_of_what_is_paused_until_it_is_resumed(
    client: Client, topics: list[str]
) -> None:
    publish(client, numbered(topics[0], range(300)) + numbered(topics[1], range(300)))
    held, free = TopicPartition(topics[0], 0), TopicPartition(topics[1], 0)
    consumer = client.consumer()
    consumer.assign({held: 0, free: 0})
    first = read(consumer, 50, limit=50)
    consumer.pause([held])
    rest = read_to(consumer, client.admin().last_offsets([free]))
    assert {each.topic for each in [*rest, *consumer.poll(0.5, 1_000)]} <= {free.topic}
    consumer.resume([held])
    rest += read_to(consumer, client.admin().last_offsets([held]))
    found = [*first, *rest]
    for topic in (held.topic, free.topic):
        assert numbers([each for each in found if each.topic == topic]) == list(range(300))


def test_a_consumer_can_be_given_other_partitions(client: Client, topics: list[str]) -> None:
    publish(client, numbered(topics[0], range(9)) + numbered(topics[1], range(9)))
    one, two = TopicPartition(topics[0], 0), TopicPartition(topics[1], 0)
    consumer = client.consumer()
    consumer.assign({one: 0})
    assert numbers(read(consumer, 5, limit=5)) == [0, 1, 2, 3, 4]
    consumer.assign({two: 6})
    assert consumer.assigned() == {two}
    assert numbers(read(consumer, 3)) == [6, 7, 8]
