"""Looks up the questions put to a persona: they are in a log of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain import streams
from domain.asking import asked_source
from domain.events import ObservationReceived
from domain.recorded import Stored
from domain.segments import Log
from domain.streams import SEGMENT_SIZE
from services.store.codec import decode
from services.store.locate import find_in_log
from services.store.recorder import Recorder
from services.store.segments import cut, log_length


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, at its place."""

    position: int
    event: ObservationReceived


def log_of(swarm_id: str, persona_id: str) -> str:
    """Return the prefix of the log that the questions put to a persona are in."""
    return streams.observations(swarm_id, asked_source(persona_id))


def find_question(
    recorder: Recorder, swarm_id: str, persona_id: str, question_id: str
) -> Asked | None:
    """Return a question that was put to a persona, None if it was not."""
    stored = find_in_log(recorder, log_of(swarm_id, persona_id), question_id)
    return _asked(stored) if stored else None


def newest_questions(
    recorder: Recorder, swarm_id: str, persona_id: str, most: int, after: str | None = None
) -> Sequence[Asked]:
    """Return questions put to a persona, newest first: those asked before the question `after`.

    None, if that one was not put to it.
    """
    prefix = log_of(swarm_id, persona_id)
    end = log_length(recorder, prefix)
    if after is not None:
        last = find_in_log(recorder, prefix, after)
        end = _index(last) if last else 0
    found = cut(recorder, Log(prefix, end), max(0, end - most), end)
    return [asked for stored in reversed(found) if (asked := _asked(stored))]


def _index(stored: Stored) -> int:
    segment = int(stored.stream.rpartition("/")[2])
    return segment * SEGMENT_SIZE + stored.version - 1


def _asked(stored: Stored) -> Asked | None:
    event = decode(stored.state)
    return Asked(stored.position, event) if isinstance(event, ObservationReceived) else None
