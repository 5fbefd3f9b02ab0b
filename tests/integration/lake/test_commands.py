"""`perpetua export` and `perpetua sql`, as processes of their own; also when they are killed."""

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.export import export
from services.cli.failures import Failure
from services.cli.sql import sql
from services.store.mapper import AvroMapper
from services.store.recorder import Recorder
from services.store.save import Save
from tests.e2e.process import Perpetua, until
from tests.integration.lake.telling import every_event, expected, manifest_of, on_disk, rows
from tests.integration.views.writing import thoughts, write
from tests.unit.projections.given import History


@pytest.fixture
def perpetua(tmp_path: Path, database: str) -> Perpetua:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Perpetua(home, database)


@pytest.fixture
def lake(perpetua: Perpetua) -> Path:
    return perpetua.home / "lake"


def test_what_is_exported_is_told_and_can_be_asked(
    perpetua: Perpetua, store: Recorder, lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = History().spawned("a").thought("a").observed("x\x1b[31m.log", 2, 3)
    write(store, history)
    told = perpetua.json("export")
    assert (told["added"], told["events"], told["position"], told["failed"]) == (3, 3, 3, [])
    assert rows(lake) == expected(every_event(store))

    query = "select position, source, occurred_at from observation_received"
    asked = f"select sum(position) as total, 'nan'::double as none, * from ({query}) group by all"
    [row] = perpetua.json("sql", asked)
    assert row == {
        "position": 3, "source": "x\x1b[31m.log", "occurred_at": "2026-08-01T12:00:02.123456Z",
        "total": 3, "none": None,
    }  # fmt: skip
    table = perpetua("sql", "-", stdin=query).stdout
    assert "\x1b" not in table
    assert r"x\x1b[31m.log" in table
    sql(query, lake=lake, as_csv=True)
    [names, line] = csv.reader(io.StringIO(capsys.readouterr().out))
    assert names == ["position", "source", "occurred_at"]
    assert line == ["3", "x\x1b[31m.log", "2026-08-01T12:00:02.123456Z"]


def test_what_is_wrong_is_told_in_one_line(perpetua: Perpetua, lake: Path) -> None:
    (lake / "letters").mkdir(parents=True)
    assert "no part of a lake" in perpetua.refused("export")
    assert "no lake at" in perpetua.refused("sql", "select 1")
    with pytest.raises(Failure, match="exclude each other"):
        sql("select 1", lake=lake, as_json=True, as_csv=True)
    with pytest.raises(Failure, match="no Kafka is set"):
        export(source="kafka", into=lake)


def test_what_stops_it_is_told_until_it_may_be_passed_over(
    perpetua: Perpetua, store: Recorder, lake: Path
) -> None:
    thought = History().spawned("a").thought("a").thought("a")
    [first, *rest] = [AvroMapper(12).to_stored_event(placed) for placed in thought.placed]
    store.submit(Save([first, replace(rest[0], state=b"\xc3\x01unknown!"), *rest[1:]])).result()

    told = json.loads(perpetua("export", "--json", code=2).stdout)
    [failed] = told["failed"]
    assert (failed["position"], told["events"], told["skipped"]) == (2, 1, [])
    with pytest.raises(Failure, match="say with --why"):
        export(skip_position=2, into=lake)
    with pytest.raises(Failure, match="--skip decides, and nothing else"):
        export(skip_position=2, why="a bad disk", rebuild=True, into=lake)

    told = perpetua.json("export", "--skip", "2", "--why", "a bad disk")
    [skipped] = told["skipped"]
    assert (skipped["position"], skipped["why"], told["failed"]) == (2, "a bad disk", [])
    assert skipped["decided_by"].startswith("user:")
    assert skipped["error"] == failed["error"]
    said = " ".join(perpetua("export").stdout.split())
    assert "1 new event;" in said
    assert "The lake passes over position 2: a bad disk (user:" in said


def test_killed_at_any_moment_nothing_is_lost_or_doubled_and_no_process_is_left(
    perpetua: Perpetua, store: Recorder, lake: Path
) -> None:
    write(store, thoughts("a", 6_000))
    with exporting(perpetua, "--follow", "--jobs", "2") as follower:
        until((lake / "manifest.json").exists, "it has begun")
        assert f"process {follower.pid} exports into" in perpetua.refused("export")
        group = os.getpgid(follower.pid)
    found = rows(lake).get("thought.generated", [])
    assert len({row["position"] for row in found}) == len(found)

    until(lambda: not alive(group), "its processes have ended")
    assert perpetua.json("export", "--jobs", "2")["events"] == store.head()
    assert rows(lake) == expected(every_event(store))
    assert on_disk(lake) == set(manifest_of(lake).every_path())


def test_one_that_follows_takes_in_what_comes_and_ends_in_good_order(
    perpetua: Perpetua, store: Recorder, lake: Path
) -> None:
    write(store, History().spawned("a"))
    with exporting(perpetua, "--follow", "--jobs", "2") as follower:
        until((lake / "manifest.json").exists, "it has begun")
        until(lambda: manifest_of(lake).rows == 1, "it is there")
        write(store, History().spawned("b").thought("b"))
        until(lambda: manifest_of(lake).rows == 3, "it has followed")
        os.killpg(follower.pid, signal.SIGINT)  # as a terminal does
        assert follower.wait(20) == 0, perpetua.errors
    assert "3 new events" in (perpetua.home / "out").read_text()
    assert perpetua.errors == ""


@contextmanager
def exporting(perpetua: Perpetua, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Export for as long as the block lasts; killed with -9 at its end if it still does."""
    process = perpetua.start("export", *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
