"""What is about to be appended, written down first, so that a torn line is known for ours.

A process killed in a write, or a machine without power, leaves any beginning of what was written,
or zeros in its place. Without this note nobody could tell such a piece from a line a person left
unfinished, and a cut address is another address.
"""

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256

_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Intent:
    """One append: where in the file it begins, and all of it."""

    key: str
    offset: int
    payload: str

    def leftover(self, file: int) -> int | None:
        """Return where in the open file this append was torn; None if it was not.

        Torn is what ends the file with some of the payload, or zeros in its place, and not all.
        """
        size = os.fstat(file).st_size
        payload = self.payload.encode()
        if not self.offset < size <= self.offset + len(payload):
            return None
        found = os.pread(file, len(payload), self.offset)
        ours = all(byte in (0, meant) for byte, meant in zip(found, payload, strict=False))
        return self.offset if ours and found != payload else None


def read_intent(note: int) -> Intent | None:
    """Read an open note; None if it is empty, or was itself torn: then nothing followed it."""
    digest, _, text = os.pread(note, _MAX_BYTES, 0).partition(b"\n")[0].partition(b" ")
    if sha256(text).hexdigest().encode() != digest:
        return None
    return Intent(**json.loads(text))


def clear_intent(note: int) -> None:
    """Empty a note: the append is whole, and what somebody makes of it now is theirs."""
    os.ftruncate(note, 0)


def write_intent(note: int, intent: Intent) -> None:
    """Write over an open note; it is on the disk when this returns."""
    text = json.dumps(asdict(intent)).encode()
    line = sha256(text).hexdigest().encode() + b" " + text + b"\n"
    if os.pwrite(note, line, 0) < len(line):
        raise OSError("no room for the note of what is to be appended")
    os.fsync(note)
