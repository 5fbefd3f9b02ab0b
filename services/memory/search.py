"""Searches warm memory: what is alike, recent and worth remembering, of what a reader may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from domain.thinking import Memory
from projections import edges
from projections.edges import Edge
from projections.privacy import Reader
from projections.view import Cursor, Row
from services import clock
from services.memory import near
from services.memory.near import Wanted
from services.memory.query import QueryEmbedder
from services.memory.settings import MemorySettings
from services.views import Views

TIER: Final = "warm"
ANYTHING: Final = Wanted()
_CANDIDATES: Final = 4
"""For each hit wanted, so many of the nearest are weighed."""
_FEWEST_CANDIDATES: Final = 40
_SUPPORTS: Final = 20
"""Steps of the walk to what a hit rests on, at most."""
_HOUR_SECS: Final = 3_600

RankedBy = Literal["vectors", "text"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One node that was found, and what speaks for it; every part is a share of 1."""

    ref: str
    """Id of the node."""
    position: int
    """Where its event is: names it for ever, whatever becomes of the node."""
    persona_id: str | None
    kind: str
    text: str
    occurred_at: datetime
    last_seen_at: datetime
    count: int
    """How often it was thought, in nearly these words."""
    similarity: float
    recency: float
    value: float
    score: float
    """The parts, weighed."""

    @property
    def memory(self) -> Memory:
        """The hit as a thinker is shown it."""
        return Memory(str(self.position), TIER, self.text, self.score)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search."""

    hits: Sequence[Hit]
    """Best first."""
    embedder: str
    ranked_by: RankedBy
    """Whether texts were compared by vectors or, where there are none, by their words."""
    supports: Mapping[str, Sequence[Edge]] = field(default_factory=dict)
    """What each hit rests on, by its ref, nearest first; empty if that was not asked for."""


class Search:
    """Searches for one process. Safe to use from any thread; waits in the caller's."""

    def __init__(self, views: Views, queries: QueryEmbedder, settings: MemorySettings) -> None:
        self._views = views
        self._queries = queries
        self._settings = settings
        self._has_vectors = False

    def find(
        self, reader: Reader, query: str, wanted: Wanted = ANYTHING, count: int = 10,
        *, supports: bool = False,
    ) -> Found:  # fmt: skip
        """Return the best matches of a query that the reader may see.

        The nearest by text are taken first, then weighed with their age and value. With `supports`,
        what each hit rests on is told as well.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        most = max(count * _CANDIDATES, _FEWEST_CANDIDATES)
        embedder = self._queries.id
        vector = self._queries.vector(query) if self._may_compare(reader) else None

        def ask(cursor: Cursor) -> tuple[list[Row], RankedBy]:
            if vector is not None:
                found = near.by_vector(cursor, embedder, vector, wanted, most)
                if found is not None:
                    return found, "vectors"
            return near.by_words(cursor, query, wanted, most), "text"

        rows, ranked_by = self._views.ask(ask, reader)
        now = clock.now()
        hits = sorted((self._weighed(row, now) for row in rows), key=lambda hit: -hit.score)
        best = hits[:count]
        return Found(best, embedder, ranked_by, self._walked(reader, best) if supports else {})

    def _may_compare(self, reader: Reader) -> bool:
        """Tell whether there are vectors: until then no model is loaded to make a query's."""
        if not self._has_vectors:
            embedder = self._queries.id
            self._has_vectors = self._views.ask(lambda c: near.has_vectors(c, embedder), reader)
        return self._has_vectors

    def _walked(self, reader: Reader, hits: Sequence[Hit]) -> dict[str, list[Edge]]:
        return self._views.ask(
            lambda cursor: {
                hit.ref: edges.supports(cursor, hit.ref, most=_SUPPORTS) for hit in hits
            },
            reader,
        )

    def _weighed(self, row: Row, now: datetime) -> Hit:
        weights = self._settings.weights
        age_hours = max(0.0, (now - row["last_seen_at"]).total_seconds()) / _HOUR_SECS
        recency = 0.5 ** (age_hours / self._settings.half_life_hours)
        similarity, value = _share(row["similarity"]), _share(row["value"])
        score = (
            weights.similarity * similarity + weights.recency * recency + weights.value * value
        ) / (weights.similarity + weights.recency + weights.value)
        return Hit(
            ref=row["memory_id"],
            position=row["position"],
            persona_id=row["persona_id"],
            kind=row["kind"],
            text=row["text"],
            occurred_at=row["occurred_at"],
            last_seen_at=row["last_seen_at"],
            count=row["count"],
            similarity=similarity,
            recency=recency,
            value=value,
            score=score,
        )


def _share(number: float) -> float:
    """Return a number as a share; what is no number (the angle of nothing) as 0."""
    return min(number, 1.0) if number > 0 else 0.0
