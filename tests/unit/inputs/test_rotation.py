"""Logs that are renamed, copied, cut and removed: every line once, and in order."""

import asyncio
import gzip
import os
import shutil
from collections.abc import Sequence
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from services.commands.observation import Batch, Dropped
from services.inputs import rotation
from services.inputs.files import Input, open_inputs
from services.inputs.follow import follow_file
from services.inputs.mark import Mark
from services.inputs.place import FileId, Place, file_id
from services.inputs.tail import Look, Tail

PATIENCE_SECS = 30.0


def lines(begin: int, end: int) -> str:
    return "".join(f"line {number} of the log\n" for number in range(begin, end))


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def older(path: Path, secs: float) -> None:
    """Have a file look as if it was last written so long ago."""
    at = path.stat().st_mtime_ns - int(secs * 1e9)
    os.utime(path, ns=(at, at))


def text_of(taken: Sequence[Batch | Dropped]) -> str:
    return "".join(f"{each.content}\n" for each in taken if isinstance(each, Batch))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Follower:
    """Follows a log; what it has taken is its state, so that another may go on."""

    def __init__(self, path: Path, before: "Follower | None" = None) -> None:
        self.path = path
        self.taken: list[Batch | Dropped] = list(before.taken) if before else []

    async def until(self, text: str) -> "Follower":
        """Follow until all of this was taken; more of it than that fails."""
        stop = asyncio.Event()
        async with asyncio.timeout(PATIENCE_SECS):
            with open_inputs([str(self.path)]) as [source]:
                async with aclosing(follow_file(source, self.mark, stop)) as following:
                    while len(self.text) < len(text):
                        self.taken += await anext(following)
        assert self.text == text
        return self

    @property
    def text(self) -> str:
        return text_of(self.taken)

    @property
    def mark(self) -> Mark:
        if not self.taken:
            return Mark()
        last = self.taken[-1]
        assert isinstance(last, Batch)
        line = last.first_line + last.line_count
        return Mark(len(self.taken), last.offset, line, file=last.file)


class Live:
    """A reader that runs while the log is turned under it; impatient, so that tests are quick."""

    def __init__(self, path: Path) -> None:
        self._text = ""
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self._follow(path))

    async def until(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_SECS):
            while len(self._text) < len(text):
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)
        assert self._text == text

    async def end(self) -> None:
        self._stop.set()
        await self._task

    async def _follow(self, path: Path) -> None:
        with closing(Tail(path, Mark(), late_secs=0.2)) as tail:
            while not self._stop.is_set():
                look = await asyncio.to_thread(tail.look)
                self._text += look.data.decode()
                if not look.data and not look.turned:
                    await asyncio.sleep(0.02)


async def test_a_renamed_log_is_read_to_its_end_before_the_next(tmp_path: Path) -> None:
    log, old = tmp_path / "app.log", tmp_path / "app.log.1"
    append(log, lines(0, 10))
    live = Live(log)
    await live.until(lines(0, 10))
    append(log, lines(10, 20))
    log.rename(old)
    append(old, lines(20, 30))
    log.touch()
    await live.until(lines(0, 30))
    append(log, lines(30, 40))
    await live.until(lines(0, 40))
    await live.end()


def test_a_renamed_log_is_read_on_while_it_is_written_to(tmp_path: Path) -> None:
    log, old = tmp_path / "app.log", tmp_path / "app.log.1"
    append(log, "one\n")
    with closing(Tail(log, Mark(), late_secs=3_600)) as tail:
        assert tail.look() == Look(b"one\n")
        log.rename(old)
        assert tail.look() == Look()
        append(log, "new\n")
        assert tail.look() == Look()
        append(old, "late\n")
        assert tail.look() == Look(b"late\n")
        assert tail.look() == Look()


def test_a_renamed_log_is_kept_until_somebody_writes_to_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log, old = tmp_path / "app.log", tmp_path / "app.log.1"
    append(log, "one\n")
    with closing(Tail(log, Mark(), late_secs=0)) as tail:
        assert tail.look() == Look(b"one\n")
        log.rename(old)
        log.touch()
        assert tail.look() == Look()
        append(old, "late\n")
        assert tail.look() == Look(b"late\n")
        append(log, "new\n")
        assert tail.look() == Look(turned=True)
        assert tail.look() == Look(b"new\n")
        assert tail.look() == Look()
        assert not caplog.messages
        append(old, "too late\n")
        assert tail.look() == tail.look() == Look()
        assert caplog.messages == ["lines came too late to a rotated file"]


def test_what_is_made_of_a_read_file_is_not_read_again(tmp_path: Path) -> None:
    log, old, zipped = (tmp_path / name for name in ("app.log", "app.log.1", "app.log.1.gz"))
    append(log, lines(0, 20))
    before = open_files()
    with closing(Tail(log, Mark(), late_secs=0)) as tail:
        assert tail.look() == Look(lines(0, 20).encode())
        log.rename(old)
        older(old, 60)
        zipped.write_bytes(gzip.compress(lines(0, 10).encode()))  # it is just being made
        append(log, "new\n")
        assert tail.look() == Look(turned=True)
        assert tail.look() == Look(b"new\n")
    with closing(Tail(log, Mark(), late_secs=0)) as tail:
        assert tail.look() == Look(b"new\n")
        log.rename(tmp_path / "app.log.2")
        old.unlink()
        older(tmp_path / "app.log.2", 60)
        zipped.write_bytes(gzip.compress(b"new\n"))  # made of what was read, its time is its own
        append(log, "newer\n")
        assert tail.look() == Look(turned=True)
        assert tail.look() == Look(b"newer\n")
    assert open_files() == before


async def test_files_turned_between_two_looks_are_read_in_order(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 10))
    live = Live(log)
    await live.until(lines(0, 10))
    for turn in range(1, 4):
        for number in range(turn - 1, 0, -1):
            (tmp_path / f"app.log.{number}").rename(tmp_path / f"app.log.{number + 1}")
        log.rename(tmp_path / "app.log.1")
        append(log, lines(turn * 10, turn * 10 + 10))
        os.utime(log, ns=(log.stat().st_mtime_ns + turn * 10**7,) * 2)
    await live.until(lines(0, 40))
    await live.end()


async def test_a_log_that_vanishes_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 10))
    live = Live(log)
    await live.until(lines(0, 10))
    log.unlink()
    await asyncio.sleep(0.3)
    append(log, lines(10, 20))
    await live.until(lines(0, 20))
    await live.end()


async def test_a_cut_log_is_read_on_in_the_copy_that_was_made(tmp_path: Path) -> None:
    log, copy = tmp_path / "app.log", tmp_path / "app.log.1"
    append(log, lines(0, 10))
    live = Live(log)
    await live.until(lines(0, 10))
    append(log, lines(10, 20))
    shutil.copyfile(log, copy)
    os.truncate(log, 0)
    append(log, lines(20, 60))  # more than there was: its size alone tells nothing
    await live.until(lines(0, 60))
    await live.end()


def test_what_is_made_of_a_read_file_is_unzipped_once(tmp_path: Path) -> None:
    log, zipped = tmp_path / "app.log", tmp_path / "app.log.1.gz"
    zipped.write_bytes(gzip.compress(b"read\n"))
    done, known = Place.after(FileId(0, 0), b"read\n"), set[FileId]()
    assert rotation.later(log, 0, (), done, 5, known) is None
    assert known == {file_id(zipped.stat())}
    with zipped.open("r+b") as file:  # nobody does that: it shows that nobody looks
        file.write(gzip.compress(b"other\n"))
    assert rotation.later(log, 0, (), done, 5, known) is None


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
async def test_a_restart_goes_on_in_the_file_it_was_in(tmp_path: Path, zipped: bool) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 20))
    begun = await Follower(log).until(lines(0, 20))
    append(log, lines(20, 30))
    for turn, text in ((3, lines(30, 40)), (2, lines(40, 50)), (1, lines(50, 60))):
        target = tmp_path / f"app.log.{turn}"
        log.rename(target)
        older(target, turn * 60)
        if zipped:
            made = tmp_path / f"app.log.{turn}.gz"
            made.write_bytes(gzip.compress(target.read_bytes()))
            os.utime(made, ns=(target.stat().st_mtime_ns,) * 2)
            target.unlink()
        append(log, text)
    again = await Follower(log, begun).until(lines(0, 60))
    firsts = [each.first_line for each in again.taken if isinstance(each, Batch)]
    assert firsts == [0, 20, 0, 0, 0], "lines are not numbered by file"


async def test_a_restart_after_a_cut_goes_on_in_the_copy(tmp_path: Path) -> None:
    log, copy = tmp_path / "app.log", tmp_path / "app.log.1"
    append(log, lines(0, 20))
    begun = await Follower(log).until(lines(0, 20))
    append(log, lines(20, 30))
    shutil.copyfile(log, copy)
    os.truncate(log, 0)
    append(log, lines(30, 90))
    await Follower(log, begun).until(lines(0, 90))


async def test_a_log_whose_inode_went_to_another_is_not_taken_for_it(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 20))
    begun = await Follower(log).until(lines(0, 20))
    with log.open("r+") as same:  # the same inode, and as long: as if it had been used again
        same.write(lines(50, 70))
    again = Follower(log, begun)
    await again.until(lines(0, 20) + lines(50, 70)[: len(lines(50, 70))])
    gone = [each for each in again.taken if isinstance(each, Dropped)]
    assert [(each.reason, each.lines) for each in gone] == [("gone", 0)]


async def test_a_log_saved_anew_under_its_name_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 20))
    live = Live(log)
    await live.until(lines(0, 20))
    saved = tmp_path / ".app.log.swp"
    saved.write_text(lines(0, 25))
    saved.replace(log)
    await live.until(lines(0, 25))
    await live.end()


async def test_a_link_that_is_turned_is_followed(tmp_path: Path) -> None:
    first, second = tmp_path / "app-2026-11-27.log", tmp_path / "app-2026-11-28.log"
    log = tmp_path / "current"
    log.symlink_to(first)
    append(first, lines(0, 10))
    begun = await Follower(log).until(lines(0, 10))
    append(first, lines(10, 20))
    older(first, 60)
    append(second, lines(20, 30))
    log.unlink()
    log.symlink_to(second)
    await Follower(log, begun).until(lines(0, 30))


async def test_the_log_of_another_program_is_no_earlier_file(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 10))
    live = Live(log)
    await live.until(lines(0, 10))
    for name in ("app-error.log", "app2.log", "app-2.log", "other.log.1", "app.log.bak"):
        append(tmp_path / name, "of another\n")
    log.rename(tmp_path / "app.log.1")
    append(log, lines(10, 20))
    await live.until(lines(0, 20))
    await live.end()


async def test_a_file_removed_unread_is_told_and_what_came_after_it_is_read(
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 20))
    begun = await Follower(log).until(lines(0, 20))
    append(log, lines(20, 30))
    log.unlink()
    append(tmp_path / "app.log.1", lines(30, 40))
    older(tmp_path / "app.log.1", 60)
    append(log, lines(40, 50))
    again = Follower(log, begun)
    await again.until(lines(0, 20) + lines(30, 50))
    [gone] = [each for each in again.taken if isinstance(each, Dropped)]
    assert (gone.reason, gone.offset) == ("gone", begun.mark.offset)
    assert again.taken[len(begun.taken)] is gone


async def test_a_file_as_standard_input_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "any"
    append(path, lines(0, 10))
    with path.open("rb", buffering=0) as file:
        source = Input("-", "standard input", file)
        async with aclosing(follow_file(source, Mark(), asyncio.Event())) as following:
            async with asyncio.timeout(PATIENCE_SECS):
                assert text_of(await anext(following)) == lines(0, 10)
                append(path, lines(10, 20))
                assert text_of(await anext(following)) == lines(10, 20)


def test_a_log_that_cannot_be_opened_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "app.log"
    with closing(Tail(log, Mark(), late_secs=0)) as tail:
        assert tail.look() == tail.look() == Look()
        assert not caplog.records  # it is not there: that is usual
        log.mkdir()
        assert tail.look() == tail.look() == Look()
    assert [each.message for each in caplog.records] == ["an input can't be opened any more"]


def test_a_folder_that_stands_still_is_not_looked_through_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, looks = tmp_path / "app.log", 0
    real = os.scandir

    def counted(folder: Path) -> "os._ScandirIterator[str]":
        nonlocal looks
        looks += 1
        return real(folder)

    append(log, "one\n")
    with closing(Tail(log, Mark(), late_secs=0)) as tail:
        assert tail.look() == Look(b"one\n")
        log.rename(tmp_path / "app.log.1")
        log.touch()
        older(tmp_path, 10)
        monkeypatch.setattr(os, "scandir", counted)
        tail.look()
        looked = looks
        assert looked > 0
        for _ in range(5):
            assert tail.look() == Look()
        assert looks == looked
        append(tmp_path / "app.log.0", "two\n")
        assert tail.look().turned
        assert tail.look() == Look(b"two\n")
        append(log, "three\n")
        assert tail.look().turned
        assert tail.look() == Look(b"three\n")
