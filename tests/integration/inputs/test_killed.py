"""kill -9 of who follows a log that is written fast and turned every second: each line once."""

import random
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from domain.events import ObservationReceived
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from tests.checks import check_positions, history
from tests.e2e.process import Perpetua, until
from tests.integration.inputs.turning import Writer

NUMBER = re.compile(r"request (\d{9}) answered")


def numbers_in(recorder: Recorder) -> Iterator[int]:
    """The numbers of the lines that are stored, in the order they are."""
    position = 0
    while page := recorder.read(position, 500, topics=[ObservationReceived.topic]):
        for event in (to_recorded(stored).event for stored in page):
            assert isinstance(event, ObservationReceived)
            assert not event.unfinished, "a line was taken before it was whole"
            yield from map(int, NUMBER.findall(event.content))
        position = page[-1].position


def last_number(recorder: Recorder, after: int) -> int:
    """The highest number that is stored, at least what it was."""
    stored = recorder.read(max(0, recorder.head() - 200), 200, topics=[ObservationReceived.topic])
    found = [NUMBER.findall(getattr(to_recorded(each).event, "content", "")) for each in stored]
    return max([after, *(int(numbers[-1]) for numbers in found if numbers)])


def _is_beyond(recorder: Recorder, position: int) -> bool:
    return recorder.head() > position


def check(home: Path, database: str, seconds: float, kills: int) -> None:
    chance = random.Random(kills)
    log = home / "logs" / "app.log"
    log.parent.mkdir()
    log.touch()
    perpetua = Perpetua(home / "home", database, PERPETUA_COGNITION_ENABLED="false")
    with Recorder(database) as recorder:
        with perpetua.up(log) as up:  # what was turned before anybody followed is not read
            writer = Writer(log, 20_000, 1.0).start()
            began = time.monotonic()
            time.sleep(chance.uniform(0.5, 2.0))
            up.kill()
        for _ in range(kills - 1):
            before = recorder.head()
            with perpetua.up(log) as up:
                until(partial(_is_beyond, recorder, before), "something is stored")
                time.sleep(chance.uniform(0.0, seconds / kills / 2))
                up.kill()
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        writer.stop()
        with perpetua.up(log) as up:
            reached = 0

            def is_all() -> bool:
                nonlocal reached
                reached = last_number(recorder, reached)
                return reached == writer.written - 1

            until(is_all, "the last line is stored")
            up.interrupt()
        assert list(numbers_in(recorder)) == list(range(writer.written))
        assert writer.turns >= seconds - 2
        check_positions(history(recorder))


def test_each_line_of_a_log_turned_every_second_is_stored_once(home: Path, database: str) -> None:
    check(home, database, 6, 2)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_each_line_of_a_log_turned_for_two_minutes_is_stored_once(
    home: Path, database: str
) -> None:
    check(home, database, 120, 20)
