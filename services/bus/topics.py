"""What topics there are: one an event class, and four of our own. Makes and checks them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.events import EVENT_CLASSES
from services.bus.client import Admin, Client, NewTopic, TopicState
from services.bus.errors import TopicsUnfit
from services.bus.settings import BusSettings

RELAY: Final = "perpetua.relay"
"""How far the relay has come: the newest record of each partition counts."""
COMMANDS: Final = "perpetua.commands"
"""What others ask for."""
REPLIES: Final = "perpetua.replies"
"""What came of it."""
DEAD_LETTERS: Final = "perpetua.dead-letters"
"""What could not be read as a command, with the reason."""

EVENT_BYTES: Final = 768 * 1024
"""Room for the largest event and its headers."""
COMMAND_BYTES: Final = 16 * 1024 * 1024
"""Largest command: as large as a request over HTTP."""
LETTER_BYTES: Final = COMMAND_BYTES + 1024 * 1024
"""Room for the largest command and the reason it is dead."""
_FOR_EVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_COMPACTED: Final = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.ms": "600000",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it must be."""

    name: str
    partitions: int
    configuration: dict[str, str]
    holds_events: bool = False
    largest: int = EVENT_BYTES
    """Bytes of the largest record it must take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a topic that a person should know."""

    topic: str
    fatal: bool
    """Whether events can't be published like this; else they can, but something is lost by it."""
    message: str
    fix: str


def wanted(partitions: int) -> list[Topic]:
    """Return every topic there must be, for a store with so many partitions."""
    return [*of_events(partitions), *of_commands(partitions)]


def of_events(partitions: int) -> list[Topic]:
    """Return the topics that the relay publishes on."""
    events = [Topic(name, partitions, _FOR_EVER, holds_events=True) for name in EVENT_CLASSES]
    return [*events, Topic(RELAY, partitions, _COMPACTED)]


def of_commands(partitions: int) -> list[Topic]:
    """Return the topics that commands come on, and what becomes of them goes to."""
    return [
        Topic(COMMANDS, partitions, _large(COMMAND_BYTES), largest=COMMAND_BYTES),
        Topic(REPLIES, partitions, _large(COMMAND_BYTES), largest=COMMAND_BYTES),
        Topic(
            DEAD_LETTERS, partitions, _FOR_EVER | _large(LETTER_BYTES), largest=LETTER_BYTES
        ),
    ]  # fmt: skip


def partitions_there(client: Client) -> int:
    """Return how many partitions the event topics have.

    Raises:
        TopicsUnfit: one is missing, or they have different numbers of them.
        BusUnavailable: Kafka is out of reach.
    """
    admin = client.admin()
    try:
        there = admin.topics(EVENT_CLASSES)
    finally:
        admin.close()
    for missing in EVENT_CLASSES.keys() - there.keys():
        raise TopicsUnfit(f"topic {missing} is missing", "make it with `perpetua topics --create`")
    numbers = {state.partitions for state in there.values()}
    if len(numbers) > 1:
        raise TopicsUnfit(
            f"the event topics have different numbers of partitions: {sorted(numbers)}",
            "see `perpetua topics --check`",
        )
    return numbers.pop()


def create(admin: Admin, partitions: int, settings: BusSettings) -> list[str]:
    """Make the topics that are missing; return their names."""
    return _create(admin, wanted(partitions), settings)


def check(admin: Admin, partitions: int) -> list[Finding]:
    """Return what is wrong with the topics, those that are missing included."""
    return _check(admin, wanted(partitions))


def ready(
    admin: Admin, made: Sequence[Topic], needed: Sequence[Topic], settings: BusSettings
) -> list[Finding]:
    """Make what is missing, if the settings allow it; return what is not fatal of what is needed.

    Who needs few topics asks for the rights on these alone.

    Raises:
        TopicsUnfit: what is needed can't be used as it is.
    """
    if settings.create_topics:
        _create(admin, made, settings)
    findings = _check(admin, needed)
    fatal = [each for each in findings if each.fatal]
    if fatal:
        more = f" (and {len(fatal) - 1} more)" if len(fatal) > 1 else ""
        raise TopicsUnfit(f"topic {fatal[0].topic} {fatal[0].message}{more}", fatal[0].fix)
    return findings


def _create(admin: Admin, topics: Sequence[Topic], settings: BusSettings) -> list[str]:
    there = admin.topics([each.name for each in topics])
    missing = [each for each in topics if each.name not in there]
    if missing:
        admin.create([_new(each, settings) for each in missing])
    return [each.name for each in missing]


def _check(admin: Admin, topics: Sequence[Topic]) -> list[Finding]:
    there = admin.topics([each.name for each in topics])
    return [finding for each in topics for finding in _findings(each, there.get(each.name))]


def _large(size: int) -> dict[str, str]:
    return {"max.message.bytes": str(size)}


def _new(topic: Topic, settings: BusSettings) -> NewTopic:
    configuration = dict(topic.configuration)
    if settings.min_insync_replicas:
        configuration["min.insync.replicas"] = str(settings.min_insync_replicas)
    return NewTopic(topic.name, topic.partitions, settings.replicas or -1, configuration)


def _findings(topic: Topic, state: TopicState | None) -> Iterator[Finding]:
    if state is None:
        yield Finding(topic.name, True, "is missing", "make it with `perpetua topics --create`")
        return
    if not state.configuration:
        yield Finding(
            topic.name,
            True,
            "does not show its settings: whether it keeps what it is given can't be told",
            "give the user named in [bus] the right to describe its configs",
        )
        return
    for rule in RULES:
        yield from rule(topic, state)


def _partitions_equal_the_stores(topic: Topic, state: TopicState) -> Iterator[Finding]:
    if state.partitions != topic.partitions:
        yield Finding(
            topic.name,
            True,
            f"has {state.partitions} partitions, the store has {topic.partitions}",
            "a store's partitions are fixed: delete the topic (its events come back from the store"
            " once perpetua.relay is deleted too), then run `perpetua topics --create`",
        )


def _events_are_not_compacted(topic: Topic, state: TopicState) -> Iterator[Finding]:
    if topic.holds_events and "compact" in state.configuration.get("cleanup.policy", ""):
        yield Finding(
            topic.name,
            True,
            "is compacted: its key is the swarm, so that all but a swarm's last event are erased",
            "set its cleanup.policy to delete, and its retention.ms to -1",
        )


def _events_are_kept(topic: Topic, state: TopicState) -> Iterator[Finding]:
    ms = int(state.configuration.get("retention.ms", -1))
    if topic.holds_events and ms >= 0:
        yield Finding(
            topic.name,
            False,
            f"keeps events for {_span(ms)}: older ones of this class, and views of them, can't be"
            " replayed from Kafka, only from the store",
            "set its retention.ms to -1 to keep them",
        )
    size = int(state.configuration.get("retention.bytes", -1))
    if topic.holds_events and size >= 0:
        yield Finding(
            topic.name,
            False,
            f"keeps {size:,} bytes a partition: older events of this class can't be replayed from"
            " Kafka, only from the store",
            "set its retention.bytes to -1 to keep them",
        )


def _progress_is_compacted(topic: Topic, state: TopicState) -> Iterator[Finding]:
    if topic.name == RELAY and state.configuration.get("cleanup.policy") != "compact":
        yield Finding(
            topic.name,
            True,
            "is not compacted: when its records are deleted, all events are published again",
            "set its cleanup.policy to compact",
        )


def _records_fit(topic: Topic, state: TopicState) -> Iterator[Finding]:
    size = int(state.configuration.get("max.message.bytes", topic.largest))
    if size < topic.largest:
        yield Finding(
            topic.name,
            True,
            f"takes records of {size:,} bytes, {topic.largest:,} are needed",
            f"set its max.message.bytes to {topic.largest}",
        )


def _copies_can_be_written(topic: Topic, state: TopicState) -> Iterator[Finding]:
    least = int(state.configuration.get("min.insync.replicas", 1))
    if least > state.replicas:
        yield Finding(
            topic.name,
            True,
            f"wants {least} copies of a record, and has {state.replicas}: nothing can be written",
            "lower its min.insync.replicas, or give it more replicas",
        )
    elif least == 1 < state.replicas:
        yield Finding(
            topic.name,
            False,
            "counts an event as published once one copy has it: it may be lost with that broker",
            "set its min.insync.replicas to 2",
        )


Rule = Callable[[Topic, TopicState], Iterator[Finding]]
RULES: Final[Sequence[Rule]] = (
    _partitions_equal_the_stores,
    _events_are_not_compacted,
    _events_are_kept,
    _progress_is_compacted,
    _records_fit,
    _copies_can_be_written,
)
"""What is asked of each topic that exists."""


def _span(ms: int) -> str:
    hours = ms / 3_600_000
    return f"{hours / 24:,.1f} days" if hours >= 48 else f"{hours:,.1f} hours"
