"""Reading a segmented log from its end."""

from collections.abc import Iterator
from typing import Final

from domain.recorded import Stored
from domain.segments import Log
from domain.streams import SEGMENT_SIZE
from services.store.recorder import Recorder
from services.store.segments import cut, log_length

_CHUNK: Final = 200


def newest_first(recorder: Recorder, prefix: str, most: int) -> Iterator[Stored]:
    """Yield the last events of a log, at most so many, the newest first; read as it is asked."""
    log = Log(prefix, log_length(recorder, prefix))
    end, stop = log.length, max(0, log.length - most)
    while end > stop:
        begin = max(end - _CHUNK, stop)
        yield from reversed(cut(recorder, log, begin, end))
        end = begin


def newest_of(recorder: Recorder, prefix: str, topic: str, most: int) -> Iterator[Stored]:
    """Yield the last events of one class in a log, at most so many, the newest first.

    A segment at a time: what lies between is not fetched, however much it is.
    """
    log, left = Log(prefix, log_length(recorder, prefix)), most
    for number in range((log.length - 1) // SEGMENT_SIZE, -1, -1):
        found = recorder.last_events(log.segment(number), left, topic)
        yield from reversed(found)
        left -= len(found)
        if left == 0:
            return
