"""Records to commands: the Avro single-object encoding, or JSON."""

import re
from io import BytesIO
from typing import Any, Final, cast

from fastavro import schemaless_reader
from pydantic_core import from_json

from services import schemas
from services.bus.client import Incoming
from services.bus.topics import COMMAND_BYTES
from services.ingest.command import IN_PATH, PATHS, Command

_KEY: Final = re.compile(r"[!-~]{1,128}")
"""What an idempotency key may be, here as over HTTP."""
_LONGEST_PATH_PART: Final = 1_000
_LONGEST_KEY: Final = 1024 * 1024
"""Bytes: the reply carries it too."""
_HEADER_BYTES: Final = 10
"""What a header takes beside its name and value, at most."""


class Undecodable(ValueError):
    """A record that is no command; `code` is the stable name of what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fits(record: Incoming) -> bool:
    """Tell whether a record is no larger than one may be; packed, it passes the broker anyway."""
    headers = sum(len(n.encode()) + len(v or b"") + _HEADER_BYTES for n, v in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers <= COMMAND_BYTES


def decode(record: Incoming) -> Command:
    """Read a command; one that names no idempotency key of its own gets its place for one.

    Raises:
        Undecodable: it is no command.
    """
    value = record.value
    if not fits(record):
        raise Undecodable("too_large", f"a command is at most {COMMAND_BYTES} bytes, unpacked")
    if len(record.key or b"") > _LONGEST_KEY:
        raise Undecodable("invalid_key", f"a key is at most {_LONGEST_KEY} bytes")
    if not value:
        raise Undecodable("empty", "there is no value")
    name, fields = _avro(value) if value.startswith(schemas.MARKER) else _json(value)
    command_id = fields.pop("command_id", None)
    if command_id is None:
        command_id = f"kafka-{record.partition}-{record.offset}-{record.timestamp_ms}"
    if not (isinstance(command_id, str) and _KEY.fullmatch(command_id)):
        raise Undecodable("invalid_command_id", "command_id must be 1 to 128 printable ASCII")
    correlation_id = fields.pop("correlation_id", None)
    if not (correlation_id is None or isinstance(correlation_id, str)):
        raise Undecodable("invalid_correlation_id", "correlation_id must be a string")
    part = IN_PATH[name]
    if part and not _is_path_part(fields.get(part)):
        raise Undecodable("missing_field", f"{name} needs {part}, a string")
    return Command(name, command_id, correlation_id, fields)


def _avro(value: bytes) -> tuple[str, dict[str, Any]]:
    schema = schemas.commands_by_header().get(value[:10])
    if schema is None:
        raise Undecodable("unknown_schema", f"no command has the schema {value[2:10].hex()}")
    body = BytesIO(value)
    body.seek(10)
    reader = schemas.commands()[schema.topic]
    try:
        found = schemaless_reader(body, schema.parsed, reader.parsed)
    except Exception as wrong:  # the library raises whatever the bytes lead it to
        raise Undecodable(
            "malformed_avro", f"not a {schema.topic}: {type(wrong).__name__}: {wrong}"
        ) from wrong
    if body.read(1):
        raise Undecodable("malformed_avro", f"{schema.topic} is followed by something else")
    return schema.topic, cast("dict[str, Any]", found)


def _json(value: bytes) -> tuple[str, dict[str, Any]]:
    try:
        found = from_json(value, allow_inf_nan=False)
    except ValueError as wrong:
        raise Undecodable("malformed_json", f"neither Avro nor JSON: {wrong}") from wrong
    if not isinstance(found, dict):
        raise Undecodable("malformed_json", "a command is a JSON object")
    name = found.pop("command", None)
    if not isinstance(name, str) or name not in PATHS:
        raise Undecodable(
            "unknown_command", f"command must be one of {', '.join(PATHS)}, not {name!r:.100}"
        )
    return name, found


def _is_path_part(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_PATH_PART
