"""Lakes whose files are small, so that a few events make many, on a disk that makes nobody wait."""

import os
from collections.abc import Iterator

import pytest

from services.lake import buffer, merging
from services.lake.columns import columns
from services.schemas import by_header
from tests.integration.bus.conftest import topics_anew

__all__ = ["topics_anew"]


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for the disk where it is not what is tested."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def small_files(quick_disk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand over after some eighty events, and merge what is small even then."""
    monkeypatch.setattr(buffer, "ROWS", 7)
    monkeypatch.setattr(buffer, "FULL_BYTES", 15_000)
    monkeypatch.setattr(merging, "FULL_BYTES", 64_000)
    monkeypatch.setattr(merging, "_SMALLEST_BYTES", 64_000 // 8**3)


@pytest.fixture
def many_files(small_files: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand over after some seven events: enough files for some to be merged."""
    monkeypatch.setattr(buffer, "FULL_BYTES", 2_000)


@pytest.fixture
def renewing() -> Iterator[None]:
    """Let a test change what the current schemas are: nothing is remembered of them."""
    columns.cache_clear()
    by_header.cache_clear()
    yield
    columns.cache_clear()
    by_header.cache_clear()
