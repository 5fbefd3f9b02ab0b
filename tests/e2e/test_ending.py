"""Whoever is told that Ctrl-C ends it can press it at that very moment."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.process import PERPETUA, SOON_SECS, Perpetua, until


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """Make a pipe that takes nothing until it is read from."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    for size in (4_096, 1):
        with suppress(BlockingIOError):
            while True:
                os.write(theirs, b"\n" * size)
    os.set_blocking(theirs, True)
    yield ours, theirs
    for each in (ours, theirs):
        os.close(each)


def interrupted_while_it_speaks(perpetua: Perpetua, *arguments: str) -> str:
    """Press Ctrl-C while a command prints its first line; return what it said."""
    with full_pipe() as (ours, theirs):
        process = subprocess.Popen(
            [PERPETUA, *arguments], env=perpetua.env, stdout=theirs, stderr=subprocess.PIPE
        )
        waits_in = Path(f"/proc/{process.pid}/wchan")
        until(lambda: process.poll() is not None or "pipe_write" in waits_in.read_text(), "it says")
        process.send_signal(signal.SIGINT)
        os.set_blocking(ours, False)
        said = b""

        def ends() -> bool:
            nonlocal said
            with suppress(BlockingIOError):
                said += os.read(ours, 1 << 20)
            return process.poll() is not None

        until(ends, "it ends", 3 * SOON_SECS)
        with suppress(BlockingIOError):
            said += os.read(ours, 1 << 20)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (0, b""), errors
    return said.decode()


def test_a_view_that_is_kept_up(perpetua: Perpetua) -> None:
    said = interrupted_while_it_speaks(perpetua, "project", "totals", "--source", "store")
    assert said.endswith("Ended in good order.\n")


@pytest.mark.usefixtures("topics_anew")
def test_a_relay(perpetua: Perpetua, kafka: str) -> None:
    perpetua.env["PERPETUA_KAFKA"] = kafka
    assert interrupted_while_it_speaks(perpetua, "relay").endswith("Ended in good order.\n")
