"""The Avro schemas in `schemas/avro/`, current and released, by name and by fingerprint."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

FOLDER = Path(__file__).parent.parent / "schemas" / "avro"
MARKER = b"\xc3\x01"
"""First bytes of the Avro single-object encoding (Avro specification 1.12)."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One version of the schema of an event class, or of a command."""

    topic: str
    """Topic of the event class, or name of the command."""
    raw: dict[str, Any]
    """As in the file, docs included."""
    parsed: Any
    """As fastavro wants it."""
    header: bytes
    """Marker and CRC-64-AVRO fingerprint, little endian: how an encoded event begins."""


def load(path: Path, topic: str) -> Schema:
    """Read one schema file."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    canonical = to_parsing_canonical_form(raw)
    header = MARKER + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
    return Schema(topic, raw, parse_schema(raw), header)


@cache
def current() -> dict[str, Schema]:
    """Return the current schema of every topic."""
    return {p.stem: load(p, p.stem) for p in sorted(FOLDER.glob("*.avsc"))}


@cache
def released() -> dict[str, list[Schema]]:
    """Return all released versions of every topic: `history/RELEASE/TOPIC.avsc`."""
    found: dict[str, list[Schema]] = {}
    for path in sorted((FOLDER / "history").glob("*/*.avsc")):
        found.setdefault(path.stem, []).append(load(path, path.stem))
    return found


@cache
def by_header() -> dict[bytes, Schema]:
    """Return every known schema by how its events begin; the current one wins."""
    known = {s.header: s for versions in released().values() for s in versions}
    return known | {s.header: s for s in current().values()}


@cache
def commands() -> dict[str, Schema]:
    """Return the current schema of every command, by its name."""
    return {p.stem: load(p, p.stem) for p in sorted((FOLDER / "commands").glob("*.avsc"))}


@cache
def commands_by_header() -> dict[bytes, Schema]:
    """Return every known schema of a command by how it begins; the current one wins."""
    paths = sorted((FOLDER / "history").glob("*/commands/*.avsc"))
    known = {schema.header: schema for schema in (load(path, path.stem) for path in paths)}
    return known | {schema.header: schema for schema in commands().values()}
