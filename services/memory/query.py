"""The vector of a query, in time or not at all."""

import logging
import time
from typing import Final

from domain.ports import Embedder
from services.memory import vectors
from services.memory.detached import detached
from services.memory.errors import EmbedderUnavailable

logger = logging.getLogger(__name__)

PATIENCE_SECS: Final = 2.0
"""How long an embedder may take over a query."""
PAUSE_SECS: Final = 30.0
"""How long one that failed is not asked: until then nobody waits for it in vain."""


class QueryEmbedder:
    """Makes vectors of queries. Safe to use from any thread."""

    def __init__(
        self,
        embedder: Embedder,
        *,
        patience_secs: float = PATIENCE_SECS,
        pause_secs: float = PAUSE_SECS,
    ) -> None:
        self.id = embedder.id
        self._embedder = embedder
        self._patience_secs = patience_secs
        self._pause_secs = pause_secs
        self._again = 0.0

    def vector(self, query: str) -> str | None:
        """Return the vector of a query as PostgreSQL reads it; None if there is none in time."""
        if time.monotonic() < self._again:
            return None
        asked = detached(lambda: self._embedder.embed([query]))
        try:
            return vectors.literal(asked.result(self._patience_secs)[0])
        except EmbedderUnavailable as error:
            why = str(error)
        except TimeoutError:
            why = f"no answer within {self._patience_secs} s"
        self._again = time.monotonic() + self._pause_secs
        logger.warning("memory is searched by words for a while", extra={"why": why})
        return None
