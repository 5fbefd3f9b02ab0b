"""Finds what a persona cites by id: in its own thought log, and in its descendants' snapshots.

Logs are read backwards and within bounds; of what is older, events of its own are found by when
their id says they were made, and all else is cited by its position.
"""

from collections.abc import Collection

from domain import streams
from domain.events import SnapshotCompressed
from domain.recorded import Recorded, Stored
from services.gate.kin import descendants
from services.store.locate import find_in_log
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.tail import newest_first

OWN_EVENTS = 5_000
"""How far back the own log is searched."""
FAR_IDS = 100
"""How many ids are looked for further back."""
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
        for stored in newest_first(recorder, streams.thoughts(whose), most if missing else 0):
            if snapshots_only and stored.topic != SnapshotCompressed.topic:
                continue
            for named in _names(stored) & missing:
                found[named] = to_recorded(stored)
                missing.discard(named)
            if not missing:
                return

    search(persona_id, OWN_EVENTS, snapshots_only=False)
    for each in sorted(missing)[:FAR_IDS]:
        if stored := find_in_log(recorder, streams.thoughts(persona_id), each):
            found[each] = to_recorded(stored)
            missing.discard(each)
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
