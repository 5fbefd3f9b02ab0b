"""Long histories in segments of 1,000: where the nth event is, and how long a log is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import streams
from domain.events import CognitionStopped
from domain.segments import Log
from services.store.segments import log_length

EVENT = CognitionStopped(
    event_id="e", occurred_at=datetime(2026, 8, 1, tzinfo=UTC), swarm_id="fabric",
    actor="system:loop", correlation_id="c", epoch=1,
)  # fmt: skip
SIZE = streams.SEGMENT_SIZE
LENGTHS = st.integers(0, 10 * SIZE) | st.integers(0, 10).map(lambda n: n * SIZE)


class Heads:
    """Stands for a store that has one log of a length; counts what it is asked."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.asked = 0

    def stream_head(self, stream: str) -> int:
        self.asked += 1
        number = int(stream.rpartition("/")[2])
        return max(0, min(SIZE, self.length - number * SIZE))


@given(length=LENGTHS, more=st.integers(0, 2_500))
def test_events_follow_without_gaps_and_no_segment_has_over_a_thousand(
    length: int, more: int
) -> None:
    log, placed = Log("thoughts/p", length).append([EVENT] * more)
    assert (log.prefix, log.length) == ("thoughts/p", length + more)
    numbers = [
        int(p.originator_id.rpartition("/")[2]) * SIZE + p.originator_version - 1 for p in placed
    ]
    assert numbers == list(range(length, length + more))
    assert all(1 <= p.originator_version <= SIZE for p in placed)


@given(length=LENGTHS, cut=st.integers(0, 100))
def test_appending_in_parts_is_appending_at_once(length: int, cut: int) -> None:
    begin = Log("l", length)
    middle, first = begin.append([EVENT] * cut)
    end, second = middle.append([EVENT] * (100 - cut))
    assert begin.append([EVENT] * 100) == (end, [*first, *second])


@pytest.mark.parametrize(
    ("length", "segment"),
    [(0, 0), (1, 0), (999, 0), (1_000, 0), (1_001, 1), (2_000, 1), (2_001, 2)],
)
def test_the_last_segment_is_that_of_the_last_event(length: int, segment: int) -> None:
    assert Log("l", length).last_segment == f"l/{segment}"


@given(length=LENGTHS | st.integers(0, 10**9))
def test_the_length_of_a_log_is_found_with_few_questions(length: int) -> None:
    heads = Heads(length)
    assert log_length(heads, "thoughts/p") == length
    assert heads.asked <= 4 + 2 * (length // SIZE + 1).bit_length()


@given(one=st.text(min_size=1), other=st.text(min_size=1))
def test_different_names_have_different_streams(one: str, other: str) -> None:
    if one != other:
        assert streams.persona(one) != streams.persona(other)
        assert streams.target(one, other) != streams.target(other, one)
        assert streams.observations(one, other) != streams.observations(other, one)


@given(text=st.text(min_size=1, max_size=20).map(lambda t: t * 60))
def test_a_name_of_any_length_has_a_stream_of_bounded_length(text: str) -> None:
    for stream in (streams.persona(text), streams.swarm(text), streams.proposal(text)):
        assert stream.isascii()
        assert len(stream) <= streams.LONGEST_PART + 10
        assert stream.count("/") == 1
    assert len(streams.target(text, text)) < 2_600
    assert streams.persona(text) != streams.persona(text + "x")


def test_only_swarms_have_streams_of_swarms() -> None:
    assert streams.is_swarm(streams.swarm("persona/x"))
    assert not streams.is_swarm(streams.persona("swarm/x"))
    assert not streams.is_swarm(streams.FABRIC)
