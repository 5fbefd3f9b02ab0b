"""Every event class has a model and a schema file, and they say the same."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.events import ENVELOPE, EVENT_CLASSES, Event
from services import schemas
from tests.unit.schemas.expected import record

DOCUMENTED = [
    "thought.generated", "hypothesis.raised", "check.requested", "check.result",
    "proposal.created", "proposal.verified", "proposal.rejected", "action.executed",
    "persona.spawned", "persona.reaped", "snapshot.compressed",
]  # fmt: skip
OURS = [
    "observation.received", "swarm.created", "budget.leased", "budget.settled", "persona.paused",
    "persona.resumed", "vote.cast", "policy.decided", "approval.granted", "approval.denied",
    "action.started", "cognition.started", "cognition.stopped",
    "work.claimed", "work.released", "observation.dropped",
]  # fmt: skip
ENVELOPE_FIELDS = (
    "event_id", "occurred_at", "swarm_id", "persona_id", "actor", "correlation_id",
    "causation_id", "content_key",
)  # fmt: skip

each_class = pytest.mark.parametrize("topic", EVENT_CLASSES)


def raw(topic: str) -> dict[str, Any]:
    return schemas.current()[topic].raw


def records_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the record schemas in a schema, itself first."""
    match schema:
        case {"type": "record", "fields": fields}:
            yield schema
            for field in fields:
                yield from records_in(field["type"])
        case {"type": "array", "items": items}:
            yield from records_in(items)
        case list():
            for branch in schema:
                yield from records_in(branch)


def types_in(schema: dict[str, Any]) -> Iterator[Any]:
    """Yield the types of all fields in a schema, those inside arrays and unions too."""
    for each in records_in(schema):
        for field in each["fields"]:
            waiting = [field["type"]]
            while waiting:
                found = waiting.pop()
                yield found
                if isinstance(found, list):
                    waiting += found
                elif isinstance(found, dict) and found["type"] == "array":
                    waiting.append(found["items"])


def test_the_catalogue_has_the_documented_classes_and_ours_and_no_other() -> None:
    assert list(EVENT_CLASSES) == [*DOCUMENTED, *OURS]
    assert sorted(p.stem for p in schemas.FOLDER.glob("*.avsc")) == sorted(EVENT_CLASSES)


@each_class
def test_a_class_is_named_after_its_topic(topic: str) -> None:
    model = EVENT_CLASSES[topic]
    assert model.__name__ == "".join(part.title() for part in topic.split("."))
    assert model.topic == topic
    assert model.__bases__ == (Event,)


@each_class
def test_a_model_and_its_schema_say_the_same(topic: str) -> None:
    """Names, order, types, nullability, defaults and docs, nested records too."""
    expected = {**record(EVENT_CLASSES[topic]), "namespace": "perpetua"}
    assert raw(topic) == expected


@each_class
def test_a_schema_file_is_written_in_the_one_form_there_is(topic: str) -> None:
    path = schemas.FOLDER / f"{topic}.avsc"
    text = json.dumps(raw(topic), indent=2, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == text


@each_class
def test_the_envelope_comes_first_and_in_order(topic: str) -> None:
    names = tuple(field["name"] for field in raw(topic)["fields"])
    assert names[: len(ENVELOPE_FIELDS)] == ENVELOPE_FIELDS == ENVELOPE


@each_class
def test_every_field_of_every_record_says_what_it_is(topic: str) -> None:
    for each in records_in(raw(topic)):
        assert each["doc"].strip()
        assert all(field["doc"].strip().endswith((".", ")")) for field in each["fields"])


@each_class
def test_a_schema_has_no_enum_and_no_union_but_null_and_one_type(topic: str) -> None:
    for found in types_in(raw(topic)):
        match found:
            case ["null", str() | dict()]:
                pass
            case {"type": "record" | "array"}:
                pass
            case {"type": "long", "logicalType": "timestamp-micros"}:
                pass
            case "string" | "long" | "double" | "boolean" | "null":
                pass
            case _:
                raise AssertionError(f"{topic} has {found}")


@each_class
def test_what_may_be_absent_is_absent_unless_it_is_said(topic: str) -> None:
    for each in records_in(raw(topic)):
        for field in each["fields"]:
            if isinstance(field["type"], list):
                assert field.get("default", "none") is None, field["name"]


@each_class
def test_ids_are_text(topic: str) -> None:
    for each in records_in(raw(topic)):
        for field in each["fields"]:
            if field["name"].endswith("_id"):
                assert field["type"] in ("string", ["null", "string"]), field["name"]


@each_class
def test_numbers_say_their_unit(topic: str) -> None:
    for each in records_in(raw(topic)):
        for field in each["fields"]:
            name = field["name"]
            if any(word in name for word in ("cost", "usd", "price")):
                assert name.endswith("_micro_usd")
                assert field["type"] == "long"
            if any(word in name for word in ("latency", "duration", "interval", "cpu")):
                assert "_ms" in name
                assert field["type"] == "long"
            if field["type"] == "double":
                assert "0 to 1" in field["doc"]
