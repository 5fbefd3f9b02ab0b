"""A file that is open to be appended to, under its lock, with the note of its last append."""

import os
import re
from dataclasses import dataclass
from typing import Final

from domain.ports import Acted
from services.gate.intent import Intent, clear_intent, read_intent, write_intent
from services.gate.line import MARK, MAX_LINE_BYTES, ending_of

_CHUNK: Final = 1 << 20
_MARKED: Final = re.compile(rb".*" + MARK.encode() + rb"([0-9a-f-]*)", re.DOTALL)
_KEY_LENGTH: Final = 36


@dataclass(frozen=True, slots=True)
class Place:
    """Descriptors of a file, the folder it is in, its note, and the folder of notes."""

    name: str
    file: int
    folder: int
    note: int
    notes: int

    def append(self, line: str, key: str) -> Acted:
        """Append a line once.

        Raises:
            OSError: nothing was written.
        """
        self.mend()
        if done := self.look(key):
            return done
        offset = os.fstat(self.file).st_size
        unended = offset > 0 and os.pread(self.file, 1, offset - 1) != b"\n"
        payload = ("\n" if unended else "") + line + ending_of(key).decode()
        write_intent(self.note, Intent(key, offset, payload))
        os.fsync(self.notes)
        try:
            return self._write(payload.encode(), line, key)
        except OSError as error:
            return Acted("unknown", {"file": self.name, "error": error.strerror or str(error)})

    def look(self, key: str) -> Acted | None:
        """Tell whether a whole line with this key is there, and make sure it is on the disk."""
        intent = read_intent(self.note)
        if intent and intent.key == key and intent.leftover(self.file) is not None:
            return None
        if not self._contains(ending_of(key)):
            return None
        os.fsync(self.file)
        os.fsync(self.folder)
        if intent and intent.key == key:
            clear_intent(self.note)
        return Acted("success", {"file": self.name, "already_there": True})

    def mend(self) -> None:
        """Take away the piece a crash left of a line of ours; never anything else."""
        intent = read_intent(self.note)
        torn = intent.leftover(self.file) if intent else None
        if torn is None:
            torn = self._unnoted()
        if torn is not None:
            os.ftruncate(self.file, torn)
            os.fsync(self.file)

    def _write(self, data: bytes, line: str, key: str) -> Acted:
        wrong = "no room"
        try:
            if os.write(self.file, data) == len(data):
                os.fsync(self.file)
                os.fsync(self.folder)
                clear_intent(self.note)
                return Acted("success", {"file": self.name, "line": line, "already_there": False})
        except OSError as error:
            wrong = error.strerror or str(error)
        self.mend()
        outcome = "unknown" if self._contains(ending_of(key)) else "failure"
        return Acted(outcome, {"file": self.name, "error": wrong})

    def _unnoted(self) -> int | None:
        """Return where a torn line of ours begins whose note is lost; its mark must be whole.

        One that only lacks its line feed is given it.
        """
        size = os.fstat(self.file).st_size
        read = min(size, len("\n") + MAX_LINE_BYTES + len(MARK) + _KEY_LENGTH)
        _, newline, last = os.pread(self.file, read, size - read).rpartition(b"\n")
        marked = _MARKED.fullmatch(last)
        if marked is None or not (newline or read == size):
            return None
        if len(marked[1]) < _KEY_LENGTH:
            return size - len(last)
        os.write(self.file, b"\n")
        return None

    def _contains(self, ending: bytes) -> bool:
        """Look from the end, where it most likely is."""
        end = os.fstat(self.file).st_size
        behind = b""
        while end > 0:
            begin = max(0, end - _CHUNK)
            chunk = os.pread(self.file, end - begin, begin)
            if ending in chunk + behind:
                return True
            behind, end = chunk[: len(ending) - 1], begin
        return False
