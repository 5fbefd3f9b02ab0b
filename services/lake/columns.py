"""The columns of a data set: the place of an event in the store, then the fields of its class."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pyarrow as pa

from services import schemas

PLACE: Final = (
    ("position", pa.int64()),
    ("stream", pa.string()),
    ("version", pa.int64()),
    ("partition", pa.int16()),
)
"""Columns that belong to the store, first in every data set."""
_PLAIN: Final[Mapping[str, Any]] = {
    "string": pa.string(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


@cache
def columns(topic: str) -> pa.Schema:
    """Return the columns of an event class.

    Raises:
        KeyError: there is no such class.
    """
    fields = schemas.current()[topic].raw["fields"]
    return pa.schema([*PLACE, *((field["name"], column(field["type"])) for field in fields)])


def fingerprint(topic: str) -> str:
    """Return which version of its schema the columns of a class are of."""
    return schemas.current()[topic].header.hex()


def column(avro: Any) -> pa.DataType:
    """Return the Arrow type of an Avro type: lists and records nested, times in UTC."""
    match avro:
        case ["null", other]:
            return column(other)
        case {"type": "record", "fields": fields}:
            return pa.struct([(field["name"], column(field["type"])) for field in fields])
        case {"type": "array", "items": items}:
            return pa.list_(column(items))
        case {"logicalType": "timestamp-micros"}:
            return pa.timestamp("us", tz="UTC")
    return _PLAIN[avro]
