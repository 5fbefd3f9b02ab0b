"""The Avro single-object encoding: what is stored, published, archived and hashed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastavro.schema import fingerprint, to_parsing_canonical_form
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import EventTooLarge
from domain.events import EVENT_CLASSES, CognitionStopped, Event
from services import schemas
from services.store.codec import UnknownSchema, decode, encode
from services.store.save import EVENT_LIMIT
from tests.unit.schemas.made import events

CRC_64_OF_INT = 0x7275D51A3F395C8F
"""From the Avro specification's own reference implementation."""


def stopped(reason: str | None) -> CognitionStopped:
    return CognitionStopped(
        event_id="e",
        occurred_at=datetime(2026, 8, 1, tzinfo=UTC),
        swarm_id="fabric",
        actor="system:loop",
        correlation_id="c",
        epoch=1,
        reason=reason,
    )


def avro_crc_64(data: bytes) -> int:
    """CRC-64-AVRO as the specification has it, independent of any library."""
    empty = 0xC15D213AA4D7A795
    table = []
    for i in range(256):
        fp = i
        for _ in range(8):
            fp = (fp >> 1) ^ (empty & -(fp & 1))
        table.append(fp)
    fp = empty
    for byte in data:
        fp = (fp >> 8) ^ table[(fp ^ byte) & 0xFF]
    return fp


def test_the_fingerprint_is_that_of_the_specification() -> None:
    assert avro_crc_64(b'"int"') == CRC_64_OF_INT
    told = fingerprint(to_parsing_canonical_form("int"), "CRC-64-AVRO")
    assert int.from_bytes(bytes.fromhex(told), "little") == CRC_64_OF_INT


@pytest.mark.parametrize("topic", EVENT_CLASSES)
def test_an_event_begins_with_the_marker_and_its_schemas_fingerprint_little_endian(
    topic: str,
) -> None:
    schema = schemas.current()[topic]
    canonical = to_parsing_canonical_form(schema.raw).encode()
    assert schema.header == b"\xc3\x01" + avro_crc_64(canonical).to_bytes(8, "little")


def test_no_two_classes_share_a_fingerprint() -> None:
    assert len({s.header for s in schemas.current().values()}) == len(EVENT_CLASSES)


@pytest.mark.parametrize("topic", EVENT_CLASSES)
@settings(max_examples=20)
@given(data=st.data())
def test_any_event_comes_back_as_it_was(topic: str, data: Any) -> None:
    event = data.draw(events(EVENT_CLASSES[topic]))
    state = encode(event)
    assert state[:10] == schemas.current()[topic].header
    assert decode(state) == event
    assert encode(decode(state)) == state


def test_times_keep_their_microseconds_and_are_utc() -> None:
    event: Event = stopped(None).model_copy(
        update={"occurred_at": datetime(2026, 8, 1, 12, 0, 0, 123_457, tzinfo=UTC)}
    )
    back = decode(encode(event)).occurred_at
    assert back.isoformat() == "2026-08-01T12:00:00.123457+00:00"


def test_an_event_over_512_kib_is_refused_and_one_of_512_kib_is_not() -> None:
    bytes_around = len(encode(stopped("x" * 200_000))) - 200_000
    longest = "x" * (EVENT_LIMIT - bytes_around)
    assert EVENT_LIMIT == 524_288
    assert len(encode(stopped(longest))) == EVENT_LIMIT
    with pytest.raises(EventTooLarge) as refused:
        encode(stopped(longest + "x"))
    assert refused.value.code == "event_too_large"
    assert refused.value.details == {
        "topic": "cognition.stopped", "actual": EVENT_LIMIT + 1, "limit": EVENT_LIMIT,
    }  # fmt: skip


@pytest.mark.parametrize("state", [b"", b"\xc3\x01", b"\xc3\x01" + bytes(8), b"{}" * 10])
def test_bytes_of_no_known_schema_are_refused(state: bytes) -> None:
    with pytest.raises(UnknownSchema):
        decode(state)


def test_an_event_never_changes() -> None:
    event = stopped("done")
    with pytest.raises(ValueError, match="frozen"):
        event.reason = "other"  # type: ignore[misc]  # frozen: that is the point


def test_an_event_has_no_field_that_its_schema_has_not() -> None:
    with pytest.raises(ValueError, match="extra"):
        CognitionStopped.model_validate({**stopped("done").model_dump(), "other": 1})
