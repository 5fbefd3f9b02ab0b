"""Finds what a persona cites by id: in its own thought log, and in its descendants' snapshots.

Logs are read backwards and within bounds; what is older is cited by its position.
"""

from collections.abc import Collection, Iterator

from domain import streams
from domain.events import SnapshotCompressed
from domain.recorded import Recorded
from domain.segments import Log
from domain.streams import SEGMENT_SIZE
from services.gate.kin import descendants
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.save import Stored
from services.store.segments import log_length

OWN_EVENTS = 5_000
"""How far back the own log is searched."""
CHILD_EVENTS = 200
"""How far back each descendant's is."""
_ID = slice(11, 47)
"""Where an encoded event has its id: behind the header and the length, 36 characters."""


def find_by_id(recorder: Recorder, persona_id: str, ids: Collection[str]) -> dict[str, Recorded]:
    """Return what these ids name, of what the persona may see; ids that name nothing are left out.

    An id is that of an event, or of a snapshot.
    """
    missing, found = set(ids), dict[str, Recorded]()

    def search(whose: str, most: int, *, snapshots_only: bool) -> None:
        for stored in _newest_first(recorder, whose, most if missing else 0):
            if snapshots_only and stored.topic != SnapshotCompressed.topic:
                continue
            for named in _names(stored) & missing:
                found[named] = to_recorded(stored)
                missing.discard(named)
            if not missing:
                return

    search(persona_id, OWN_EVENTS, snapshots_only=False)
    if missing:
        for each in descendants(recorder, persona_id):
            search(each, CHILD_EVENTS, snapshots_only=True)
            if not missing:
                break
    return found


def _names(stored: Stored) -> set[str]:
    names = {stored.state[_ID].decode(errors="replace")}
    if stored.topic == SnapshotCompressed.topic:
        event = to_recorded(stored).event
        if isinstance(event, SnapshotCompressed):
            names |= {event.event_id, event.snapshot_id}
    return names


def _newest_first(recorder: Recorder, persona_id: str, most: int) -> Iterator[Stored]:
    prefix = streams.thoughts(persona_id)
    log = Log(prefix, log_length(recorder, prefix))
    end, stop = log.length, max(0, log.length - most)
    while end > stop:
        begin = max((end - 1) // SEGMENT_SIZE * SEGMENT_SIZE, stop)
        first, last = begin % SEGMENT_SIZE + 1, (end - 1) % SEGMENT_SIZE + 1
        yield from reversed(recorder.span(log.segment(begin // SEGMENT_SIZE), first, last))
        end = begin
