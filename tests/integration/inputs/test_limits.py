"""What comes in is held to the store's pace, and to a source's limit; what is dropped is told."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

from domain.events import ObservationDropped, ObservationReceived
from services.app import App
from services.commands.lifecycle import DEFAULT_SWARM
from services.inputs.feeding import Feeder
from services.inputs.files import Input, open_inputs
from services.inputs.settings import InputSettings
from services.settings import Settings
from tests.checks import history

PATIENCE_SECS = 60.0


def opened(home: Path, database: str) -> App:
    return App(Settings(home=home, database_url=database))


def came_in(app: App) -> list[ObservationReceived | ObservationDropped]:
    events = [each.event for each in history(app.recorder)]
    kinds = (ObservationReceived, ObservationDropped)
    return [event for event in events if isinstance(event, kinds)]


async def feed_until(
    app: App, path: Path, holds: Callable[[], bool], settings: InputSettings
) -> None:
    """Follow a file until something holds, then stop in good order."""
    stop = asyncio.Event()
    with open_inputs([str(path)]) as [source]:
        feeder = Feeder(app.executor, DEFAULT_SWARM, app.seed_core, stop, settings)
        feeding = asyncio.create_task(feeder.feed(source))
        async with asyncio.timeout(PATIENCE_SECS):
            while not await asyncio.to_thread(holds):
                await asyncio.sleep(0.05)
        stop.set()
        await feeding


async def test_what_is_dropped_is_told_and_not_read_again(tmp_path: Path, database: str) -> None:
    log, home = tmp_path / "a.log", tmp_path / "home"
    text = "".join(f"line {number}\n" for number in range(10_000))
    log.write_text(text)
    limited = InputSettings(limits={"*.log": 100})

    def is_done(app: App) -> bool:
        found = came_in(app)
        return bool(found) and found[-1].offset == log.stat().st_size

    with opened(home, database) as app:
        await feed_until(app, log, lambda: is_done(app), limited)
        assert sum(isinstance(each, ObservationDropped) for each in came_in(app)) >= 1
    with opened(home, database) as app:
        with log.open("a") as file:
            file.write("".join(f"line {number}\n" for number in range(10_000, 10_020)))
        await feed_until(app, log, lambda: is_done(app), limited)
        number, kept = 0, 0
        for event in came_in(app):
            assert event.first_line == number
            if isinstance(event, ObservationDropped):
                assert (event.source, event.reason) == (str(log), "rate")
                number += event.lines
            else:
                lines = [f"line {each}" for each in range(number, number + event.line_count)]
                assert event.content == "\n".join(lines)
                number += event.line_count
                kept += event.line_count
        assert number == 10_020
        assert 100 <= kept < 9_000
        app.views.catch_up()
        [row] = app.views.lossy_sources(10)
        assert (row.lines, row.dropped_lines) == (kept, 10_020 - kept)
        assert row.lines + row.dropped_lines == 10_020


async def test_no_more_is_read_than_the_store_takes(tmp_path: Path, database: str) -> None:
    ours, theirs = os.pipe()
    written = 0

    def write() -> None:
        nonlocal written
        with os.fdopen(theirs, "wb", buffering=0) as file:
            for _ in range(300):
                file.write(b"a line like any other\n" * 1_000)
                written += 1_000

    with opened(tmp_path, database) as app:
        may_seed, stop = threading.Event(), asyncio.Event()

        def seed() -> None:  # nothing can be stored before somebody lives
            may_seed.wait(PATIENCE_SECS)
            app.seed_core()

        source = Input("-", "standard input", os.fdopen(ours, "rb", buffering=0))
        feeder = Feeder(app.executor, DEFAULT_SWARM, seed, stop)
        writing = threading.Thread(target=write, daemon=True)
        writing.start()
        feeding = asyncio.create_task(feeder.feed(source))
        before = -1
        async with asyncio.timeout(PATIENCE_SECS):
            while written == 0 or written != before:
                before = written
                await asyncio.sleep(1.0)
        assert 0 < written * 22 < 4 << 20, "it was read on while nothing could be stored"
        may_seed.set()
        async with asyncio.timeout(PATIENCE_SECS):
            await feeding
        lines = sum(e.line_count for e in came_in(app) if isinstance(e, ObservationReceived))
        assert lines == written == 300_000
        source.file.close()


async def test_a_long_file_does_not_hold_up_another_nor_a_pipe(
    tmp_path: Path, database: str
) -> None:
    long, short = tmp_path / "long.log", tmp_path / "short.log"
    long.write_text("a line like any other\n" * 1_000_000)
    short.write_text("short\n")
    ours, theirs = os.pipe()
    os.write(theirs, b"piped\n")
    with opened(tmp_path / "home", database) as app, open_inputs([str(long), str(short)]) as files:
        stop = asyncio.Event()
        pipe = Input("-", "standard input", os.fdopen(ours, "rb", buffering=0))
        feeder = Feeder(app.executor, DEFAULT_SWARM, app.seed_core, stop)
        feeding = [asyncio.create_task(feeder.feed(each)) for each in [*files, pipe]]
        async with asyncio.timeout(PATIENCE_SECS):
            while len({each.source for each in came_in(app)}) < 3:
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.gather(*feeding)
        sizes = {each.source: each.offset for each in came_in(app)}
        assert sizes["-"] == sizes[str(short)] == 6
        assert sizes[str(long)] < long.stat().st_size, "the long one was read first"
        os.close(theirs)
        pipe.file.close()
