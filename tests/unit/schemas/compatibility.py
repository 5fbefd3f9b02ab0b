"""Whether what one schema wrote can be read with another, logical types included.

Stricter than Avro's own rules, which promote an int to a long and overlook logical types: a
field never changes its type, because full compatibility would need the promotion both ways.
"""

from collections.abc import Iterator
from typing import Any

Schema = Any


def faults(writer: Schema, reader: Schema, path: str = "") -> Iterator[str]:
    """Yield why the reader can't read what the writer wrote, or would take it for another thing."""
    match writer, reader:
        case {"type": "record"}, {"type": "record"}:
            yield from _record_faults(writer, reader, path)
        case {"type": "array"}, {"type": "array"}:
            yield from faults(writer["items"], reader["items"], f"{path}[]")
        case [*written], [*read]:
            if len(written) != len(read):
                yield f"{path}: {len(written)} branches are read as {len(read)}"
            for one, other in zip(written, read, strict=False):
                yield from faults(one, other, path)
        case _:
            if writer != reader:
                yield f"{path}: {writer} is read as {reader}"


def _record_faults(writer: Schema, reader: Schema, path: str) -> Iterator[str]:
    if writer["name"] != reader["name"]:
        yield f"{path}: {writer['name']} is read as {reader['name']}"
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        name = f"{path}.{field['name']}"
        if field["name"] in written:
            yield from faults(written[field["name"]]["type"], field["type"], name)
        elif "default" not in field:
            yield f"{name}: is not written and has no default"


def but_for_docs(schema: Schema) -> Schema:
    """Return a schema without its docs: what must be equal where the fingerprint is."""
    match schema:
        case dict():
            return {k: but_for_docs(v) for k, v in schema.items() if k != "doc"}
        case list():
            return [but_for_docs(each) for each in schema]
        case _:
            return schema
