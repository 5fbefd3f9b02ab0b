"""Records that are no command, and why."""

import json
from typing import Any

import pytest

from services import schemas
from services.ingest.command import IN_PATH, PATHS
from services.ingest.decoding import Undecodable, decode
from tests.unit.ingest.commands import FULL, as_json, avro, record

every = pytest.mark.parametrize("name", PATHS)


def refused(value: bytes | None, **more: Any) -> str:
    with pytest.raises(Undecodable) as refusal:
        decode(record(value, **more))
    assert str(refusal.value)
    return refusal.value.code


@every
def test_avro_cut_off_anywhere_is_refused(name: str) -> None:
    whole = avro(name, FULL[name])
    codes = {refused(whole[:end]) for end in range(2, len(whole))}
    assert codes == {"unknown_schema", "malformed_avro"}
    assert refused(whole[:1]) == "malformed_json"


@every
def test_avro_followed_by_anything_is_refused(name: str) -> None:
    assert refused(avro(name, FULL[name]) + b"\0") == "malformed_avro"


def test_a_schema_nobody_knows_is_refused() -> None:
    assert refused(b"\xc3\x01" + bytes(8) + b"rest") == "unknown_schema"
    event = schemas.current()["thought.generated"].header
    assert refused(event + b"rest") == "unknown_schema"


@pytest.mark.parametrize("value", [None, b""])
def test_a_tombstone_is_refused(value: bytes | None) -> None:
    assert refused(value) == "empty"


@pytest.mark.parametrize(
    "value",
    [b"[]", b'"reap"', b"1", b"null", b"{", b"{}{}", b'{"a": NaN}', b'{"a": Infinity}', b"\xff",
     b"\xef\xbb\xbf{}", b'{"a": "\\ud800"}', b'{"a": ' + b"[" * 500, b'{"a": ' + b"9" * 9_999],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(value: bytes) -> None:
    assert refused(value) == "malformed_json"


@pytest.mark.parametrize("name", [None, "", "dance", "Reap", 1, True, [], {}, ["reap"], {"a": 1}])
def test_a_command_there_is_not_is_refused(name: Any) -> None:
    assert refused(json.dumps({"command": name, "persona_id": "p"}).encode()) == "unknown_command"
    assert refused(b'{"persona_id": "p"}') == "unknown_command"


@pytest.mark.parametrize("name", [name for name, part in IN_PATH.items() if part])
@pytest.mark.parametrize("wrong", [None, 1, True, [], {}, "", "x" * 1_001])
def test_a_command_that_does_not_say_whom_it_is_about_is_refused(name: str, wrong: Any) -> None:
    fields = {key: value for key, value in FULL[name].items() if key != IN_PATH[name]}
    assert refused(as_json(name, **fields)) == "missing_field"
    assert refused(as_json(name, **fields, **{IN_PATH[name]: wrong})) == "missing_field"


@pytest.mark.parametrize("wrong", ["", "a b", "ä", "a\n", "x" * 129, 7, True, [], {}])
def test_an_idempotency_key_that_http_would_not_take_is_refused(wrong: Any) -> None:
    assert refused(as_json("reap", persona_id="p", command_id=wrong)) == "invalid_command_id"
    if isinstance(wrong, str):
        value = avro("reap", FULL["reap"] | {"command_id": wrong})
        assert refused(value) == "invalid_command_id"


@pytest.mark.parametrize("wrong", [7, True, [], {}])
def test_a_correlation_id_that_is_no_text_is_refused(wrong: Any) -> None:
    value = as_json("reap", persona_id="p", correlation_id=wrong)
    assert refused(value) == "invalid_correlation_id"


def test_a_record_over_16_mib_is_refused_however_it_was_packed() -> None:
    filled = as_json("observe", persona_id="p", source="s", content="x" * 1_000)
    room = 16 * 1024 * 1024 - 1 - 2 * (len("authorization") + len(b"Bearer secret") + 10)
    bearer = ("authorization", b"Bearer secret")
    whole = filled + b" " * (room - len(filled))
    assert decode(record(whole, headers=[bearer, bearer])).name == "observe"
    assert refused(whole + b" ", headers=[bearer, bearer]) == "too_large"
    assert refused(filled, headers=[("x", b"")] * 2_000_000) == "too_large"
    assert refused(filled, key=b"k" * (1024 * 1024 + 1)) == "invalid_key"
