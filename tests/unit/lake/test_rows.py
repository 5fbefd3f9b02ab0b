"""Events as columns: what is in an event is in its row, whichever release wrote it."""

import tracemalloc
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import EVENT_CLASSES
from domain.recorded import Stored
from services import schemas
from services.lake.columns import PLACE, columns
from services.lake.rows import ROWS, batch, renewed, row
from services.store.codec import UnknownSchema, decode, encode
from tests.unit.lake.making import a_row
from tests.unit.schemas.made import events

each_class = pytest.mark.parametrize("topic", EVENT_CLASSES)


def stored(topic: str, state: bytes, position: int = 7) -> Stored:
    return Stored(position, "stream/ü", 3, topic, 11, state)


@each_class
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_is_in_an_event_comes_back_from_its_columns(topic: str, data: Any) -> None:
    made = data.draw(st.lists(events(EVENT_CLASSES[topic]), min_size=1, max_size=3))
    states = [encode(event) for event in made]
    [*rows] = batch(topic, [row(stored(topic, state)) for state in states]).to_pylist()
    place = {"position": 7, "stream": "stream/ü", "version": 3, "partition": 11}
    for told, state in zip(rows, states, strict=True):
        assert {name: told.pop(name) for name in place} == place
        assert EVENT_CLASSES[topic].model_validate(told) == decode(state)


@each_class
def test_no_field_of_an_event_takes_the_place_of_a_column_of_the_store(topic: str) -> None:
    assert len(set(columns(topic).names)) == len(PLACE) + len(EVENT_CLASSES[topic].model_fields)


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("thought.generated", b"\xc3\x01nonsense and more"),
        ("thought.generated", b""),
        ("thought.generated", schemas.current()["vote.cast"].header + b"\0" * 40),
        ("no.such.topic", schemas.current()["vote.cast"].header + b"\0" * 40),
    ],
)
def test_bytes_of_no_schema_of_their_class_are_no_row(topic: str, state: bytes) -> None:
    with pytest.raises(UnknownSchema, match=f"with fingerprint|not of {topic}"):
        row(stored(topic, state))


def test_columns_of_today_are_left_as_they_are() -> None:
    table = pa.Table.from_batches([batch("vote.cast", [a_row(1)])])
    assert renewed("vote.cast", table) is table


def test_a_file_of_any_length_is_renewed_a_few_rows_at_a_time() -> None:
    few, many = a_table_of_before(ROWS), a_table_of_before(3 * ROWS)
    assert peak_bytes(many) < 1.5 * peak_bytes(few)
    assert renewed("vote.cast", many)["position"] == many["position"]


def a_table_of_before(length: int) -> pa.Table:
    """Return rows in one piece, without a column that is newer than they are."""
    made = batch("vote.cast", [a_row(position) for position in range(1, length + 1)])
    return pa.Table.from_batches([made]).drop_columns(["reason"])


def peak_bytes(table: pa.Table) -> int:
    """Return how much of Python's own memory it takes to renew a table."""
    tracemalloc.start()
    renewed("vote.cast", table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
