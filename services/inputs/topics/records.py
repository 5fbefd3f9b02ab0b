"""Records to observation batches: one record is one line, whatever is in it.

A line end inside a record becomes visible instead: JSON is written on one line, and in any other
text LF (with or without CR) becomes U+2424 and CR alone U+240D. A record longer than a batch is cut
by the rule of `lines.py`; its pieces but the last say the offset of the record itself, so that it
counts as read only once all of it is. A record without a value (a tombstone) is no line; one that
no save can hold is dropped, and told of.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from services.bus.client import Incoming
from services.commands.observation import Batch, Dropped
from services.inputs.lines import Batcher, decode

NEWLINE: Final = "\u2424".encode()
"""SYMBOL FOR NEWLINE: no letter, so that the words around it stay words."""
RETURN: Final = "\u240d".encode()

LONGEST_BYTES: Final = 7_000_000
"""Longest record that is kept, as text in UTF-8: all of it is one save, and saves have a limit."""
_WIDEST: Final = 3
"""Most bytes that one byte of a record becomes as text."""


def taken_of(records: Sequence[Incoming], offset: int, line: int) -> list[Batch | Dropped]:
    """Return what is stored of records of one partition: batches, and what is not kept of them.

    Args:
        records: what comes next in the partition.
        offset: where the batch before ended: the offset of the record after its last one.
        line: number of the first line.
    """
    made: list[Batch | Dropped] = []
    for is_too_long, group in groupby(records, _is_too_long):
        some = list(group)
        if is_too_long:
            offset = some[-1].offset + 1
            size = sum(len(each.value or b"") for each in some)
            made.append(
                Dropped(lines=len(some), bytes=size, first_line=line, offset=offset, reason="size")
            )
            line += len(some)
        elif batches := batches_of(some, offset, line):
            made += batches
            offset, line = batches[-1].offset, _whole(batches[-1])
    return made


def batches_of(records: Sequence[Incoming], offset: int, line: int) -> list[Batch]:
    """Cut records of one partition, in their order, into batches.

    Args:
        records: what comes next in the partition.
        offset: where the batch before ended: the offset of the record after its last one.
        line: number of the first line.
    """
    texts: list[bytes] = []
    ends = [offset]
    for record in records:
        if record.value is not None:
            texts.append(line_of(record.value))
            ends.append(record.offset + 1)
    batcher = Batcher(line=line)
    cut = [*batcher.feed(b"".join(text + b"\n" for text in texts)), *batcher.flush(final=True)]
    return [
        batch.model_copy(update={"offset": ends[_whole(batch) - line]})
        for batch in cut
    ]  # fmt: skip


def line_of(value: bytes) -> bytes:
    """Return a record's value as one line; a line end at its end is none of its text."""
    text = value.removesuffix(b"\n").removesuffix(b"\r")
    if b"\n" not in text and b"\r" not in text:
        return text
    if text.lstrip()[:1] in {b"{", b"["} and _is_json(text):
        return b"".join(part.strip(b" \t") for part in text.replace(b"\r", b"\n").split(b"\n"))
    return text.replace(b"\r\n", NEWLINE).replace(b"\n", NEWLINE).replace(b"\r", RETURN)


def _is_too_long(record: Incoming) -> bool:
    if record.value is None or len(record.value) * _WIDEST <= LONGEST_BYTES:
        return False
    return len(decode(line_of(record.value))[0].encode()) > LONGEST_BYTES


def _whole(batch: Batch) -> int:
    """Return how many lines are whole at the end of a batch."""
    return batch.first_line + batch.line_count - batch.unfinished


def _is_json(text: bytes) -> bool:
    """Tell whether it is one JSON document: then its line ends stand between tokens only."""
    try:
        json.loads(text.decode())
    except (ValueError, RecursionError):
        return False
    return True
