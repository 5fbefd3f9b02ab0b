"""Each check of this machine finds the fault it is there for."""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.cli.checks import access, gate, home, lake, machine, serving
from services.cli.checks.scene import Machine
from services.gate.settings import GateSettings
from tests.unit.cli.scenes import scene

SHARED_MEMORY = Path("/dev/shm")


def test_a_home_that_others_may_write_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    found = home.home(scene(tmp_path))
    assert (found.verdict, found.fix) == ("wrong", f"chmod go-w {tmp_path}")
    tmp_path.chmod(0o700)
    assert home.home(scene(tmp_path)).verdict == "fine"


def test_a_home_that_can_not_be_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, says in (("file", "is no folder"), ("file/below", "can't be made")):
        found = home.home(scene(tmp_path / folder))
        assert found.verdict == "wrong"
        assert says in found.found
    assert home.home(scene(tmp_path / "new")).found.endswith("is made at the first start")


@pytest.mark.parametrize(
    ("free", "verdict"), [(10**8, "wrong"), (10**9, "warning"), (10**11, "fine")]
)
def test_a_full_disk_is_found(free: int, verdict: str, tmp_path: Path) -> None:
    assert home.disk(scene(tmp_path, Machine(free_disk=lambda _: free))).verdict == verdict
    assert Machine().free_disk(tmp_path) > 0


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="no folder in memory here")
def test_a_home_in_memory_is_found() -> None:
    found = home.lasting(scene(SHARED_MEMORY / "perpetua"))
    assert found
    assert (found.verdict, "in memory (tmpfs)" in found.found) == ("warning", True)


def test_a_token_that_others_may_read_is_wrong(tmp_path: Path) -> None:
    kept = tmp_path / "token"
    kept.write_text("0123456789abcdef\n")
    kept.chmod(0o640)
    found = access.token(scene(tmp_path))
    assert (found.verdict, found.fix) == ("wrong", f"chmod 600 {kept}")


def test_a_port_that_is_taken_is_wrong_and_by_whom_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = serving.port(scene(tmp_path, port=taken.getsockname()[1]))
    assert found.verdict == "wrong"
    assert f"(process {os.getpid()})" in found.found
    assert "--port" in (found.fix or "")
    assert serving.port(scene(tmp_path, port=0)).verdict == "fine"


def test_actions_that_can_not_be_written_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "actions").write_text("no folder")
    assert gate.actions(scene(tmp_path)).verdict == "wrong"
    inside = GateSettings(folder=Path("/proc/sys"))
    assert gate.actions(scene(tmp_path, gate=inside)).verdict == "wrong"


@pytest.mark.parametrize("folder", ["", "..", "postgres/actions"])
def test_actions_among_our_own_files_are_wrong(folder: str, tmp_path: Path) -> None:
    own = tmp_path / "home"
    own.mkdir()
    found = gate.actions_apart(scene(own, gate=GateSettings(folder=own / folder)))
    assert found
    assert found.verdict == "wrong"
    assert gate.actions_apart(scene(own)) is None


def test_a_lake_that_can_not_be_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "lake").touch()
    assert lake.lake(scene(tmp_path)).verdict == "wrong"
    assert lake.lake(scene(tmp_path / "home")).verdict == "fine"


def test_a_machine_that_is_too_small_or_late_is_found(tmp_path: Path) -> None:
    old = datetime(1970, 1, 2, tzinfo=UTC)
    small = scene(tmp_path, Machine(cores=lambda: 1, free_memory=lambda: 10**8, now=lambda: old))
    assert machine.cores(small).verdict == "warning"
    assert machine.memory(small).verdict == "warning"
    assert machine.clock(small).verdict == "wrong"
    here = scene(tmp_path)
    assert machine.clock(here).verdict == "fine"
    assert here.machine.cores() >= 1
    assert here.machine.free_memory() > 0
    assert sys.maxsize > here.machine.free_memory()
