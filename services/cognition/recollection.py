"""A persona's mind and its input, read back from the store. Bounded, however long it lived."""

from collections.abc import Iterator, Mapping, Sequence

from domain import streams
from domain.asking import asked_source
from domain.events import ObservationReceived
from domain.formats import read_lines
from domain.mind import Mind
from domain.recorded import Recorded, Stored
from domain.segments import Log
from domain.sharing import is_input_for
from domain.streams import SEGMENT_SIZE
from domain.thinking import ObservedLine
from projections.rows import PersonaRow
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.segments import cut, log_length
from services.unit_of_work import Unit

CHUNK = 200
SNAPSHOT = "snapshot.compressed"
OBSERVATION = "observation.received"


class MindMoved(Exception):
    """Its persona has thought on: what would be distilled is not all of its mind."""


def recollect(recorder: Recorder, persona_id: str) -> Mind:
    """Fold a mind from its newest snapshot and the thoughts since."""
    log = Log(prefix := streams.thoughts(persona_id), log_length(recorder, prefix))
    mind = Mind(persona_id)
    begin = _newest_snapshot(recorder, log)
    mind.length = begin
    for recorded in _events(recorder, log, begin):
        mind.apply(recorded)
    return mind


def catch_up(recorder: Recorder, mind: Mind) -> None:
    """Fold in what was thought since."""
    prefix = streams.thoughts(mind.persona_id)
    for recorded in _events(recorder, Log(prefix, log_length(recorder, prefix)), mind.length):
        mind.apply(recorded)


def must_be_whole(unit: Unit, mind: Mind) -> None:
    """See that a mind takes in all its persona has thought, as it must to be distilled.

    Raises:
        MindMoved: it does not.
    """
    if unit.log(streams.thoughts(mind.persona_id)).length != mind.length:
        raise MindMoved(mind.persona_id)


def _newest_snapshot(recorder: Recorder, log: Log) -> int:
    """Return the index of the newest snapshot in a log, 0 if there is none."""
    end = log.length
    while end > 0:
        begin = max(0, end - CHUNK)
        found = cut(recorder, log, begin, end)
        for index in range(len(found) - 1, -1, -1):
            if found[index].topic == SNAPSHOT:
                return begin + index
        end = begin
    return 0


def _events(recorder: Recorder, log: Log, begin: int) -> Iterator[Recorded]:
    while begin < log.length:
        end = begin + SEGMENT_SIZE
        yield from map(to_recorded, cut(recorder, log, begin, end))
        begin = end


def unseen(
    recorder: Recorder, partition: int, swarm_id: str, after: int, limit: int
) -> list[Recorded]:
    """Return the first observations of a swarm after a position."""
    found = recorder.read(after, limit, [partition], [OBSERVATION])
    return [r for r in map(to_recorded, found) if r.event.swarm_id == swarm_id]


def first_question(recorder: Recorder, row: PersonaRow, after: int) -> Recorded | None:
    """Return the first question to a persona after a position; None if there is none."""
    prefix = streams.observations(row.swarm_id, asked_source(row.persona_id))
    log = Log(prefix, log_length(recorder, prefix))
    found: Stored | None = None
    for end in range(log.length, 0, -CHUNK):
        later = [s for s in cut(recorder, log, max(0, end - CHUNK), end) if s.position > after]
        if not later:
            break
        found = later[0]
    return to_recorded(found) if found else None


def lines_at(
    recorder: Recorder, wanted: Mapping[int, Sequence[int]], swarm_id: str
) -> list[ObservedLine]:
    """Return the lines at these positions, whatever of them exists for a swarm to read."""
    found = []
    for recorded in map(to_recorded, recorder.read_positions(sorted(wanted))):
        event = recorded.event
        if isinstance(event, ObservationReceived) and is_input_for(swarm_id, event.swarm_id):
            every = lines_of(recorded)
            found += [every[n] for n in wanted[recorded.position] if n < len(every)]
    return found


def lines_of(recorded: Recorded) -> list[ObservedLine]:
    """Return the lines of one observation, as their format has them read."""
    event = recorded.event
    if not isinstance(event, ObservationReceived):
        return []
    return [
        ObservedLine(event.source, recorded.position, number, text)
        for number, text in enumerate(read_lines(event.content, event.format))
    ]
