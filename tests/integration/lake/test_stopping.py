"""An export that is told to stop does, soon; and while it writes, nobody else does."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.lake.opening import opened
from services.lake.processes import export
from services.lake.work import Work
from tests.e2e.process import ROOT
from tests.integration.lake.telling import MANY, PARTITIONS, SOURCE, exported, forever, some, told

HOLDING = """
import sys, time
from pathlib import Path
from services.cli import interrupts
from services.lake.lock import only_writer

interrupts.STOP_SECS = 0.2

def deaf(stopped):
    print("writing", flush=True)
    while True:
        time.sleep(1)

interrupts.interrupts.listen()
with only_writer(Path(sys.argv[1])):
    try:
        interrupts.in_good_order(deaf, "the next export goes on where it was")
    finally:
        print("let go of the lock", flush=True)
"""


def test_the_lock_is_held_for_as_long_as_a_writer_that_does_not_stop_lives(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, tmp_path],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err == ("perpetua: it did not end within 0.2 s; the next export goes on where it was\n")


@pytest.mark.usefixtures("quick_disk")
def test_what_is_due_to_be_merged_keeps_nobody_waiting_who_was_told_to_stop(
    tmp_path: Path,
) -> None:
    origin = told(some(200), [3])
    before = exported(tmp_path, origin, sizes=replace(MANY, file_bytes=0))  # each is over half
    with opened(tmp_path, SOURCE, PARTITIONS) as lake:
        export(lake, Work(origin, sizes=MANY), lambda: True)
        assert lake.manifest.data_sets == before.data_sets
        export(lake, Work(origin, sizes=MANY), forever)
        assert lake.manifest.data_sets != before.data_sets
