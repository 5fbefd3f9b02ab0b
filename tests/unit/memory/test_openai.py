"""Embeddings by a server elsewhere: tried again, checked, and never longer than it takes."""

from collections.abc import Iterator

import numpy as np
import pytest

from services.memory.embedders.openai import OpenAiEmbedder
from services.memory.errors import EmbedderUnavailable
from tests.unit.memory.embeddings_server import EmbeddingsServer, embeddings_server


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with embeddings_server() as server:
        yield server


@pytest.fixture
def embedder(server: EmbeddingsServer) -> Iterator[OpenAiEmbedder]:
    embedder = OpenAiEmbedder(server.url, "m", 3, api_key="key", pause_secs=0.001)
    yield embedder
    embedder.close()


def test_each_text_gets_its_row_of_length_one(
    server: EmbeddingsServer, embedder: OpenAiEmbedder
) -> None:
    rows = embedder.embed(["a", "bbb"])

    assert np.allclose(rows[0] * np.sqrt(3), [1, 1, 1])
    assert np.allclose(rows[1] * np.sqrt(11), [3, 1, 1])
    assert server.asked == [{"model": "m", "input": ["a", "bbb"], "encoding_format": "float"}]
    assert server.keys == ["Bearer key"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(
    server: EmbeddingsServer, embedder: OpenAiEmbedder, status: int
) -> None:
    server.failing = [status, status]

    assert embedder.embed(["a"]).shape == (1, 3)


@pytest.mark.parametrize(("statuses", "asked"), [([500, 502, 503], 3), ([401], 1)])
def test_a_refusal_is_told_in_one_line(
    server: EmbeddingsServer, embedder: OpenAiEmbedder, statuses: list[int], asked: int
) -> None:
    server.failing = list(statuses)
    with pytest.raises(EmbedderUnavailable, match=f"no embeddings: status {statuses[-1]}"):
        embedder.embed(["a"])

    assert len(server.asked) == asked


def test_vectors_of_another_dimension_are_refused(
    server: EmbeddingsServer, embedder: OpenAiEmbedder
) -> None:
    server.dimension = 5
    with pytest.raises(EmbedderUnavailable, match=r"memory\.openai\.dimension says 3"):
        embedder.embed(["a"])


def test_a_text_is_cut_to_the_bytes_a_model_takes_and_none_is_empty(
    server: EmbeddingsServer, embedder: OpenAiEmbedder
) -> None:
    embedder.embed(["", "\N{GRINNING FACE}" * 5_000])

    sent = server.asked[0]["input"]
    assert sent == [" ", "\N{GRINNING FACE}" * 2_000]


def test_a_server_that_is_away_is_told_in_one_line() -> None:
    embedder = OpenAiEmbedder("http://127.0.0.1:9", "m", 3, pause_secs=0.001)
    with pytest.raises(EmbedderUnavailable, match=r"127\.0\.0\.1:9"):
        embedder.embed(["a"])
    embedder.close()
