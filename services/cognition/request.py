"""What a thinker is asked on behalf of one persona, and what of it was shown."""

from collections.abc import Callable, Mapping

from domain.events.cognition import ContextRef
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.references import cite
from domain.thinking import ThinkRequest
from domain.vocabulary import PHASES
from projections.rows import PersonaRow
from services.cognition.material import Material
from services.commands.cognition import MAX_CONTEXT

PROMPT_SHARE = 2
"""A prompt takes at most one part in so many of the persona's tokens for a minute."""


def least_budget(
    identity: Identity, limits: Limits, least_bytes: Callable[[ThinkRequest], int]
) -> int:
    """Return the tokens a minute that a persona's prompts need, in the phase that needs most.

    Args:
        identity: who the persona is.
        limits: what it may use.
        least_bytes: tells the room that a prompt of a request needs.
    """
    bare = [ThinkRequest(phase, "", "", identity, limits, room_bytes=0) for phase in PHASES]
    return PROMPT_SHARE * max(map(least_bytes, bare))


class Requests:
    """Makes the requests of one persona."""

    def __init__(self, row: PersonaRow) -> None:
        self._row = row
        self._identity = Identity(
            name=row.name,
            role=row.role,
            charter=row.charter,
            parent_id=row.parent_id,
            depth=row.depth,
            tags=row.tags,
        )

    def make(
        self, material: Material, known: set[str], children: Mapping[str, tuple[str, ...]]
    ) -> ThinkRequest:
        """Make the request of one step: all there is to show, whatever fits."""
        row, limits = self._row, self._row.limits
        places = limits.max_branching_factor - len(children)
        return ThinkRequest(
            phase=material.phase,
            persona_id=row.persona_id,
            swarm_id=row.swarm_id,
            identity=self._identity,
            limits=limits,
            room_bytes=limits.token_budget_per_minute // PROMPT_SHARE,
            lines=material.lines,
            memories=material.memories,
            hypotheses=material.hypotheses,
            known=known,
            children=[tag for tags in children.values() for tag in tags],
            free_places=max(0, places) if row.depth < limits.max_spawn_depth else 0,
            question=material.question,
        )


def shown_in(request: ThinkRequest) -> tuple[ContextRef, ...]:
    """Return what a request shows, as the thought's event cites it."""
    question = request.question
    asked = [ContextRef(ref=question.ref, tier="question")] if question else []
    numbers: dict[int, list[int]] = {}
    for line in request.lines:
        numbers.setdefault(line.position, []).append(line.number)
    read = [ContextRef(ref=ref, tier="input") for ref in cite(numbers)]
    remembered = [memory.as_context for memory in request.memories]
    return tuple([*asked, *read, *remembered][:MAX_CONTEXT])
