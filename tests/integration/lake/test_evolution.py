"""A release with new fields reads what older ones exported, and renews it at its next export."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from domain.events.cognition import ContextRef
from domain.recorded import Stored
from services import schemas
from services.lake.asking import ask, connected
from services.lake.columns import columns
from services.store.codec import decode, encode
from tests.integration.lake.telling import (
    exported,
    manifest_of,
    rows,
    some,
    told,
)

pytestmark = pytest.mark.usefixtures("quick_disk", "renewing")

Schemas = dict[str, schemas.Schema]


def field(schema: Any, name: str) -> Any:
    return next(each for each in schema["fields"] if each["name"] == name)["type"]


def of_tomorrow(folder: Path) -> Schemas:
    """Return schemas with a new field wherever one may come: outside, inside, inside a list."""
    thought = copy.deepcopy(schemas.current()["thought.generated"].raw)
    thought["fields"].append({"name": "mood", "type": "string", "default": "calm", "doc": ""})
    thought["fields"].append({"name": "since", "type": ["null", "long"], "default": None})
    usage = field(thought, "usage")
    usage["fields"].insert(0, {"name": "watts", "type": "double", "default": 0.5, "doc": ""})
    refs = field(thought, "context_refs")["items"]
    refs["fields"].append({"name": "why", "type": "string", "default": "-", "doc": ""})
    path = folder / "thought.generated.avsc"
    path.write_text(json.dumps(thought))
    return schemas.current() | {"thought.generated": schemas.load(path, "thought.generated")}


def of_today(_: Path) -> Schemas:
    return schemas.current()


def of_the_first_release(_: Path) -> Schemas:
    return {topic: versions[0] for topic, versions in schemas.released().items()}


def become(monkeypatch: pytest.MonkeyPatch, current: Schemas) -> None:
    """Be the program of another release."""
    every = schemas.by_header() | {schema.header: schema for schema in current.values()}
    monkeypatch.setattr(schemas, "current", lambda: current)
    monkeypatch.setattr(schemas, "by_header", lambda: every)
    columns.cache_clear()


def shown_something(events: list[Stored]) -> list[Stored]:
    """Return the events, each thought with a memory that was shown to its thinker."""
    ref = ContextRef(ref="event-1", tier="hot")
    return [
        each._replace(state=encode(decode(each.state).model_copy(update={"context_refs": (ref,)})))
        if each.topic == "thought.generated"
        else each
        for each in events
    ]


@pytest.mark.parametrize(
    ("older", "newer"),
    [(of_the_first_release, of_today), (of_today, of_tomorrow)],
    ids=["of the first release", "of tomorrow"],
)
def test_files_of_an_older_schema_are_read_beside_new_ones_and_then_renewed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    older: Callable[[Path], Schemas],
    newer: Callable[[Path], Schemas],
) -> None:
    events = shown_something(some(150))
    old, new = older(tmp_path), newer(tmp_path)
    become(monkeypatch, old)
    before = exported(tmp_path / "lake", told(events[:100]))

    become(monkeypatch, new)
    with connected(tmp_path / "lake") as connection:
        for topic in before.data_sets:
            view = topic.replace(".", "_")
            [[count]] = ask(connection, f"select count(*) from {view}").rows
            assert count == sum(file.rows for file in before.data_sets[topic])
    exported(tmp_path / "lake", told(events))
    exported(tmp_path / "fresh", told(events))

    assert rows(tmp_path / "lake") == rows(tmp_path / "fresh")
    current = {topic: schema.header.hex() for topic, schema in new.items()}
    for topic, files in manifest_of(tmp_path / "lake").data_sets.items():
        assert {file.fingerprint for file in files} == {current[topic]}


def test_duckdb_reads_an_old_and_a_new_file_of_one_data_set_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What whoever reads with another program sees, before the next export renews the old one."""
    events = some(60)
    tomorrow = of_tomorrow(tmp_path)
    exported(tmp_path / "old", told(events))
    become(monkeypatch, tomorrow)
    exported(tmp_path / "new", told(events))
    paths = [str(tmp_path / which / "thought.generated" / "*.parquet") for which in ("old", "new")]
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select mood, usage.watts, count(*) from read_parquet({paths}, union_by_name = true)"
            " group by all order by all"
        ).fetchall()
    thoughts = sum(each.topic == "thought.generated" for each in events)
    assert found == [("calm", 0.5, thoughts), (None, None, thoughts)]
