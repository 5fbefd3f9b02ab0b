"""Words are compared quickly and without fail, however many there are."""

import time
from collections.abc import Iterator

import pytest

from services.memory.near import QUERY_WORDS
from services.store.recorder import Recorder
from tests.integration.memory.warm_house import Counting, House, house, refs


@pytest.fixture
def warm(store: Recorder, database: str) -> Iterator[House]:
    with house(store, database) as warm:
        yield warm


def words(first: int, count: int) -> str:
    return " ".join(f"w{number}" for number in range(first, first + count))


def test_a_text_of_any_length_is_found_by_its_words(warm: House) -> None:
    long = warm.node("failed login of root " + words(0, 120_000), kind="proposal")
    assert refs(warm.find("failed login")) == [long]


def test_many_words_are_compared_with_long_texts_in_no_time(warm: House) -> None:
    warm.connection.execute(
        "insert into view_memories (memory_id, position, swarm_id, persona_id, kind, text, value,"
        " occurred_at, last_seen_at, count, links) select 'm' || n, n, 'swarm', 'a', 'thought', %s,"
        " 0.5, now(), now(), 1, '{}' from generate_series(1, 200) as n",
        [words(0, 420)],
    )
    began = time.monotonic()
    found = warm.find(words(0, 990))
    assert time.monotonic() - began < 5
    assert found.hits[0].similarity == 1


def test_the_first_words_of_a_query_count_and_each_once(warm: House) -> None:
    first = warm.node(words(0, QUERY_WORDS))
    half = warm.node(words(QUERY_WORDS // 2, QUERY_WORDS))
    later = warm.node(words(QUERY_WORDS, QUERY_WORDS))

    found = warm.find("w0 " + words(0, 2 * QUERY_WORDS), embedder=Counting())
    assert [(hit.ref, hit.similarity) for hit in found.hits] == [(first, 1), (half, 0.5)]
    assert later not in refs(found)
