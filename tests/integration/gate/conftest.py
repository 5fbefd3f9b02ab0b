"""A gate on a new database and an empty folder, and as many more as a test wants."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.store.recorder import Recorder
from tests.integration.gate.house import House

OpenHouse = Callable[..., House]


@pytest.fixture
def open_house(
    open_store: Callable[[], Recorder], database: str, tmp_path: Path
) -> Iterator[OpenHouse]:
    """Opens what one process has, with caches of its own; all share the store and the folder."""
    opened: list[House] = []

    def open_one(**options: object) -> House:
        opened.append(House(open_store(), database, tmp_path, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for house in opened:
        house.close()


@pytest.fixture
def house(open_house: OpenHouse) -> House:
    """A process whose root persona `ann` has seen three lines."""
    house = open_house()
    house.spawn("ann")
    house.observe("first\nsecond\nthird\n")
    return house
