"""Whatever turns a log, in any order, whenever its reader looks, stores or dies: each line once."""

import gzip
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.inputs.mark import Mark
from services.inputs.place import Place
from services.inputs.tail import Tail

ACTS = ("write", "rename", "copy and cut", "zip", "empty", "look", "look", "store", "die")


class Machine:
    """A program that writes lines, what turns its log, and what follows it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "app.log"
        self.written = self.stored = self.read = b""
        self._seconds = time.time() - 10_000
        self._mark = self._reached = Mark()
        self._offset = 0
        self.write()
        self._tail = self._open()
        self.look()
        self.store()

    def do(self, act: str) -> None:
        match act:
            case "write":
                self.write()
            case "rename":
                self.make_room()
                self.log.rename(self.aside(1))
                self.touch(self.log)
            case "empty":  # turned, and not written to again for now
                self.make_room()
                self.log.rename(self.aside(1))
            case "copy and cut":
                if self.log.exists():
                    self.make_room()
                    shutil.copyfile(self.log, self.aside(1))
                    self.touch(self.aside(1))
                    os.truncate(self.log, 0)
                    self.touch(self.log)
            case "zip":
                self.zip()
            case "look":
                self.look()
            case "store":
                self.store()
            case "die":
                self._tail.close()
                self.read, self._reached = b"", self._mark
                self._tail = self._open()

    def write(self) -> None:
        line = b"line %d\n" % len(self.written)
        with self.log.open("ab") as file:
            file.write(line)
        self.touch(self.log)
        self.written += line

    def look(self) -> None:
        look = self._tail.look()
        if look.turned:
            self._offset = 0
        if look.data and self._tail.file:
            self._offset += len(look.data)
            self.read += look.data
            place = Place.after(self._tail.file, self._tail.tail)
            self._reached = Mark(1, self._offset, file=str(place), stored_at=datetime.now(UTC))

    def store(self) -> None:
        self.stored, self.read = self.stored + self.read, b""
        self._mark = self._reached

    def finish(self) -> None:
        """Read until nothing more comes."""
        nothing = 0
        while nothing < 4:
            before = self._tail.file, len(self.read)
            self.look()
            nothing = nothing + 1 if (self._tail.file, len(self.read)) == before else 0
        self.store()
        self._tail.close()

    def make_room(self) -> None:
        """Rename as logrotate does: `.1` is the newest."""
        number = 1
        while self.aside(number).exists() or self.zipped(number).exists():
            number += 1
        for last in range(number - 1, 0, -1):
            for each in (self.aside(last), self.zipped(last)):
                if each.exists():
                    each.rename(str(each).replace(f".{last}", f".{last + 1}"))
        if not self.log.exists():
            self.touch(self.log)

    def zip(self) -> None:
        """Compress the newest that is not, and give it the time of what it is made of."""
        for number in range(1, 50):
            if (each := self.aside(number)).exists():
                self.zipped(number).write_bytes(gzip.compress(each.read_bytes()))
                shutil.copystat(each, self.zipped(number))
                each.unlink()
                return

    def aside(self, number: int) -> Path:
        return self.log.with_name(f"app.log.{number}")

    def zipped(self, number: int) -> Path:
        return self.log.with_name(f"app.log.{number}.gz")

    def touch(self, path: Path) -> None:
        self._seconds += 1
        path.touch()
        os.utime(path, (self._seconds, self._seconds))

    def _open(self) -> Tail:
        tail = Tail(self.log, self._mark, late_secs=0)
        self._offset = self._mark.offset if tail.went_on else 0
        assert not tail.lost
        return tail


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=40))
@example(["copy and cut", "write", "write", "copy and cut", "die"])
def test_every_line_is_stored_once_and_in_order(acts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        for act in acts:
            machine.do(act)
        machine.write()
        machine.finish()
        assert machine.stored == machine.written
