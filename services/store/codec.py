"""Events to bytes and back: the Avro single-object encoding.

The same bytes are stored, published, archived and hashed. An event written with any released
schema is read with the current one.
"""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin

from fastavro import schemaless_reader, schemaless_writer
from pydantic import BaseModel

from domain.errors import EventTooLarge
from domain.events import EVENT_CLASSES, Event
from services import schemas
from services.store.save import EVENT_LIMIT

Convert = Callable[[Any], Any]


class UnknownSchema(ValueError):
    """Bytes that no released schema explains."""


def encode(event: Event) -> bytes:
    """Encode an event.

    Raises:
        EventTooLarge: it is over 512 KiB.
    """
    schema = schemas.current()[event.topic]
    out = BytesIO(schema.header)
    out.seek(len(schema.header))
    schemaless_writer(out, schema.parsed, _fields(event))
    state = out.getvalue()
    if len(state) > EVENT_LIMIT:
        raise EventTooLarge(event.topic, len(state), EVENT_LIMIT)
    return state


def decode(state: bytes) -> Event:
    """Decode an event, whichever released schema wrote it.

    Raises:
        UnknownSchema: no schema has this fingerprint.
    """
    topic, fields = datum(state)
    return EVENT_CLASSES[topic].model_validate(fields)


def datum(state: bytes) -> tuple[str, dict[str, Any]]:
    """Return the class of an event and its fields, as the current schema has them.

    Raises:
        UnknownSchema: no schema has this fingerprint.
    """
    writer = schemas.by_header().get(state[:10])
    if writer is None:
        raise UnknownSchema(f"no schema with fingerprint {state[2:10].hex()}")
    reader = schemas.current()[writer.topic]
    body = BytesIO(state)
    body.seek(10)
    resolved = None if writer is reader else reader.parsed
    return writer.topic, cast("dict[str, Any]", schemaless_reader(body, writer.parsed, resolved))


def _fields(model: BaseModel) -> dict[str, Any]:
    nested = _nested_fields(type(model))
    if not nested:
        return model.__dict__
    fields = dict(model.__dict__)
    for name, convert in nested:
        fields[name] = convert(fields[name])
    return fields


@cache
def _nested_fields(model: type[BaseModel]) -> tuple[tuple[str, Convert], ...]:
    """Find the fields that hold models, which Avro wants as dictionaries."""
    found = ((name, _converter(f.annotation)) for name, f in model.model_fields.items())
    return tuple((name, convert) for name, convert in found if convert)


def _converter(annotation: Any) -> Convert | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _fields
    inner = [a for a in get_args(annotation) if a not in (NoneType, Ellipsis)]
    if not inner:
        return None
    convert = _converter(inner[0])
    if convert is None:
        return None
    if get_origin(annotation) in (Union, UnionType):
        return lambda value: None if value is None else convert(value)
    return lambda values: [convert(value) for value in values]
