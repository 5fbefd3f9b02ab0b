"""Who descends from whom, read from the personas' own streams."""

from collections import deque
from collections.abc import Iterator

from domain import streams
from domain.events import BudgetLeased, PersonaSpawned
from services.store.codec import decode
from services.store.recorder import Recorder

MOST_GENERATIONS = 1_000
MOST_DESCENDANTS = 1_000


def descends(recorder: Recorder, persona_id: str, ancestor_id: str) -> bool:
    """Tell whether a persona is a descendant of another, through any swarms."""
    for _ in range(MOST_GENERATIONS):
        spawned = recorder.span(streams.persona(persona_id), 1, 1)
        event = decode(spawned[0].state) if spawned else None
        if not isinstance(event, PersonaSpawned) or event.identity.parent_id is None:
            return False
        persona_id = event.identity.parent_id
        if persona_id == ancestor_id:
            return True
    return False


def descendants(recorder: Recorder, persona_id: str) -> Iterator[str]:
    """Yield the ids of the first 1,000 descendants, reaped ones included, nearest first."""
    waiting, found = deque([persona_id]), 0
    while waiting:
        for stored in recorder.stream(streams.persona(waiting.popleft())):
            event = decode(stored.state) if stored.topic == BudgetLeased.topic else None
            if isinstance(event, BudgetLeased) and event.resource == "spawns":
                yield event.lease_id
                waiting.append(event.lease_id)
                found += 1
                if found == MOST_DESCENDANTS:
                    return
