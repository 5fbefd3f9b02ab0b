"""Words on one belief, a second after each other, with as few words as possible."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.belief import Asserted, Belief, Checked, Contradicted, Ended, Word
from domain.beliefs import believe

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


class Said:
    """What personas said of the key `k`, in the order they said it."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.now = NOON

    def asserts(self, who: str, confidence: float = 0.6, **more: Any) -> "Said":
        first = next(
            (w for w in self.words if isinstance(w, Asserted) and w.persona_id == who), None
        )
        self.words = [w for w in self.words if w is not first]
        given = {"belief_key": "k", "hypothesis_id": f"h-{who}", "claim": f"{who} says"} | more
        return self._add(
            Asserted, who, confidence=confidence, **given,
            first_position=first.first_position if first else self._next,
            first_at=first.first_at if first else self.now,
        )  # fmt: skip

    def contradicts(self, who: str) -> "Said":
        return self._add(Contradicted, who, belief_key="k")

    def checks(self, who: str, outcome: str, of: str | None = None, after: float = 0.8) -> "Said":
        of = of or who
        return self._add(
            Checked, who, hypothesis_id=f"h-{of}", outcome=outcome, confidence_after=after,
            excerpt="3 of 3",
        )  # fmt: skip

    def ends(self, who: str) -> "Said":
        return self._add(Ended, who)

    def belief(self, **later: float) -> Belief:
        """What they amount to, so long after the first word."""
        [found] = believe(self.words, NOON + timedelta(**later) if later else self.now)
        return found

    @property
    def _next(self) -> int:
        return int((self.now - NOON).total_seconds()) + 1

    def _add(self, kind: type[Word], who: str, **body: Any) -> "Said":
        said = {
            "swarm_id": "swarm", "persona_id": who, "event_id": f"event-{self._next}",
            "position": self._next, "at": self.now,
        }  # fmt: skip
        self.words.append(kind.model_validate(said | body))
        self.now += timedelta(seconds=1)
        return self
