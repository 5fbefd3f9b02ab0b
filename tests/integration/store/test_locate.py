"""An event of a log is found by its id, however long the log is."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain import streams
from services.store.heading import heading
from services.store.locate import find_in_log
from services.store.recorder import Recorder
from services.store.tail import newest_first
from tests.integration.views.writing import write
from tests.unit.projections.given import History

PREFIX = streams.thoughts("a")


def uuid7(at: datetime, number: int) -> str:
    return str(UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number))


@pytest.fixture
def log(store: Recorder) -> list[str]:
    """Ids of a log of 2,345 thoughts in three segments, thirteen a millisecond."""
    history = History(datetime(2026, 8, 1, tzinfo=UTC))
    history.swarms["a"] = "swarm"
    ids = []
    for number in range(2_345):
        at = history.now.fromtimestamp(1_785_000_000 + number // 13 / 1000, UTC)
        ids.append(uuid7(at, number))
        history.thought("a", at=at, event_id=ids[-1])
    write(store, history)
    return ids


def test_every_event_is_found_by_its_id(store: Recorder, log: list[str]) -> None:
    for wanted in (*log[::97], log[0], log[-1], log[999], log[1000]):
        found = find_in_log(store, PREFIX, wanted)
        assert found is not None
        assert heading(found.state).event_id == wanted


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "wanted", [uuid7(datetime(2026, 8, 1, tzinfo=UTC), 1), str(UUID(int=4 << 76)), "h-1", ""]
)
def test_what_is_not_there_is_not_found(store: Recorder, wanted: str) -> None:
    assert find_in_log(store, PREFIX, wanted) is None
    assert find_in_log(store, "thoughts/nobody", wanted) is None


def test_a_log_is_read_backwards_across_its_segments(store: Recorder, log: list[str]) -> None:
    read = [heading(each.state).event_id for each in newest_first(store, PREFIX, 2_000)]
    assert read == log[:-2_001:-1]
