"""Asks the thinker. Whatever goes wrong there becomes a thought with an error, and is charged."""

import asyncio
import logging
import time
from collections.abc import Mapping

from domain.budget import Credits
from domain.events.cognition import Thinker as ThinkerId
from domain.events.cognition import Usage
from domain.events.lifecycle import Identity
from domain.ports import Thinker, ThinkRequest, ThinkResult
from projections.rows import PersonaRow
from services.cognition import prompt
from services.cognition.material import Material

logger = logging.getLogger(__name__)

PROMPT_SHARE = 2
"""A prompt takes at most one part in so many of the persona's tokens for a minute."""


class Asking:
    """Asks on behalf of one persona."""

    def __init__(self, row: PersonaRow, thinker: Thinker) -> None:
        self._row = row
        self._thinker = thinker
        self._identity = Identity(
            name=row.name,
            role=row.role,
            charter=row.charter,
            parent_id=row.parent_id,
            depth=row.depth,
            tags=row.tags,
        )

    def request(
        self, material: Material, known: set[str], children: Mapping[str, tuple[str, ...]]
    ) -> ThinkRequest:
        """Make the request of one step, its prompt cut to the budget."""
        row, limits = self._row, self._row.limits
        limit_bytes = limits.token_budget_per_minute // PROMPT_SHARE
        text = prompt.build(
            material.phase, self._identity, material.memories, material.lines, limit_bytes
        )
        places = limits.max_branching_factor - len(children)
        return ThinkRequest(
            phase=material.phase,
            persona_id=row.persona_id,
            swarm_id=row.swarm_id,
            identity=self._identity,
            limits=limits,
            prompt=text,
            lines=material.lines,
            memories=material.memories,
            hypotheses=material.hypotheses,
            known=known,
            children=[tag for tags in children.values() for tag in tags],
            free_places=max(0, places) if row.depth < limits.max_spawn_depth else 0,
        )

    async def ask(self, request: ThinkRequest, need: Credits) -> ThinkResult:
        """Return the answer, or what went wrong; takes no longer than was reserved."""
        began = time.monotonic()
        try:
            return await asyncio.wait_for(self._thinker.think(request), need.cpu_ms / 1000)
        except TimeoutError:
            # it may still be at work somewhere: its whole reservation is forfeit
            lost = Usage(prompt_tokens=need.tokens, cpu_ms=need.cpu_ms)
            return failed(f"no answer within {need.cpu_ms} ms", lost)
        except Exception as wrong:
            logger.warning("a thinker failed", extra={"persona": request.persona_id}, exc_info=True)
            spent_ms = min(need.cpu_ms, int((time.monotonic() - began) * 1000))
            lost = Usage(prompt_tokens=need.tokens, cpu_ms=spent_ms)
            return failed(f"{type(wrong).__name__}: {wrong}"[:500], lost)


def failed(error: str, usage: Usage) -> ThinkResult:
    """Make the answer of a thinker that gave none."""
    return ThinkResult(
        content="",
        thinker=ThinkerId(source="failed"),
        usage=usage,
        impact=0.0,
        finish_reason="error",
        error=error,
    )
