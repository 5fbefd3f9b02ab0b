"""`perpetua run` on real files: what it must find, what it must not, and how it fails."""

import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from services.commands.lifecycle import Ceilings
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from tests.checks import (
    check_budgets,
    check_one_loop,
    check_positions,
    check_reaped_are_distilled,
    history,
)
from tests.e2e.process import EXAMPLE, Perpetua

FAILING = {
    "127.61.14.203": 60,
    "127.44.7.19": 41,
    "127.113.90.52": 33,
    "127.8.201.77": 21,
    "127.92.33.140": 12,
}
"""Failed logins of each source that fails again and again, as examples/README.md counts them."""
GOOD = "Nov 23 10:{:02}:{:02} bastion sshd[9{}]: Accepted publickey for ann from {} port 4 ssh2\n"


def cited_lines(stored: Recorder, proposal: dict[str, Any]) -> list[str]:
    """The lines a proposal cites, as they were observed."""
    found = []
    for ref in proposal["evidence"]:
        position, _, numbers = ref.partition("#")
        [event] = [to_recorded(each).event for each in stored.read_positions([int(position)])]
        lines = event.content.split("\n")  # type: ignore[attr-defined]  # all are observations
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            found += lines[int(first) : int(last or first) + 1]
    return found


def failures_in(line: str) -> int:
    """How many failed logins a line tells of."""
    repeated = re.search(r"message repeated (\d+) times", line)
    return ("Failed password" in line) * int(repeated[1] if repeated else 1)


def check_history(stored: Recorder) -> None:
    events = history(stored)
    check_positions(events)
    check_reaped_are_distilled(events)
    assert check_one_loop(events) >= 1
    assert check_budgets(events, Ceilings()) > 0


def test_every_failing_source_is_named_with_its_count_and_the_loud_one_never(
    perpetua: Perpetua, stored: Recorder
) -> None:
    report = perpetua.json("run", EXAMPLE)
    assert report["observations"] == 1_520
    denied = {p["title"].split()[1].rstrip(":"): p for p in report["proposals"]}
    assert set(denied) == set(FAILING)
    for source, count in FAILING.items():
        proposal = denied[source]
        assert f" {count} times" in proposal["title"]
        assert (proposal["tool"], proposal["target"]) == ("file.append", "deny.list")
        assert (proposal["risk"], proposal["status"]) == ("high", "verified")
        assert proposal["evidence"]
    assert "127.20.0.9" not in json.dumps(report)
    for source, proposal in denied.items():
        cited = [line for line in cited_lines(stored, proposal) if f" from {source} " in line]
        assert sum(map(failures_in, cited)) == FAILING[source]
    assert set(report) == {
        "observations", "thoughts", "hypotheses", "checks", "proposals", "personas", "tokens",
        "elapsed_ms",
    }  # fmt: skip
    assert report["checks"] == {"passed": report["hypotheses"], "failed": 0, "inconclusive": 0}
    personas = report["personas"]
    assert personas["spawned"] > 1
    assert personas["spawned"] - personas["reaped"] == personas["live"] == 1
    assert report["tokens"]["used"] <= report["tokens"]["budget"]
    check_history(stored)


def test_a_source_that_is_only_loud_brings_no_proposal(perpetua: Perpetua, tmp_path: Path) -> None:
    log = tmp_path / "good.log"
    lines = (GOOD.format(n // 60, n % 60, n, "192.0.2.7") for n in range(300))
    log.write_text("".join(lines))
    report = perpetua.json("run", log)
    assert (report["observations"], report["proposals"]) == (300, [])


ANY_BYTES = {
    b"": 0,
    b"\n": 1,
    b"one\r\ntwo\r\n": 2,
    b"no line end": 1,
    bytes(range(256)) * 200: 201,
    b"x" * 10_000_000 + b"\nlast\n": 2,
}
"""Contents of files, and how many lines each has."""


def test_any_bytes_can_be_digested(perpetua: Perpetua, tmp_path: Path) -> None:
    logs = [tmp_path / str(number) for number in range(len(ANY_BYTES))]
    for log, content in zip(logs, ANY_BYTES, strict=True):
        log.write_bytes(content)
    report = perpetua.json("run", *logs)
    assert (report["observations"], report["proposals"]) == (sum(ANY_BYTES.values()), [])


def test_the_report_for_people_tells_what_waits_and_how_to_approve(perpetua: Perpetua) -> None:
    said = perpetua("run", EXAMPLE).stdout
    assert "1,520 lines" in said
    assert all(f"Deny {source}: " in said for source in FAILING)
    assert "5 waiting for you: perpetua approve ID" in said


def test_standard_input_and_several_files_are_one_input(perpetua: Perpetua, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a\nb\n")
    two.write_text("c\n")
    done = perpetua("run", one, "-", two, one, "--json", stdin="d\ne\n")
    assert json.loads(done.stdout)["observations"] == 5


def test_two_runs_at_once_share_one_loop(perpetua: Perpetua, stored: Recorder) -> None:
    reports: list[Any] = []
    runs = [
        threading.Thread(target=lambda: reports.append(perpetua.json("run", EXAMPLE)))
        for _ in range(2)
    ]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert [len(report["proposals"]) for report in reports] == [5, 5]
    statuses = sorted(p["status"] for report in reports for p in report["proposals"])
    assert statuses == ["rejected"] * 5 + ["verified"] * 5  # the same is proposed only once
    check_history(stored)


@pytest.mark.parametrize(
    ("name", "said"),
    [("missing", "No such file"), ("folder", "is a folder"), ("secret", "Permission denied")],
)
def test_what_cannot_be_read_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0)
    if name == "secret" and os.geteuid() == 0:
        name, said = "/proc/self/mem", "Input/output error"  # root may read any file
    perpetua = Perpetua(tmp_path / "home")
    line = perpetua.refused("run", EXAMPLE, tmp_path / name)
    assert said in line
    assert not perpetua.home.exists()
