"""Embeddings by any server that speaks OpenAI's API."""

import time
from collections.abc import Sequence
from typing import Any, Final

import httpx
import numpy as np
from numpy.typing import NDArray

from services.memory.errors import EmbedderUnavailable

_TRIES: Final = 3
_PAUSE_SECS: Final = 0.5
"""Before the second try; doubled before each further one."""


class OpenAiEmbedder:
    """Asks `BASE_URL/embeddings`. Safe to use from any thread; waits in the caller's."""

    batch = 64

    def __init__(
        self,
        base_url: str,
        model: str,
        dimension: int,
        *,
        api_key: str | None = None,
        timeout_secs: float = 10.0,
        longest_bytes: int = 8_000,
        pause_secs: float = _PAUSE_SECS,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            base_url: where the API is, up to and with its version.
            model: model to ask for.
            dimension: numbers in each of its vectors.
            api_key: sent as bearer token.
            timeout_secs: how long one answer may take.
            longest_bytes: bytes of a text that are sent: models refuse what is too long, and no
                token is shorter than a byte.
            pause_secs: rest before the second try.
        """
        self.dimension = dimension
        self.id = f"{model}:{dimension}"
        self._model = model
        self._longest_bytes = longest_bytes
        self._pause_secs = pause_secs
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=timeout_secs,
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1.

        Raises:
            EmbedderUnavailable: the server is out of reach, refuses, or answers something else.
        """
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        cut = [self._cut(text) for text in texts]
        answer = self._ask({"model": self._model, "input": cut, "encoding_format": "float"})
        try:
            data = sorted(answer.json()["data"], key=lambda each: each["index"])
            rows = np.array([each["embedding"] for each in data], np.float32)
        except (ValueError, KeyError, TypeError) as wrong:
            raise EmbedderUnavailable(f"{self._where} sent no embeddings: {wrong}") from None
        if rows.shape != (len(texts), self.dimension) or not np.isfinite(rows).all():
            raise EmbedderUnavailable(
                f"{self._where} sent vectors of shape {rows.shape} for {len(texts)} texts:"
                f" memory.openai.dimension says {self.dimension}"
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, lengths, out=rows, where=lengths > 0)
        return rows

    def close(self) -> None:
        """Drop the connections."""
        self._client.close()

    def _cut(self, text: str) -> str:
        sent = text.encode("utf-8", "replace")[: self._longest_bytes]
        return sent.decode("utf-8", "ignore") or " "  # nothing at all is refused

    @property
    def _where(self) -> str:
        return f"{self._client.base_url} (memory.openai.base_url)"

    def _ask(self, body: dict[str, Any]) -> httpx.Response:
        for tried in range(1, _TRIES + 1):
            try:
                answer = self._client.post("/embeddings", json=body)
            except httpx.HTTPError as error:
                why = str(error) or type(error).__name__
            else:
                if answer.is_success:
                    return answer
                why = f"status {answer.status_code}"
                if answer.status_code != httpx.codes.TOO_MANY_REQUESTS and answer.is_client_error:
                    break
            if tried < _TRIES:
                time.sleep(self._pause_secs * 2 ** (tried - 1))
        raise EmbedderUnavailable(f"{self._where} makes no embeddings: {why}")
