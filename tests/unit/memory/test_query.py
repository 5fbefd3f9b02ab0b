"""The vector of a query comes in time or not at all, and nobody waits in vain for long."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.memory.errors import EmbedderUnavailable
from services.memory.query import QueryEmbedder


class Fake:
    """An embedder that fails or hangs as told."""

    id = "fake:2"
    dimension = 2
    batch = 1

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.goes_on = threading.Event()
        self.goes_on.set()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += 1
        self.goes_on.wait(10)
        if self.fails:
            raise EmbedderUnavailable("gone")
        return np.ones((len(texts), 2), np.float32)


def test_a_query_has_a_vector() -> None:
    assert QueryEmbedder(Fake()).vector("q") == "[1.0, 1.0]"


def test_an_embedder_that_failed_is_left_alone_for_a_while() -> None:
    fake = Fake()
    fake.fails = True
    queries = QueryEmbedder(fake, pause_secs=60)

    assert [queries.vector("q") for _ in range(3)] == [None] * 3
    assert fake.asked == 1


def test_an_embedder_that_failed_is_asked_again_later() -> None:
    fake = Fake()
    fake.fails = True
    queries = QueryEmbedder(fake, pause_secs=0)
    assert queries.vector("q") is None

    fake.fails = False
    assert queries.vector("q") is not None


def test_nobody_waits_longer_than_the_patience_for_one_that_hangs() -> None:
    fake = Fake()
    fake.goes_on.clear()

    assert QueryEmbedder(fake, patience_secs=0.01).vector("q") is None
    fake.goes_on.set()
