"""PostgreSQL's binary format of one-dimensional arrays, by hand.

psycopg adapts value by value; a group of a thousand events has five thousand. Layout: number of
dimensions, whether nulls occur, element type; length and lower bound; then each element after its
length (array_send in src/backend/utils/adt/arrayfuncs.c).
"""

import struct
from collections.abc import Sequence
from itertools import chain, repeat

INT8, INT2, TEXT, BYTEA = 20, 21, 25, 17
"""Object ids of the element types."""
INT8_ARRAY, INT2_ARRAY, TEXT_ARRAY, BYTEA_ARRAY = 1016, 1005, 1009, 1001
"""Object ids of the array types."""

_SIZE = struct.Struct(">i").pack


def _head(element: int, length: int) -> bytes:
    if not length:
        return struct.pack(">iiI", 0, 0, element)
    return struct.pack(">iiIii", 1, 0, element, length, 1)


def bytea_array(values: Sequence[bytes], element: int = BYTEA) -> bytes:
    """Encode byte strings."""
    parts = [_head(element, len(values))] * (2 * len(values) + 1)
    parts[1::2] = map(_SIZE, map(len, values))
    parts[2::2] = values
    return b"".join(parts)


def text_array(values: Sequence[str]) -> bytes:
    """Encode texts as UTF-8."""
    return bytea_array(list(map(str.encode, values)), TEXT)


def int8_array(values: Sequence[int]) -> bytes:
    """Encode 64-bit integers."""
    body = chain.from_iterable(zip(repeat(8), values))
    return _head(INT8, len(values)) + struct.pack(">" + "iq" * len(values), *body)


def int2_array(values: Sequence[int]) -> bytes:
    """Encode 16-bit integers."""
    body = chain.from_iterable(zip(repeat(2), values))
    return _head(INT2, len(values)) + struct.pack(">" + "ih" * len(values), *body)


def int8(value: int) -> bytes:
    """Encode one 64-bit integer."""
    return value.to_bytes(8, "big", signed=True)


def read_int8(value: bytes | None) -> int:
    """Decode one 64-bit integer; null is 0."""
    return int.from_bytes(value, "big", signed=True) if value else 0


def read_int8_array(value: bytes | None) -> tuple[int, ...]:
    """Decode an array of 64-bit integers without nulls."""
    if value is None or len(value) < 20:
        return ()
    length = struct.unpack_from(">i", value, 12)[0]
    return struct.unpack_from(">" + "iq" * length, value, 20)[1::2]
