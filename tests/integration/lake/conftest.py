"""Lakes on a disk that makes nobody wait."""

import os
from collections.abc import Iterator

import pytest

from services.lake.columns import columns
from services.schemas import by_header
from tests.integration.bus.conftest import topics_anew

__all__ = ["topics_anew"]


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for the disk where it is not what is tested."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def renewing() -> Iterator[None]:
    """Let a test change what the current schemas are: nothing is remembered of them."""
    columns.cache_clear()
    by_header.cache_clear()
    yield
    columns.cache_clear()
    by_header.cache_clear()
