"""Homes and databases for real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.e2e.process import Perpetua
from tests.integration.bus.conftest import topics_anew  # noqa: F401  (fixture)
from tests.integration.bus.relaying import PARTITIONS
from tests.integration.conftest import (  # noqa: F401  (fixtures)
    database,
    empty_database,
    home,
    postgres,
    template,
)


@pytest.fixture
def perpetua(tmp_path: Path, empty_database: str) -> Perpetua:  # noqa: F811  the fixture above
    """The command on a home of its own and a database of its own."""
    return Perpetua(tmp_path / "home", empty_database)


@pytest.fixture
def embedded(home: Path) -> Perpetua:  # noqa: F811  the fixture above
    """The command on a home with a server of its own."""
    return Perpetua(home)


@pytest.fixture
def url(empty_database: str) -> str:  # noqa: F811  the fixture above
    """A store of few partitions."""
    migrate(empty_database, PARTITIONS)
    return empty_database


@pytest.fixture
def store(url: str) -> Iterator[Recorder]:
    """What is in it."""
    with Recorder(url, poll_seconds=0.5) as recorder:
        yield recorder


@pytest.fixture
def stored(empty_database: str) -> Iterator[Recorder]:  # noqa: F811  the fixture above
    """What the command stored in that database."""
    with Recorder(empty_database) as recorder:
        yield recorder
