"""A process that appends is killed, again and again: every line is there once, and whole."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from services.clock import new_id
from services.gate.file_actuator import FileActuator

SLOW = pytest.mark.timeout(900)
LINE = re.compile(r"line \d+ of (\S+) # perpetua:(\S+)\n")


def kill_in_mid_append(folder: Path, keys: list[str], seconds: float) -> list[str]:
    """Let a process append a line for each key, kill it; return what it said."""
    command = [sys.executable, "-m", "tests.unit.gate.appender", str(folder), "deny.list", "0"]
    with subprocess.Popen([*command, *keys], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline()]
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
    return said


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=[pytest.mark.soak, SLOW])])
def test_appends_that_are_killed_leave_every_line_once_and_whole(
    rounds: int, tmp_path: Path
) -> None:
    folder = tmp_path / "actions"
    folder.mkdir()
    (folder / "deny.list").write_text("a person's own line, unfinished")
    moments = random.Random(20260801)
    actuator = FileActuator(folder)
    begun: list[str] = []
    acknowledged: list[str] = []
    for _ in range(rounds):
        keys = [new_id() for _ in range(2_000)]
        said = kill_in_mid_append(folder, keys, moments.uniform(0.0, 0.15))
        words = [line.split() for line in said if line.endswith("\n")]
        begun += [key for word, key in words if word == "begin"]
        acknowledged += [key for word, key in words if word == "success"]
        assert {word for word, _ in words} <= {"begin", "success"}
    for key in begun:
        if actuator.was_done("deny.list", key) is None:
            assert key not in acknowledged
            arguments: dict[str, object] = {"line": f"line 0 of {key}"}
            assert actuator.act("deny.list", arguments, key).outcome == "success"
    mine, *lines = (folder / "deny.list").read_text().splitlines(keepends=True)
    assert mine == "a person's own line, unfinished\n"
    matches = [LINE.fullmatch(line) for line in lines]
    assert all(match and match[1] == match[2] for match in matches)
    assert Counter(match[2] for match in matches if match) == Counter(begun)
    assert len(acknowledged) > rounds
