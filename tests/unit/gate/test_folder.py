"""The allowed folder: no name and no link leads out of it, at any moment."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.gate.file_actuator import NOTES, FileActuator
from services.gate.folder import opened_file, opened_folder
from services.gate.line import Refused

KEY = "01985d4e-0000-7000-8000-000000000000"
LINE = "192.0.2.7"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A file that is nobody's to touch."""
    file = tmp_path / "outside"
    file.write_text("mine\n")
    yield file
    assert file.read_text() == "mine\n"


@pytest.mark.parametrize(
    "target",
    ["../outside", "../../outside", "a/../../outside", "/etc/passwd", "./../outside", "..",
     "sub/../../outside", "//etc/passwd", "", ".", "~/x/../../outside", ".perpetua/x"],
)  # fmt: skip
def test_no_target_leads_out_by_its_name(
    target: str, actuator: FileActuator, folder: Path, outside: Path
) -> None:
    folder.mkdir(parents=True)
    assert actuator.act(target, {"line": LINE}, KEY).outcome == "failure"
    assert not any(folder.iterdir())


def test_an_absolute_target_is_refused(actuator: FileActuator, outside: Path) -> None:
    assert actuator.act(str(outside), {"line": LINE}, KEY).outcome == "failure"


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder link", "hard link", "loop"])
def test_no_link_leads_out(kind: str, actuator: FileActuator, folder: Path, outside: Path) -> None:
    folder.mkdir(parents=True)
    target, path = "deny.list", folder / "deny.list"
    match kind:
        case "link":
            path.symlink_to(outside)
        case "dangling link":
            path.symlink_to(outside.parent / "new")
        case "folder link":
            (folder / "sub").symlink_to(outside.parent)
            target = "sub/outside"
        case "hard link":
            path.hardlink_to(outside)
        case _:
            path.symlink_to("deny.list")
    acted = actuator.act(target, {"line": LINE}, KEY)
    assert acted.outcome == "failure"
    assert not (outside.parent / "new").exists()


def test_a_link_in_the_place_of_the_notes_is_refused(
    actuator: FileActuator, folder: Path, tmp_path: Path
) -> None:
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (folder / NOTES).symlink_to(tmp_path / "elsewhere")
    assert actuator.act("deny.list", {"line": LINE}, KEY).outcome == "failure"
    assert not any((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(
    kind: str, actuator: FileActuator, folder: Path
) -> None:
    folder.mkdir(parents=True)
    path = folder / "deny.list"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, 0o140600)
        case _:
            if os.geteuid() != 0:
                path.mkdir()  # only root makes devices
            else:
                os.mknod(path, 0o020600, os.makedev(1, 3))
    acted = actuator.act("deny.list", {"line": LINE}, KEY)
    assert acted.outcome == "failure"
    assert acted.result["error"] == "deny.list is no regular file"


def test_a_link_put_there_at_any_moment_leads_nowhere(folder: Path, outside: Path) -> None:
    folder.mkdir(parents=True)
    forbidden = outside.stat().st_ino
    command = [sys.executable, "-m", "tests.unit.gate.swapper"]
    command += [str(folder / "deny.list"), str(outside)]
    came: Counter[str] = Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:
        assert swapping.stdout is not None
        swapping.stdout.readline()
        with opened_folder(folder) as descriptor:
            for _ in range(40_000):
                try:
                    with opened_file(descriptor, "deny.list", make=True) as file:
                        came["outside" if os.fstat(file).st_ino == forbidden else "inside"] += 1
                except Refused:
                    came["refused"] += 1
        swapping.kill()
    assert came["outside"] == 0
    assert came["inside"] and came["refused"]


def test_a_folder_below_must_be_there(actuator: FileActuator, folder: Path) -> None:
    assert actuator.act("sub/deny.list", {"line": LINE}, KEY).outcome == "failure"
    assert actuator.was_done("sub/deny.list", KEY) is None
    (folder / "sub").mkdir()
    assert actuator.act("sub/deny.list", {"line": LINE}, KEY).outcome == "success"
    assert (folder / "sub" / "deny.list").read_text() == f"{LINE} # perpetua:{KEY}\n"
