"""The rules of topics: what is asked of each, what is said of those that break one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from domain.events import EVENT_CLASSES
from services.bus.client import NewTopic, TopicPartition, TopicState
from services.bus.errors import TopicsUnfit
from services.bus.settings import BusSettings
from services.bus.topics import (
    COMMANDS,
    DEAD_LETTERS,
    EVENT_BYTES,
    RELAY,
    Finding,
    check,
    create,
    of_commands,
    of_events,
    ready,
    wanted,
)

PARTITIONS = 4
EVERY = wanted(PARTITIONS)
BROKER = {"max.message.bytes": "1048588", "min.insync.replicas": "1", "retention.ms": "604800000",
          "retention.bytes": "-1", "cleanup.policy": "delete"}  # fmt: skip
"""What a broker sets where nothing else is said."""


@dataclass
class Topics:
    """An `Admin` with the topics of a Kafka that need not run."""

    there: dict[str, TopicState] = field(default_factory=dict)
    replicas: int = 1
    forbidden: Collection[str] = ()
    """Topics that this user may neither see nor make."""

    def topics(self, names: Collection[str]) -> dict[str, TopicState]:
        seen = self.there.keys() - self.forbidden
        return {name: self.there[name] for name in names if name in seen}

    def create(self, topics: Sequence[NewTopic]) -> None:
        for each in topics:
            assert each.name not in self.forbidden, f"no right to make {each.name}"
            replicas = self.replicas if each.replicas == -1 else each.replicas
            told = BROKER | dict(each.configuration)
            self.there[each.name] = TopicState(each.partitions, replicas, told)

    def first_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        raise AssertionError("nobody asks")

    def last_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        raise AssertionError("nobody asks")

    def close(self) -> None:
        pass

    def change(self, name: str, configuration: Mapping[str, str], **fields: int) -> None:
        """Change a topic behind our back."""
        state = self.there[name]
        told = {**state.configuration, **configuration}
        self.there[name] = state._replace(configuration=told, **fields)


@pytest.fixture
def topics() -> Topics:
    """Topics as we make them."""
    made = Topics()
    create(made, PARTITIONS, BusSettings())
    return made


def found(topics: Topics, name: str) -> Finding:
    [finding] = check(topics, PARTITIONS)
    assert finding.topic == name
    return finding


def test_what_is_made_is_as_it_must_be(topics: Topics) -> None:
    assert check(topics, PARTITIONS) == []
    assert topics.there.keys() == {each.name for each in wanted(PARTITIONS)}
    assert EVENT_CLASSES.keys() < topics.there.keys()
    assert create(topics, PARTITIONS, BusSettings()) == []


def test_topics_are_made_with_the_copies_that_are_asked_for() -> None:
    topics = Topics()
    create(topics, PARTITIONS, BusSettings(replicas=3, min_insync_replicas=2))
    assert {each.replicas for each in topics.there.values()} == {3}
    assert {each.configuration["min.insync.replicas"] for each in topics.there.values()} == {"2"}
    assert check(topics, PARTITIONS) == []


def test_a_missing_topic_is_fatal(topics: Topics) -> None:
    del topics.there["vote.cast"]
    finding = found(topics, "vote.cast")
    assert finding.fatal
    assert "perpetua topics --create" in finding.fix


def test_another_number_of_partitions_is_fatal(topics: Topics) -> None:
    topics.change("vote.cast", {}, partitions=12)
    finding = found(topics, "vote.cast")
    assert finding.fatal
    assert finding.message == "has 12 partitions, the store has 4"


@pytest.mark.parametrize("policy", ["compact", "compact,delete"])
def test_a_compacted_event_topic_is_fatal(topics: Topics, policy: str) -> None:
    topics.change("vote.cast", {"cleanup.policy": policy})
    finding = found(topics, "vote.cast")
    assert finding.fatal
    assert "all but a swarm's last event are erased" in finding.message


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_progress_that_is_not_only_compacted_is_fatal(topics: Topics, policy: str) -> None:
    topics.change(RELAY, {"cleanup.policy": policy})
    finding = found(topics, RELAY)
    assert finding.fatal
    assert "all events are published again" in finding.message


@pytest.mark.parametrize(
    ("setting", "value", "lost"),
    [
        ("retention.ms", "604800000", "keeps events for 7.0 days"),
        ("retention.ms", "3600000", "keeps events for 1.0 hours"),
        ("retention.bytes", "1000000", "keeps 1,000,000 bytes a partition"),
    ],
)
def test_an_event_topic_that_forgets_is_noted_with_what_is_lost(
    topics: Topics, setting: str, value: str, lost: str
) -> None:
    topics.change("vote.cast", {setting: value})
    finding = found(topics, "vote.cast")
    assert not finding.fatal
    assert lost in finding.message
    assert "can't be replayed from Kafka" in finding.message
    assert ready(topics, EVERY, EVERY, BusSettings()) == [finding]


def test_what_is_no_event_may_be_forgotten(topics: Topics) -> None:
    topics.change(COMMANDS, {"retention.ms": "1000"})
    assert check(topics, PARTITIONS) == []


@pytest.mark.parametrize("name", ["vote.cast", RELAY, COMMANDS, DEAD_LETTERS])
def test_a_topic_that_takes_only_small_records_is_fatal(topics: Topics, name: str) -> None:
    [largest] = [each.largest for each in wanted(PARTITIONS) if each.name == name]
    topics.change(name, {"max.message.bytes": str(largest)})
    assert check(topics, PARTITIONS) == []
    topics.change(name, {"max.message.bytes": str(largest - 1)})
    finding = found(topics, name)
    assert finding.fatal
    assert finding.fix == f"set its max.message.bytes to {largest}"


def test_the_largest_event_fits_with_its_headers() -> None:
    from services.store.save import EVENT_LIMIT

    assert EVENT_LIMIT * 1.4 < EVENT_BYTES < int(BROKER["max.message.bytes"])


def test_more_copies_wanted_than_there_are_is_fatal(topics: Topics) -> None:
    topics.change("vote.cast", {"min.insync.replicas": "2"})
    finding = found(topics, "vote.cast")
    assert finding.fatal
    assert "wants 2 copies of a record, and has 1: nothing can be written" in finding.message


def test_an_event_that_counts_with_one_copy_of_three_is_noted(topics: Topics) -> None:
    topics.change("vote.cast", {}, replicas=3)
    finding = found(topics, "vote.cast")
    assert not finding.fatal
    assert finding.fix == "set its min.insync.replicas to 2"


def test_topics_are_made_only_where_the_settings_allow_it() -> None:
    topics = Topics()
    count = len(wanted(PARTITIONS))
    with pytest.raises(TopicsUnfit, match=rf"is missing \(and {count - 1} more\)"):
        ready(topics, EVERY, EVERY, BusSettings(create_topics=False))
    assert topics.there == {}
    assert ready(topics, EVERY, EVERY, BusSettings()) == []


def test_the_first_of_what_is_fatal_is_said_with_what_to_do(topics: Topics) -> None:
    topics.change("vote.cast", {"cleanup.policy": "compact", "retention.ms": "1"})
    with pytest.raises(TopicsUnfit, match=r"^topic vote\.cast is compacted: [^(]*: set its"):
        ready(topics, EVERY, EVERY, BusSettings())


def test_a_topic_that_hides_its_settings_is_fatal_and_nothing_else_is_said_of_it(
    topics: Topics,
) -> None:
    topics.there[RELAY] = topics.there[RELAY]._replace(configuration={})
    finding = found(topics, RELAY)
    assert finding.fatal
    assert "does not show its settings" in finding.message
    assert "the right to describe its configs" in finding.fix


def test_who_takes_commands_needs_no_right_on_the_topics_of_events() -> None:
    topics = Topics(forbidden=[each.name for each in of_events(PARTITIONS)])
    ours = of_commands(PARTITIONS)
    assert ready(topics, ours, ours, BusSettings()) == []
    assert topics.there.keys() == {each.name for each in ours}


def test_events_are_published_however_the_topics_of_commands_are(topics: Topics) -> None:
    topics.change(DEAD_LETTERS, {"max.message.bytes": "1"})
    assert ready(topics, EVERY, of_events(PARTITIONS), BusSettings()) == []
    with pytest.raises(TopicsUnfit, match=r"perpetua\.dead-letters takes records of 1 bytes"):
        ready(topics, EVERY, of_commands(PARTITIONS), BusSettings())
