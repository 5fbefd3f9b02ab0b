"""The one `up` of a home: others may look whether there is one, and are in nobody's way."""

import fcntl
import os
from pathlib import Path
from threading import Timer

import pytest

from services.cli import instance
from services.cli.failures import Failure
from services.cli.instance import LOCK, Instance, running

URL = "http://127.0.0.1:1"


def look(home: Path) -> int:
    """Begin to look whether there is one, as `running` does; to be closed."""
    lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def test_one_that_runs_is_found_and_no_second_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "LOOKED_SECS", 0.1)
    with Instance(tmp_path) as one:
        one.publish(URL)
        found = running(tmp_path)
        assert found
        assert (found.url, found.pid) == (URL, os.getpid())
        with pytest.raises(Failure, match="already"), Instance(tmp_path):
            pass
    assert running(tmp_path) is None


def test_none_runs_where_there_can_be_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert running(tmp_path / "none") is None
    assert running(tmp_path / "file" / "home") is None


def test_who_just_looks_keeps_nobody_from_starting(tmp_path: Path) -> None:
    ends = Timer(0.1, os.close, [look(tmp_path)])
    ends.start()
    with Instance(tmp_path) as one:
        one.publish(URL)
        assert running(tmp_path)
    ends.join()


def test_two_who_look_at_once_do_not_take_each_other_for_one_that_runs(tmp_path: Path) -> None:
    with Instance(tmp_path) as killed:
        killed.publish(URL)
        left = (tmp_path / instance.RUNTIME).read_text()
    (tmp_path / instance.RUNTIME).write_text(left)
    other = look(tmp_path)
    assert running(tmp_path) is None
    os.close(other)
