"""Whatever comes, it is a command, or it is said why it is none."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services import schemas
from services.ingest.command import PATHS, Command
from services.ingest.decoding import Undecodable, decode
from tests.unit.ingest.commands import FULL, avro, record

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = ["command", "command_id", "correlation_id", "persona_id", "proposal_id", "name"]


def never_else(value: bytes | None, **more: Any) -> None:
    """Whatever a record holds, it is a command with a path to be posted to, or none is."""
    try:
        command = decode(record(value, **more))
    except Undecodable as refusal:
        assert refusal.code.isidentifier()
        return
    assert isinstance(command, Command)
    assert command.path.isascii()
    assert command.path.split("/")[1] == "v1"
    json.dumps(command.body)


@settings(max_examples=500)
@given(st.none() | st.binary(max_size=200))
def test_any_bytes_are_a_command_or_refused(value: bytes | None) -> None:
    never_else(value)


@settings(max_examples=500)
@given(name=st.sampled_from([*PATHS]), body=st.binary(max_size=200))
def test_any_bytes_after_a_known_fingerprint_are_a_command_or_refused(
    name: str, body: bytes
) -> None:
    never_else(schemas.commands()[name].header + body)


@settings(max_examples=500)
@given(data=st.data())
def test_avro_with_any_bytes_changed_is_a_command_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*PATHS]))
    changed = bytearray(avro(name, FULL[name]))
    for place in data.draw(st.lists(st.integers(10, len(changed) - 1), min_size=1, max_size=4)):
        changed[place] = data.draw(st.integers(0, 255))
    never_else(bytes(changed))


@settings(max_examples=500)
@given(
    value=ANY_JSON
    | st.dictionaries(st.sampled_from(NAMES), ANY_JSON | st.sampled_from([*PATHS, "p"]))
)
def test_any_json_is_a_command_or_refused(value: Any) -> None:
    never_else(json.dumps(value).encode())
