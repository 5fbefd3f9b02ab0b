"""One served app a test."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.api.serving import Served, serving, settings_for


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    with serving(settings_for(tmp_path, database)) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """The operator's client."""
    with served.client() as client:
        yield client
