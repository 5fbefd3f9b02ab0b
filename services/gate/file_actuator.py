"""The actuator that appends lines to files in one folder, each line once.

Every line ends with its idempotency key. Under a lock of the file: what a crash tore is mended, the
key is looked for, what will be appended is noted, then it is appended in one write and synced.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from domain.ports import Acted
from services.gate.folder import make_folder, opened_file, opened_folder
from services.gate.line import Refused, line_of, parts_of
from services.gate.place import Place

NOTES: Final = ".perpetua"
"""Folder of the locks and notes; hidden, so that no target can name it."""


class FileActuator:
    """Appends to a file in the allowed folder: the one it was made for, or the target."""

    def __init__(self, folder: Path, file: str | None = None) -> None:
        """`file` is used whatever the target."""
        self._folder = folder
        self._file = file

    def refusal(self, target: str, arguments: dict[str, object]) -> str | None:
        """Tell why it would refuse these; None if it would try."""
        try:
            parts_of(self._file or target)
            line_of(arguments)
        except Refused as refused:
            return str(refused)
        return None

    def act(self, target: str, arguments: dict[str, object], key: str) -> Acted:
        """Append the line, unless one with this key is there.

        A failure means that it is not there, unknown that nobody can tell.
        """
        name = self._file or target
        try:
            parts, line = parts_of(name), line_of(arguments)
            make_folder(self._folder)
            with self._locked(parts, make=True) as place:
                return place.append(line, key)
        except Refused as refused:
            return Acted("failure", {"file": name, "error": str(refused)})
        except OSError as error:
            return Acted("failure", {"file": name, "error": error.strerror or str(error)})

    def was_done(self, target: str, key: str) -> Acted | None:
        """Tell whether a line with this key is there; None if it is not.

        Raises:
            Refused, OSError: nobody can tell.
        """
        parts = parts_of(self._file or target)
        if not self._folder.exists():
            return None
        try:
            with self._locked(parts, make=False) as place:
                return place.look(key)
        except FileNotFoundError:
            return None

    @contextmanager
    def _locked(self, parts: tuple[str, ...], *, make: bool) -> Iterator[Place]:
        """Open the file under its lock.

        Raises:
            FileNotFoundError: it is not there, and not to be made.
        """
        make_folder(self._folder / NOTES)
        note_name = sha256("/".join(parts).encode()).hexdigest()
        with ExitStack() as opened:
            notes = opened.enter_context(opened_folder(self._folder, (NOTES,)))
            note = opened.enter_context(opened_file(notes, note_name, make=True))
            folder = opened.enter_context(opened_folder(self._folder, parts[:-1]))
            fcntl.flock(note, fcntl.LOCK_EX)
            file = opened.enter_context(
                opened_file(folder, parts[-1], make=make, flags=os.O_APPEND)
            )
            yield Place("/".join(parts), file, folder, note, notes)
