"""Events to rows: from the stored bytes straight to columns, without the models."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from domain.recorded import Stored
from services import schemas
from services.lake.columns import columns
from services.store.codec import UnknownSchema, datum

Row = dict[str, Any]
ROWS: Final = 2_000
"""Most rows at once: as columns they take a tenth of the room."""


def row(stored: Stored) -> Row:
    """Return an event with its place, read with the current schema of its class.

    Raises:
        UnknownSchema: no schema of its class has this fingerprint.
        Exception: its bytes are not what the schema says, as fastavro puts it.
    """
    topic, made = datum(stored.state)
    if topic != stored.topic:
        raise UnknownSchema(f"the schema is one of {topic}, not of {stored.topic}")
    made["position"] = stored.position
    made["stream"] = stored.stream
    made["version"] = stored.version
    made["partition"] = stored.partition
    return made


def batch(topic: str, rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows of one class as columns."""
    return pa.RecordBatch.from_struct_array(pa.array(rows, pa.struct(columns(topic))))


def completed(value: Any, avro: Any) -> Any:
    """Return a value with its default in every field that is newer than it."""
    match value, avro:
        case dict(), {"type": "record", "fields": fields}:
            return {
                field["name"]: completed(value[field["name"]], field["type"])
                if field["name"] in value
                else field["default"]
                for field in fields
            }
        case list(), {"type": "array", "items": items}:
            return [completed(each, items) for each in value]
        case _, ["null", other]:
            return completed(value, other)
    return value


def renewed(topic: str, table: pa.Table) -> pa.Table:
    """Return a table whose columns are those of today, whichever release wrote it."""
    if table.schema.equals(columns(topic)):
        return table
    avro = schemas.current()[topic].raw
    place = [name for name in table.schema.names if name in Stored._fields]
    parts = [
        batch(
            topic,
            [
                {name: each[name] for name in place} | completed(each, avro)
                for each in part.to_pylist()
            ],
        )
        for part in table.to_batches(max_chunksize=ROWS)
    ]
    return pa.Table.from_batches(parts, columns(topic))
