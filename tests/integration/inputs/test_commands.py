"""`perpetua run` and `up` over what real machines keep their logs in."""

import gzip
import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.store.recorder import Recorder
from tests.checks import history
from tests.e2e.process import EXAMPLE, ONE_LINE, Perpetua, until

FAILING = {"127.61.14.203", "127.44.7.19", "127.113.90.52", "127.8.201.77", "127.92.33.140"}


@pytest.fixture
def perpetua(tmp_path: Path, database: str) -> Perpetua:
    return Perpetua(tmp_path / "home", database)


def journal_entries() -> Iterator[str]:
    """The example as `journalctl -o json` would print it."""
    for line in EXAMPLE.read_text().splitlines():
        month, day, clock, host, who, message = line.split(" ", 5)
        name, _, pid = who.removesuffix(":").rstrip("]").partition("[")
        at = datetime.strptime(f"2026 {month} {day} {clock}", "%Y %b %d %H:%M:%S")
        yield json.dumps(
            {
                "__REALTIME_TIMESTAMP": str(int(at.replace(tzinfo=UTC).timestamp()) * 1_000_000),
                "_BOOT_ID": "b0", "_HOSTNAME": host, "SYSLOG_IDENTIFIER": name, "_PID": pid,
                "PRIORITY": "6", "MESSAGE": message,
            }
        )  # fmt: skip


def denied(report: dict[str, Any]) -> set[str]:
    """The addresses a report proposes to deny."""
    titles = [each["title"] for each in report["proposals"] if each["title"].startswith("Deny ")]
    return {title.split()[1].rstrip(":") for title in titles}


def test_a_zipped_journal_is_understood_as_its_plain_lines_are(
    perpetua: Perpetua, tmp_path: Path, database: str
) -> None:
    path = tmp_path / "journal"
    entries = list(journal_entries())
    path.write_bytes(gzip.compress("".join(f"{entry}\n" for entry in entries).encode()))
    report = perpetua.json("run", path)
    assert report["observations"] == len(entries)
    assert denied(report) == FAILING
    with Recorder(database) as recorder:
        stored = [e.event for e in history(recorder) if e.event.topic == "observation.received"]
        assert {event.format for event in stored} == {"journald"}  # type: ignore[attr-defined]  # all are observations
        text = "\n".join(event.content for event in stored)  # type: ignore[attr-defined]  # the same
        assert text == "\n".join(entries), "it is not stored as it came"


def test_what_is_readable_of_a_broken_gzip_file_is_digested_and_the_rest_is_said(
    perpetua: Perpetua, tmp_path: Path
) -> None:
    path = tmp_path / "a.log.gz"
    whole = gzip.compress(EXAMPLE.read_bytes())
    path.write_bytes(whole[: len(whole) // 2])
    done = perpetua("run", path, "--json", code=2)
    assert 0 < json.loads(done.stdout)["observations"] < 1_520
    assert ONE_LINE.fullmatch(done.stderr)
    assert f"{path}: the gzip file ends in the middle" in done.stderr


def test_who_writes_to_two_pipes_in_turn_is_read_from_both(
    perpetua: Perpetua, tmp_path: Path
) -> None:
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        os.mkfifo(path)

    def write() -> None:
        files = [path.open("wb", buffering=0) for path in paths]
        for number in range(20):
            for file in files:
                file.write(f"job {number} took 3 ms\n".encode() * 500)
        for file in files:
            file.close()

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    assert perpetua.json("run", *paths)["observations"] == 20_000
    writing.join()


def test_the_operator_sees_what_was_dropped(database: str, tmp_path: Path) -> None:
    perpetua = Perpetua(
        tmp_path / "home", database, PERPETUA_INPUTS__LINES_PER_SECOND="100",
        PERPETUA_COGNITION_ENABLED="false",
    )  # fmt: skip
    with perpetua.up(EXAMPLE) as up:
        until(lambda: any(s["dropped_lines"] for s in up.get("/v1/sources")), "lines are dropped")
        size = EXAMPLE.stat().st_size
        until(lambda: up.get("/v1/sources")[0]["offset"] == size, "all is done with")
        [source] = up.get("/v1/sources")
        assert source["lines"] + source["dropped_lines"] == 1_520
        told = f"{source['dropped_lines']:,} lines over the limit dropped (see [inputs])"
        assert f"{told} of {EXAMPLE}" in " ".join(perpetua("status").stdout.split())
        assert told in perpetua("doctor").stdout
