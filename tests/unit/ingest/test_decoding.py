"""Records to commands: each is the same in Avro and in JSON."""

import pytest
from fastavro.schema import fingerprint, to_parsing_canonical_form

from services import schemas
from services.ingest.command import IN_PATH, PATHS, Command
from services.ingest.decoding import decode
from tests.unit.ingest.commands import FULL, as_json, avro, record

every = pytest.mark.parametrize("name", PATHS)


def test_one_of_every_command_is_tried() -> None:
    assert FULL.keys() == PATHS.keys() == schemas.commands().keys()
    for name, fields in FULL.items():
        written = {field["name"] for field in schemas.commands()[name].raw["fields"]}
        assert fields.keys() == written - {"command_id", "correlation_id"}


@every
def test_a_command_is_the_same_in_avro_and_in_json(name: str) -> None:
    fields, more = FULL[name], {"command_id": "k-1", "correlation_id": "c-1"}
    found = decode(record(avro(name, fields | more)))
    assert found == decode(record(as_json(name, **fields, **more)))
    assert found == Command(name, "k-1", "c-1", fields)
    assert found.body == {key: each for key, each in fields.items() if key != IN_PATH[name]}
    assert set(found.body) | {IN_PATH[name]} - {""} == set(fields)


@every
def test_an_avro_command_that_says_no_more_than_it_must_has_the_defaults(name: str) -> None:
    fields = schemas.commands()[name].raw["fields"]
    least = {each["name"]: FULL[name][each["name"]] for each in fields[1:] if "default" not in each}
    defaults = {each["name"]: each["default"] for each in fields if "default" in each}
    correlation_id = defaults.pop("correlation_id")
    found = decode(record(avro(name, least)))
    assert found == Command(name, "k-1", correlation_id, defaults | least)


@every
def test_avro_begins_with_the_marker_and_the_fingerprint_little_endian(name: str) -> None:
    canonical = to_parsing_canonical_form(schemas.commands()[name].raw)
    crc = bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
    assert avro(name, FULL[name])[:10] == b"\xc3\x01" + crc


def test_no_two_commands_share_a_fingerprint() -> None:
    assert len({each.header for each in schemas.commands().values()}) == len(PATHS)


def test_without_a_key_of_its_own_a_commands_place_is_its_key() -> None:
    value = as_json("reap", persona_id="p")
    ids = {decode(record(value, **{name: 9})).command_id for name in ("partition", "offset")}
    assert ids == {"kafka-9-44-1785585600123", "kafka-3-9-1785585600123"}
    assert decode(record(value)) == decode(record(value))


@pytest.mark.parametrize("odd", ["..", ".", "a/b", "a/../b", "?x", "#x", "%2F", "{x}", "№", "a b"])
def test_an_id_never_leads_to_another_path(odd: str) -> None:
    path = decode(record(as_json("reap", persona_id=odd))).path
    assert path.startswith("/v1/swarm/personas/")
    assert path.endswith("/reap")
    assert path.count("/") == 5
    assert "." not in path
