"""What a swarm shares, as people see it, and as context for its thinkers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from domain.belief import Asserted, Belief
from domain.thinking import Memory
from projections import blackboard
from projections.blackboard import Board
from projections.privacy import Reader, persona
from services.views import Views

_TIER: Final = "warm"
_LOOKED_AT: Final = 200
"""Beliefs, and questions, among which others' are looked for."""


class Blackboard:
    """The blackboards of all swarms."""

    def __init__(self, views: Views, now: Callable[[], datetime]) -> None:
        self._views = views
        self._now = now

    def of(self, swarm_id: str, reader: Reader, limit: int) -> Board:
        """Return a swarm's blackboard, at most `limit` of each kind, as its reader may see it."""
        now = self._now()
        return self._views.ask(
            lambda cursor: blackboard.select(cursor, swarm_id, now, limit), reader
        )

    def context(self, reader_persona: str, count: int) -> Sequence[Memory]:
        """Return what others of a persona's swarm share with it: beliefs first, then questions.

        What it says itself is left out: it has that in mind. A persona nobody spawned is shown
        nothing.
        """
        row = self._views.persona(reader_persona)
        if row is None:
            return ()
        board = self.of(row.swarm_id, persona(reader_persona), _LOOKED_AT)
        beliefs = [_believed(b) for b in board.beliefs if b.holders != {reader_persona}]
        told = {memory.ref for memory in beliefs}
        questions = [_asked(q) for q in board.questions if q.persona_id != reader_persona]
        return [*beliefs, *(each for each in questions if each.ref not in told)][:count]


def _believed(belief: Belief) -> Memory:
    claim = f"{belief.asserted_by} believes [{belief.belief_key}] {belief.claim}"
    text = f"{claim} ({belief.confidence:.2f})"
    return Memory(str(belief.position), _TIER, text, score=belief.confidence)


def _asked(question: Asserted) -> Memory:
    text = f"{question.persona_id} asks [{question.belief_key}] {question.claim}"
    return Memory(str(question.position), _TIER, text, score=question.confidence)
