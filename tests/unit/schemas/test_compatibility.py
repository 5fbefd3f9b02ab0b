"""Full transitive compatibility: every version reads what every other wrote, for ever."""

import copy
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import permutations
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import EVENT_CLASSES
from services import schemas
from services.store.codec import decode
from tests.unit.schemas.compatibility import but_for_docs, faults
from tests.unit.schemas.made import DOUBLE, LONG, TEXT, TIME

RELEASES = sorted(p.name for p in (schemas.FOLDER / "history").iterdir())
LATER = {"work.claimed", "work.released", "observation.dropped"}
"""Classes that the first release had not."""
SPAWNED = "persona.spawned"

each_class = pytest.mark.parametrize("topic", EVENT_CLASSES)


def versions(topic: str) -> list[schemas.Schema]:
    return [*schemas.released().get(topic, []), schemas.current()[topic]]


def datums(schema: Any) -> st.SearchStrategy[Any]:
    """Make anything a schema can write; knows nothing of our models."""
    match schema:
        case {"type": "record", "fields": fields}:
            return st.fixed_dictionaries({f["name"]: datums(f["type"]) for f in fields})
        case {"type": "array", "items": items}:
            return st.lists(datums(items), max_size=2)
        case {"logicalType": "timestamp-micros"}:
            return TIME
        case ["null", other]:
            return st.none() | datums(other)
    plain = {"string": TEXT, "long": LONG, "double": DOUBLE, "boolean": st.booleans()}
    return plain[schema]


def written(schema: Any, datum: Any) -> BytesIO:
    out = BytesIO()
    schemaless_writer(out, parse_schema(schema), datum)
    out.seek(0)
    return out


def as_read(datum: Any, writer: Any, reader: Any) -> Any:
    """What a datum of the writer must come back as: its own fields, defaults for the others."""
    match reader:
        case {"type": "record", "fields": fields}:
            of_writer = {f["name"]: f["type"] for f in writer["fields"]}
            return {
                f["name"]: as_read(datum[f["name"]], of_writer[f["name"]], f["type"])
                if f["name"] in of_writer
                else f["default"]
                for f in fields
            }
        case {"type": "array", "items": items}:
            return [as_read(each, writer["items"], items) for each in datum]
        case ["null", other]:
            return None if datum is None else as_read(datum, writer[1], other)
    return datum


def test_the_first_release_is_kept_and_has_every_class() -> None:
    assert RELEASES[0] == "0.1.0"
    first = {p.stem for p in (schemas.FOLDER / "history" / "0.1.0").glob("*.avsc")}
    assert first == set(EVENT_CLASSES) - LATER


@each_class
def test_every_version_reads_what_every_other_wrote(topic: str) -> None:
    for writer, reader in permutations(versions(topic), 2):
        assert list(faults(writer.raw, reader.raw)) == []


@each_class
@settings(max_examples=10)
@given(data=st.data())
def test_what_a_version_wrote_comes_back_from_every_other(topic: str, data: Any) -> None:
    every = versions(topic)
    writer = data.draw(st.sampled_from(every)).raw
    reader = data.draw(st.sampled_from(every)).raw
    datum = data.draw(datums(writer))
    read = schemaless_reader(written(writer, datum), parse_schema(writer), parse_schema(reader))
    assert read == as_read(datum, writer, reader)


@each_class
@settings(max_examples=10)
@given(data=st.data())
def test_an_event_of_any_release_is_read_with_the_current_model(topic: str, data: Any) -> None:
    writer = data.draw(st.sampled_from(versions(topic)))
    datum = data.draw(datums(writer.raw))
    event = decode(writer.header + written(writer.raw, datum).read())
    assert event.topic == topic
    expected = as_read(datum, writer.raw, schemas.current()[topic].raw)
    assert event == EVENT_CLASSES[topic].model_validate(expected)


@each_class
def test_two_versions_of_one_fingerprint_are_equal_but_for_docs(topic: str) -> None:
    for one, other in permutations(versions(topic), 2):
        if one.header == other.header:
            assert but_for_docs(one.raw) == but_for_docs(other.raw)


# What these tests would catch.


def field(schema: Any, name: str) -> Any:
    return next(f for f in schema["fields"] if f["name"] == name)


def millis(schema: Any) -> None:
    field(schema, "occurred_at")["type"]["logicalType"] = "timestamp-millis"


def no_logical_type(schema: Any) -> None:
    del field(schema, "occurred_at")["type"]["logicalType"]


def another_type(schema: Any) -> None:
    field(schema, "spawned_by")["type"] = "bytes"


def a_wider_type(schema: Any) -> None:
    field(schema, "spawned_by")["type"] = ["null", "string"]


def another_type_deep_inside(schema: Any) -> None:
    field(field(schema, "limits")["type"], "idle_ttl_secs")["type"] = "double"


def another_type_in_an_array(schema: Any) -> None:
    field(field(schema, "limits")["type"], "allowed_tools")["type"]["items"] = "bytes"


def a_field_without_default(schema: Any) -> None:
    schema["fields"].append({"name": "extra", "type": "string", "doc": "New."})


def a_field_left_out_that_older_readers_need(schema: Any) -> None:
    schema["fields"].remove(field(schema, "spawned_by"))


def another_record_name(schema: Any) -> None:
    field(schema, "identity")["type"]["name"] = "Who"


CHANGES: list[Callable[[Any], None]] = [
    millis, no_logical_type, another_type, a_wider_type, another_type_deep_inside,
    another_type_in_an_array, a_field_without_default,
    a_field_left_out_that_older_readers_need, another_record_name,
]  # fmt: skip


def both_ways(one: Any, other: Any) -> Iterator[str]:
    yield from faults(one, other)
    yield from faults(other, one)


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_change_that_breaks_one_direction_is_caught(change: Callable[[Any], None]) -> None:
    old = schemas.current()[SPAWNED].raw
    new = copy.deepcopy(old)
    change(new)
    assert len(list(both_ways(old, new))) in (1, 2)


def test_a_new_field_with_a_default_is_fine() -> None:
    old = schemas.current()[SPAWNED].raw
    new = copy.deepcopy(old)
    new["fields"].append({"name": "extra", "type": "long", "default": 7, "doc": "New."})
    assert list(both_ways(old, new)) == []


def crc(schema: Any) -> str:
    return fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")


def another_default(schema: Any) -> None:
    field(field(schema, "limits")["type"], "idle_ttl_secs")["default"] = 60


@pytest.mark.parametrize("change", [millis, another_default])
def test_a_change_the_fingerprint_is_blind_to_is_caught(change: Callable[[Any], None]) -> None:
    old = schemas.current()[SPAWNED].raw
    new = copy.deepcopy(old)
    change(new)
    assert crc(old) == crc(new)
    assert but_for_docs(old) != but_for_docs(new)


def test_docs_may_change() -> None:
    old = schemas.current()[SPAWNED].raw
    new = copy.deepcopy(old)
    new["doc"] = field(new, "limits")["doc"] = field(new, "limits")["type"]["doc"] = "Better."
    assert old != new
    assert but_for_docs(old) == but_for_docs(new)
