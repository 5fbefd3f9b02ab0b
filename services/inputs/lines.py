"""Bytes to observation batches, losslessly but for bytes that are no UTF-8.

The source's bytes come back from its batches: each batch's lines joined by its `ending`, with
one more `ending` behind unless its last line is `unfinished`. A line longer than a batch is cut,
between characters, into pieces marked by `unfinished` and `continues`.
"""

from collections.abc import Iterator

from services.commands.cognition import Batch

BATCH_BYTES = 64 * 1024
_REPLACEMENT = "\ufffd"


class Batcher:
    """Cuts one source's bytes into batches, however they arrive."""

    def __init__(self, offset: int = 0, line: int = 0, *, continues: bool = False) -> None:
        """Go on after a batch: its offset, the number of the next line, whether it was cut."""
        self._offset = offset
        self._line = line
        self._continues = continues
        self._waiting = b""

    def feed(self, data: bytes) -> list[Batch]:
        """Take bytes in; return the batches that are full."""
        self._waiting += data
        return list(self._full())

    def flush(self, *, final: bool = False) -> list[Batch]:
        """Return what is complete; at the end of the source, what is not as well."""
        cut = len(self._waiting) if final else self._waiting.rfind(b"\n") + 1
        return [self._take(cut)] if cut else []

    def _full(self) -> Iterator[Batch]:
        while len(self._waiting) > BATCH_BYTES:
            cut = self._waiting.rfind(b"\n", 0, BATCH_BYTES) + 1
            yield self._take(cut or _between_characters(self._waiting, BATCH_BYTES))

    def _take(self, cut: int) -> Batch:
        data, self._waiting = self._waiting[:cut], self._waiting[cut:]
        unfinished = not data.endswith(b"\n")
        body = data if unfinished else data[:-1]
        lines = body.split(b"\n")
        ended = lines if not unfinished else lines[:-1]
        crlf = bool(ended) and all(line.endswith(b"\r") for line in ended)
        if crlf:
            lines = [line[:-1] for line in ended] + lines[len(ended) :]
        joined = b"\n".join(lines)
        content, replaced = decode(joined)
        batch = Batch(
            content=content,
            line_count=len(lines),
            first_line=self._line,
            offset=self._offset + cut,
            replaced_bytes=replaced,
            continues=self._continues,
            unfinished=unfinished,
            ending="\r\n" if crlf else "\n",
        )
        self._offset += cut
        self._line += len(lines) - unfinished
        self._continues = unfinished
        return batch


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
