"""A store of few partitions, and what fills it."""

from collections.abc import Iterator

import pytest

from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.integration.bus.relaying import Filling
from tests.integration.views.keeping import (
    PARTITIONS,
)


@pytest.fixture
def url(empty_database: str) -> str:
    """A store of few partitions."""
    migrate(empty_database, PARTITIONS)
    return empty_database


@pytest.fixture
def store(url: str) -> Iterator[Recorder]:
    with Recorder(url, poll_seconds=0.5) as recorder:
        yield recorder


@pytest.fixture
def filling(store: Recorder) -> Filling:
    return Filling(store, seed=1)
