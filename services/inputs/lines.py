"""Bytes to observation batches, losslessly but for bytes that are no UTF-8.

The source's bytes come back from its batches: each batch's lines joined by its `ending`, with
one more `ending` behind unless its last line is `unfinished`. A line longer than a batch is cut,
between characters, into pieces marked by `unfinished` and `continues`.
"""

from collections.abc import Iterator

from domain.formats import docker, format_of
from services.commands.observation import Batch
from services.inputs.place import FileId, Place, tail_of

AUTO = "auto"
"""Format of a source whose lines tell it."""
BATCH_BYTES = 64 * 1024
_REPLACEMENT = "\ufffd"


class Batcher:
    """Cuts one source's bytes into batches, however they arrive."""

    def __init__(
        self,
        offset: int = 0,
        line: int = 0,
        *,
        continues: bool = False,
        kind: str = AUTO,
        most_lines: int | None = None,
        tail: bytes = b"",
    ) -> None:
        """Go on after a batch.

        Args:
            offset: bytes of the source before.
            line: number of the next line.
            continues: whether the line before was cut.
            kind: format of the source; `auto`, each batch tells it.
            most_lines: most lines of a batch, if there are to be small ones.
            tail: the last bytes before, for a source that is a file.
        """
        self.file: FileId | None = None
        """File the bytes are in, as of now; None for what is none."""
        self._offset = offset
        self._line = line
        self._continues = continues
        self._kind = kind
        self._most_lines = most_lines
        self._tail = tail
        self._waiting, self._begin = b"", 0

    def feed(self, data: bytes) -> list[Batch]:
        """Take bytes in; return the batches that are full."""
        self._waiting += data
        ready = list(self._full())
        self._compact()
        return ready

    def flush(self, *, final: bool = False) -> list[Batch]:
        """Return what is complete; at the end of the source, what is not as well."""
        end = len(self._waiting) if final else self._whole(self._waiting.rfind(b"\n") + 1)
        ready = list(self._small(end))
        if self._begin < end:
            ready.append(self._take(end))
        self._compact()
        return ready

    def _full(self) -> Iterator[Batch]:
        while len(self._waiting) - self._begin > BATCH_BYTES:
            end = self._begin + BATCH_BYTES
            if small := list(self._small(end)):
                yield from small
                continue
            cut = self._waiting.rfind(b"\n", self._begin, end) + 1
            if cut:
                whole = self._whole(cut)
                yield self._take(whole if whole > self._begin else cut)
            else:
                yield self._take(_between_characters(self._waiting, end))

    def _whole(self, end: int) -> int:
        """Return where the last message before the end of a line ends: it may take several."""
        while end > self._begin and self._kind in (AUTO, "docker"):
            start = self._waiting.rfind(b"\n", self._begin, end - 1) + 1 or self._begin
            if not docker.is_piece(self._waiting[start:end].decode(errors="replace")):
                break
            end = start
        return end

    def _small(self, end: int) -> Iterator[Batch]:
        """Take batches that have as many lines as they may, but for the last before an end."""
        while self._most_lines:
            cut = self._begin
            for _ in range(self._most_lines):
                cut = self._waiting.find(b"\n", cut, end) + 1
                if not cut:
                    return
            if cut == end:
                return
            yield self._take(cut)

    def _compact(self) -> None:
        self._waiting, self._begin = self._waiting[self._begin :], 0

    def _take(self, end: int) -> Batch:
        data = self._waiting[self._begin : end]
        self._begin = end
        unfinished = not data.endswith(b"\n")
        body = data if unfinished else data[:-1]
        lines = body.split(b"\n")
        ended = lines if not unfinished else lines[:-1]
        crlf = bool(ended) and all(line.endswith(b"\r") for line in ended)
        if crlf:
            lines = [line[:-1] for line in ended] + lines[len(ended) :]
        content, replaced = decode(b"\n".join(lines))
        self._offset += len(data)
        batch = Batch(
            content=content,
            line_count=len(lines),
            first_line=self._line,
            offset=self._offset,
            replaced_bytes=replaced,
            continues=self._continues,
            unfinished=unfinished,
            ending="\r\n" if crlf else "\n",
            format=format_of(content) if self._kind == AUTO else self._kind,
            file=self._place(data),
        )
        self._line += len(lines) - unfinished
        self._continues = unfinished
        return batch

    def _place(self, data: bytes) -> str | None:
        """Return where some bytes end, in a file."""
        if self.file is None:
            return None
        self._tail = tail_of(self._tail, data)
        return str(Place.after(self.file, self._tail))


def batches_of(data: bytes) -> list[Batch]:
    """Cut a whole text into batches; an empty one gives none."""
    batcher = Batcher()
    return [*batcher.feed(data), *batcher.flush(final=True)]


def decode(data: bytes) -> tuple[str, int]:
    """Decode UTF-8, bad bytes replaced by U+FFFD; return the text and how many were replaced."""
    try:
        return data.decode(), 0
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
        marks = text.count(_REPLACEMENT) - data.count(_REPLACEMENT.encode())
        good = len(text.encode()) - marks * len(_REPLACEMENT.encode())
        return text, len(data) - good


def _between_characters(data: bytes, cut: int) -> int:
    """Return the last place at or before `cut` that splits no UTF-8 character."""
    for back in range(4):
        if data[cut - back] & 0xC0 != 0x80:
            return cut - back
    return cut
