"""Who descends from whom, read from the personas' own streams."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from domain import streams
from domain.events import BudgetLeased, PersonaSpawned
from domain.limits import shared_with
from domain.sharing import Kin
from services.store.codec import decode
from services.store.recorder import Recorder

MOST_GENERATIONS = 1_000
MOST_DESCENDANTS = 1_000


@dataclass(frozen=True, slots=True)
class Relative:
    """A persona among the others, and with whom it shares what it remembers."""

    kin: Kin
    sharing: frozenset[str]


def relative(recorder: Recorder, persona_id: str) -> Relative | None:
    """Return where a persona stands, through any swarms; None if there never was one."""
    first = spawned = _spawned(recorder, persona_id)
    if first is None:
        return None
    ancestors: dict[str, None] = {}
    while spawned and spawned.identity.parent_id and len(ancestors) < MOST_GENERATIONS:
        ancestors[spawned.identity.parent_id] = None
        spawned = _spawned(recorder, spawned.identity.parent_id)
    return Relative(Kin(persona_id, first.swarm_id, ancestors), shared_with(first.limits))


def _spawned(recorder: Recorder, persona_id: str) -> PersonaSpawned | None:
    stored = recorder.span(streams.persona(persona_id), 1, 1)
    event = decode(stored[0].state) if stored else None
    return event if isinstance(event, PersonaSpawned) else None


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
