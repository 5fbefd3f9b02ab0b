"""A persona's mind and its input, read back from the store. Bounded, however long it lived."""

from collections.abc import Iterator, Mapping, Sequence

from domain import streams
from domain.events import ObservationReceived
from domain.mind import Mind
from domain.ports import ObservedLine
from domain.recorded import Recorded
from domain.segments import Log
from domain.streams import SEGMENT_SIZE
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.save import Stored
from services.store.segments import log_length

CHUNK = 200
SNAPSHOT = "snapshot.compressed"
OBSERVATION = "observation.received"


def recollect(recorder: Recorder, persona_id: str) -> Mind:
    """Fold a mind from its newest snapshot and the thoughts since."""
    log = Log(prefix := streams.thoughts(persona_id), log_length(recorder, prefix))
    mind = Mind(persona_id)
    begin = _newest_snapshot(recorder, log)
    mind.length = begin
    for recorded in _events(recorder, log, begin):
        mind.apply(recorded)
    return mind


def _newest_snapshot(recorder: Recorder, log: Log) -> int:
    """Return the index of the newest snapshot in a log, 0 if there is none."""
    end = log.length
    while end > 0:
        begin = max((end - 1) // SEGMENT_SIZE * SEGMENT_SIZE, end - CHUNK)
        found = _slice(recorder, log, begin, end)
        for index in range(len(found) - 1, -1, -1):
            if found[index].topic == SNAPSHOT:
                return begin + index
        end = begin
    return 0


def _events(recorder: Recorder, log: Log, begin: int) -> Iterator[Recorded]:
    while begin < log.length:
        end = min(log.length, (begin // SEGMENT_SIZE + 1) * SEGMENT_SIZE)
        yield from map(to_recorded, _slice(recorder, log, begin, end))
        begin = end


def _slice(recorder: Recorder, log: Log, begin: int, end: int) -> list[Stored]:
    """Return the events of one segment from index `begin` up to `end`, which is not included."""
    segment = begin // SEGMENT_SIZE
    first, last = begin % SEGMENT_SIZE + 1, (end - 1) % SEGMENT_SIZE + 1
    return recorder.span(log.segment(segment), first, last)


def unseen(
    recorder: Recorder, partition: int, swarm_id: str, after: int, limit: int
) -> list[Recorded]:
    """Return the first observations of a swarm after a position."""
    found = recorder.read(after, limit, [partition], [OBSERVATION])
    return [r for r in map(to_recorded, found) if r.event.swarm_id == swarm_id]


def lines_at(recorder: Recorder, wanted: Mapping[int, Sequence[int]]) -> list[ObservedLine]:
    """Return the lines at these positions, whatever of them exists."""
    found = []
    for recorded in map(to_recorded, recorder.read_positions(sorted(wanted))):
        if isinstance(recorded.event, ObservationReceived):
            every = lines_of(recorded)
            found += [every[n] for n in wanted[recorded.position] if n < len(every)]
    return found


def lines_of(recorded: Recorded) -> list[ObservedLine]:
    """Return the lines of one observation."""
    event = recorded.event
    if not isinstance(event, ObservationReceived):
        return []
    return [
        ObservedLine(event.source, recorded.position, number, text.removesuffix("\r"))
        for number, text in enumerate(event.content.split("\n"))
    ]
