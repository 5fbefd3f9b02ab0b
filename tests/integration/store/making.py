"""Events and saves of tests, and other processes to write them."""

import os
import subprocess
import sys
from pathlib import Path

from services.store.save import Record, Save

ROOT = Path(__file__).parents[3]


def record(
    stream: str,
    version: int = 1,
    state: bytes = b"state",
    topic: str = "thought.generated",
    partition: int = 0,
) -> Record:
    return Record(stream, version, topic, state, partition)


def save(stream: str, version: int = 1, count: int = 1, size: int = 20) -> Save:
    """A save of `count` events of `size` random bytes each, from a version on."""
    return Save([record(stream, version + n, os.urandom(size)) for n in range(count)])


def run_python(module: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a module of this folder as a process of its own; its output is text."""
    name = f"{__name__.rpartition('.')[0]}.{module}"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", name, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def output(process: "subprocess.Popen[str]") -> str:
    """Wait for the end and return what it wrote."""
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0, text
    return text
