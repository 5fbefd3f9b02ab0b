"""A gate on a new database and an empty folder, and as many more as a test wants."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.store.recorder import Recorder
from tests.integration.gate.house import House, begun, houses

OpenHouse = Callable[..., House]


@pytest.fixture
def open_house(
    open_store: Callable[[], Recorder], database: str, tmp_path: Path
) -> Iterator[OpenHouse]:
    """Opens what one process has, with caches of its own."""
    with houses(House, open_store, database, tmp_path) as open_one:
        yield open_one


@pytest.fixture
def house(open_house: OpenHouse) -> House:
    """A process whose root persona `ann` has seen three lines."""
    return begun(open_house())
