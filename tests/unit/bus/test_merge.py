"""The order of one partition, restored from its topics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ports import Checkpoint
from domain.recorded import Stored
from services.bus.errors import HistoryDoubled
from services.bus.record import Published
from services.bus.source.merge import Merge

TOPICS = ("thought.generated", "check.result", "budget.leased")
Topics = dict[str, list[Published]]


def published(position: int, previous: int, topic: str = TOPICS[0], offset: int = 0) -> Published:
    return Published(Stored(position, "stream", 1, topic, 0, b"state"), previous, offset)


def taken(merge: Merge) -> list[int]:
    found: list[int] = []
    while stretch := merge.take(3):
        found += [step.stored.position for step in stretch.steps]
    return found


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[int], Topics]:
    """Positions of one partition, and the records of its topics, each with offsets that skip."""
    positions = sorted(draw(st.sets(st.integers(1, 200), min_size=1, max_size=60)))
    topics: Topics = {topic: [] for topic in TOPICS}
    offsets = dict.fromkeys(TOPICS, 0)
    for previous, position in zip([0, *positions], positions, strict=False):
        topic = draw(st.sampled_from(TOPICS))
        topics[topic].append(published(position, previous, topic, offsets[topic]))
        offsets[topic] += draw(st.integers(1, 3))
    return positions, topics


def arrivals(data: st.DataObject, topics: Topics) -> list[Published]:
    """The records in any order that keeps that of each topic."""
    left = {topic: list(records) for topic, records in topics.items() if records}
    arrived: list[Published] = []
    while left:
        topic = data.draw(st.sampled_from(sorted(left)))
        arrived.append(left[topic].pop(0))
        if not left[topic]:
            del left[topic]
    return arrived


@given(data=st.data())
def test_however_the_topics_arrive_the_order_is_that_of_the_store(data: st.DataObject) -> None:
    positions, topics = data.draw(partitions())
    merge, found = Merge(0, Checkpoint()), list[int]()
    for record in arrivals(data, topics):
        merge.add(record)
        found += taken(merge)
    assert found == positions
    assert (merge.waiting.total(), merge.waiting_bytes, merge.nearest) == (0, 0, None)


@given(data=st.data())
def test_a_reader_that_ends_anywhere_goes_on_from_its_marks(data: st.DataObject) -> None:
    positions, topics = data.draw(partitions())
    first = Merge(0, Checkpoint())
    for record in arrivals(data, topics):
        first.add(record)
    stretch = first.take(data.draw(st.integers(1, len(positions))))
    assert stretch
    marks = stretch.end.marks
    rest = {
        topic: [record for record in records if record.offset >= marks.get(topic, 0)]
        for topic, records in topics.items()
    }
    second = Merge(0, stretch.end)
    for record in arrivals(data, rest):
        second.add(record)
    assert [step.stored.position for step in stretch.steps] + taken(second) == positions


@given(data=st.data())
def test_a_reader_may_begin_between_two_events_without_any_marks(data: st.DataObject) -> None:
    positions, topics = data.draw(partitions())
    start = data.draw(st.integers(0, 201))
    merge = Merge(0, Checkpoint(start))
    for record in arrivals(data, topics):
        merge.add(record)
    assert taken(merge) == [position for position in positions if position > start]


@given(data=st.data())
def test_behind_an_event_that_does_not_come_nothing_is_handed_out(data: st.DataObject) -> None:
    positions, topics = data.draw(partitions())
    lost = data.draw(st.sampled_from(positions))
    merge = Merge(0, Checkpoint())
    for record in arrivals(data, topics):
        if record.stored.position != lost:
            merge.add(record)
    assert taken(merge) == [position for position in positions if position < lost]
    behind = [position for position in positions if position > lost]
    assert merge.nearest == (behind[0] if behind else None)
    assert merge.waiting.total() == len(behind)


def test_two_events_after_the_same_one_are_refused_before_and_after_it_came() -> None:
    merge = Merge(0, Checkpoint())
    merge.add(published(5, 3))
    with pytest.raises(HistoryDoubled):
        merge.add(published(6, 3))
    merge.add(published(3, 0))
    assert taken(merge) == [3, 5]
    with pytest.raises(HistoryDoubled):
        merge.add(published(9, 4))


def test_what_was_handed_out_before_is_passed_over() -> None:
    merge = Merge(0, Checkpoint())
    for record in (published(1, 0), published(4, 1), published(1, 0), published(4, 1)):
        merge.add(record)
    assert taken(merge) == [1, 4]
