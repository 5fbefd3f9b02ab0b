"""Every command's schema file says what the API takes of it."""

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from fastavro.schema import fingerprint, to_parsing_canonical_form
from pydantic import BaseModel

from services import schemas
from services.api.models.agents import NewCheck, NewHypothesis, NewObservation, NewThought
from services.api.models.persona import Create, Reap
from services.api.models.propose import Approve, Propose, Vote
from services.ingest.command import IN_PATH, PATHS
from tests.unit.schemas.compatibility import but_for_docs, faults
from tests.unit.schemas.requests import INHERITED, taken

FOLDER = schemas.FOLDER / "commands"
MODELS: dict[str, type[BaseModel]] = {
    "spawn": Create,
    "reap": Reap,
    "observe": NewObservation,
    "think": NewThought,
    "hypothesise": NewHypothesis,
    "check": NewCheck,
    "propose": Propose,
    "vote": Vote,
    "approve": Approve,
}
"""Command to the request it becomes."""
each_command = pytest.mark.parametrize("name", PATHS)


def raw(name: str) -> dict[str, Any]:
    return schemas.commands()[name].raw


def versions(name: str) -> list[Any]:
    paths = sorted((schemas.FOLDER / "history").glob(f"*/commands/{name}.avsc"))
    return [*(json.loads(path.read_text()) for path in paths), raw(name)]


def but_for_words(schema: Any) -> Any:
    """Return a schema without docs, and without the names of its records."""
    match schema:
        case {"type": "record"}:
            fields = [but_for_words(field) for field in schema["fields"]]
            return {"type": "record", "fields": fields}
        case dict():
            return {key: but_for_words(value) for key, value in schema.items() if key != "doc"}
        case list():
            return [but_for_words(each) for each in schema]
    return schema


def records_in(schema: Any) -> Iterator[dict[str, Any]]:
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


def test_there_is_a_schema_of_every_command_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*")) == sorted(PATHS) == sorted(MODELS)


@each_command
def test_a_schema_has_the_fields_of_the_request_it_becomes(name: str) -> None:
    """Their names, types, what may be null and the defaults; and first what is in the path."""
    in_path = [{"name": IN_PATH[name], "type": "string"}] if IN_PATH[name] else []
    told = but_for_words(raw(name))["fields"][2:]
    assert told[: len(in_path)] == in_path
    by_name = {field["name"]: field for field in told[len(in_path) :]}
    assert by_name == {field["name"]: field for field in taken(MODELS[name])}


@each_command
def test_what_is_inherited_when_it_is_not_sent_is_in_no_schema(name: str) -> None:
    told = {field["name"] for each in records_in(raw(name)) for field in each["fields"]}
    assert not told & INHERITED


@each_command
def test_a_schema_begins_with_the_idempotency_key_and_the_correlation_id(name: str) -> None:
    command_id, correlation_id = but_for_docs(raw(name))["fields"][:2]
    assert command_id == {"name": "command_id", "type": "string"}
    nullable = {"name": "correlation_id", "type": ["null", "string"], "default": None}
    assert correlation_id == nullable


@each_command
def test_a_schema_is_named_after_its_command_in_a_namespace_of_commands(name: str) -> None:
    assert (raw(name)["name"], raw(name)["namespace"]) == (name.title(), "perpetua.command")
    assert raw(name)["doc"].endswith(".")


@each_command
def test_every_field_of_every_record_says_what_it_is(name: str) -> None:
    for each in records_in(raw(name)):
        assert all(field["doc"].strip().endswith(".") for field in each["fields"])


@each_command
def test_a_schema_has_no_enum_and_no_union_but_null_and_one_type(name: str) -> None:
    for each in records_in(raw(name)):
        for field in each["fields"]:
            waiting = [field["type"]]
            while waiting:
                match waiting.pop():
                    case ["null", str() | dict() as other]:
                        assert field.get("default", "none") is None, field["name"]
                        waiting.append(other)
                    case {"type": "array", "items": items}:
                        waiting.append(items)
                    case {"type": "record"} | "string" | "long" | "double" | "boolean":
                        pass
                    case found:
                        raise AssertionError(f"{field['name']} has {found}")


@each_command
def test_a_schema_file_is_written_in_the_one_form_there_is(name: str) -> None:
    text = json.dumps(raw(name), indent=2, ensure_ascii=False) + "\n"
    assert (FOLDER / f"{name}.avsc").read_text(encoding="utf-8") == text


@each_command
def test_every_version_reads_what_every_other_wrote(name: str) -> None:
    found = versions(name)
    assert len(found) > 1, "the first release is kept"
    for writer, reader in permutations(found, 2):
        assert list(faults(writer, reader)) == []


@each_command
def test_two_versions_of_one_fingerprint_are_equal_but_for_docs(name: str) -> None:
    for version in versions(name):
        canonical = to_parsing_canonical_form(version)
        header = schemas.MARKER + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
        assert but_for_docs(schemas.commands_by_header()[header].raw) == but_for_docs(version)
