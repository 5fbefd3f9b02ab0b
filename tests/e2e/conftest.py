"""Homes and databases for real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.store.recorder import Recorder
from tests.e2e.process import Perpetua
from tests.integration.conftest import (  # noqa: F401  (fixtures)
    database,
    empty_database,
    home,
    postgres,
    template,
)


@pytest.fixture
def perpetua(tmp_path: Path, empty_database: str) -> Perpetua:  # noqa: F811
    """The command on a home of its own and a database of its own."""
    return Perpetua(tmp_path / "home", empty_database)


@pytest.fixture
def embedded(home: Path) -> Perpetua:  # noqa: F811
    """The command on a home with a server of its own."""
    return Perpetua(home)


@pytest.fixture
def stored(empty_database: str) -> Iterator[Recorder]:  # noqa: F811
    """What the command stored in that database."""
    with Recorder(empty_database) as recorder:
        yield recorder
