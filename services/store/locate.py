"""Finds an event of a log by its id: a UUIDv7 says when it was made, and a log is in that order."""

from typing import Final
from uuid import UUID

from domain.recorded import Stored
from domain.segments import Log
from services.store.heading import heading
from services.store.recorder import Recorder
from services.store.segments import cut, log_length

_AROUND: Final = (50, 500, 5_000)
"""How far to either side it is looked for: clocks of several writers differ."""


def find_in_log(recorder: Recorder, prefix: str, event_id: str) -> Stored | None:
    """Return the event of this id; None if the log has none, or the id is no UUIDv7.

    Asks for about log2(events) events and the neighbours of the last.
    """
    made_at_us = _made_at_us(event_id)
    if made_at_us is None:
        return None
    log = Log(prefix, log_length(recorder, prefix))
    begin, end = 0, log.length
    while begin < end:
        middle = (begin + end) // 2
        [there] = cut(recorder, log, middle, middle + 1)
        if heading(there.state).occurred_at_us < made_at_us:
            begin = middle + 1
        else:
            end = middle
    for around in _AROUND:
        for stored in cut(recorder, log, max(0, begin - around), begin + around):
            if heading(stored.state).event_id == event_id:
                return stored
    return None


def _made_at_us(event_id: str) -> int | None:
    try:
        made = UUID(event_id)
    except ValueError:
        return None
    return (made.int >> 80) * 1_000 if made.version == 7 else None
