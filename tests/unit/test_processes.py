"""Ctrl-C reaches the whole group of a terminal, and is for the one process that was asked."""

import signal
import subprocess
import sys

from services.processes import without_interrupts
from tests.e2e.process import ROOT

STARTING = """
import signal
from multiprocessing import get_context
from threading import Thread
from services.processes import without_interrupts

def start():
    process = get_context("spawn").Process(target=signal.raise_signal, args=(signal.SIGINT,))
    with without_interrupts():
        process.start()
    process.join()
    print(process.exitcode)

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
thread = Thread(target=start)  # where no signal can be handled
thread.start()
thread.join()
"""


def test_a_process_that_is_started_without_interrupts_never_sees_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_whoever_starts_it_still_sees_them() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with without_interrupts():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
