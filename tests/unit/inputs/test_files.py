"""What can be read is opened, what can't is refused in one line, before anything is written."""

import os
import re
import resource
from pathlib import Path

import pytest

from domain.formats import FORMATS
from services.cli.options import InputFormat
from services.inputs.errors import UnreadableInput
from services.inputs.files import open_inputs, read


def test_a_file_keeps_its_whole_path_as_name(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("x\n")
    with open_inputs([str(path)]) as [found]:
        assert (found.name, found.shown, found.size) == (str(path), str(path), 2)
        assert read(found) == b"x\n"
        assert read(found) == b""


def test_a_file_named_twice_is_opened_once(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("x\n")
    (tmp_path / "link").symlink_to(path)
    names = [str(path), str(tmp_path / "link"), f"{tmp_path}/../{tmp_path.name}/a.log"]
    with open_inputs(names) as found:
        assert [each.name for each in found] == [str(path)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "missing can't be read: No such file or directory; name a file that can"),
        (".", "is a folder; name the files in it"),
        ("", "an input without a name can't be read"),
        ("nul\0byte", "can't be read: embedded null byte"),
        ("/proc/self/mem", "can't be read: Input/output error"),
        ("/".join(["d" * 200] * 6), "can't be read"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, said: str) -> None:
    given = name if not name or name.startswith("/") else f"{tmp_path}/{name}"
    with pytest.raises(UnreadableInput, match=re.escape(said)), open_inputs([given]):
        pass


def test_a_path_that_no_event_could_carry_is_refused(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(5):
        folder = folder / ("d" * 200)
        folder.mkdir()
    path = folder / "a.log"
    path.write_text("x\n")
    with pytest.raises(UnreadableInput, match="over 1000 characters"), open_inputs([str(path)]):
        pass


def test_what_was_opened_is_closed_when_another_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("x\n")
    before = open_files()
    with pytest.raises(UnreadableInput), open_inputs([str(path), str(tmp_path / "missing")]):
        pass
    assert open_files() == before


def test_names_that_are_no_utf_8_are_printable_and_stay_apart(tmp_path: Path) -> None:
    paths = [tmp_path / os.fsdecode(name) for name in (b"caf\xe9.log", b"caf\xe8.log")]
    for path in paths:
        path.write_text("x\n")
    with open_inputs(map(str, paths)) as found:
        names = [each.name for each in found]
    assert names == [f"{tmp_path}/caf\\xe9.log", f"{tmp_path}/caf\\xe8.log"]


def test_a_pipe_has_no_size(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"x")
    with open_inputs([f"/dev/fd/{ours}"]) as [found]:
        assert found.size is None
    os.close(ours)
    os.close(theirs)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_every_format_there_is_can_be_asked_for() -> None:
    assert {each.value for each in InputFormat} == {"auto", *FORMATS}


def test_more_files_can_be_open_than_is_usual(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    paths = [tmp_path / f"{number}.log" for number in range(300)]
    for path in paths:
        path.touch()
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with open_inputs(map(str, paths)) as inputs:
            assert len(inputs) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
