"""What is followed is stored once, whoever follows it, and however often they break off."""

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import SpawnQuotaExceeded
from domain.events import ObservationReceived, PersonaReaped, PersonaSpawned
from services.app import App
from services.commands.lifecycle import DEFAULT_SWARM
from services.inputs.feeding import Feeder
from services.inputs.files import Input, open_inputs
from services.settings import Settings
from services.store.errors import StoreUnavailable
from tests.checks import check_positions, history


def opened(home: Path, database: str) -> App:
    return App(Settings(home=home, database_url=database))


async def feed(app: App, path: Path, stop: asyncio.Event) -> None:
    with open_inputs([str(path)]) as [source]:
        await Feeder(app.executor, DEFAULT_SWARM, app.seed_core, stop).feed(source)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


def text_in(app: App) -> str:
    stored = [each.event for each in history(app.recorder)]
    fed = [event for event in stored if isinstance(event, ObservationReceived)]
    return "".join(f"{event.content}\n" for event in fed)


async def test_two_feeders_that_are_stopped_again_and_again_store_each_line_once(
    tmp_path: Path, database: str
) -> None:
    log = tmp_path / "a.log"
    log.touch()
    chance = random.Random(1)
    whole = ""

    async def write(stop: asyncio.Event) -> None:
        nonlocal whole
        with log.open("a") as file:
            for number in range(400):
                line = f"line {len(whole)} {'x' * chance.randrange(3_000)}\n"
                file.write(line)
                file.flush()
                whole += line
                if number % 20 == 0:
                    await asyncio.sleep(0.02)
        stop.set()

    async def follow(app: App, written: asyncio.Event) -> None:
        while not written.is_set():
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(chance.uniform(0.05, 0.3), stop.set)
            await feed(app, log, stop)

    with opened(tmp_path / "1", database) as one, opened(tmp_path / "2", database) as two:
        written = asyncio.Event()
        await asyncio.gather(write(written), follow(one, written), follow(two, written))
        stop = asyncio.Event()
        last = asyncio.create_task(feed(one, log, stop))
        async with asyncio.timeout(60):
            while len(text_in(two)) < len(whole):
                await asyncio.sleep(0.05)
        stop.set()
        await last
        assert text_in(one) == whole
        check_positions(history(one.recorder))


async def test_whoever_idled_away_is_followed_by_another_when_something_comes(
    tmp_path: Path, database: str
) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\n")
    with opened(tmp_path / "home", database) as app:
        stop = asyncio.Event()
        feeding = asyncio.create_task(feed(app, log, stop))
        async with asyncio.timeout(60):
            while text_in(app) != "one\n":
                await asyncio.sleep(0.02)
            context = app.executor.context("system:scheduler")
            await asyncio.to_thread(app.reaper.reap, context, "root-thinker", "idle")
            with log.open("a") as file:
                file.write("two\n")
            while text_in(app) != "one\ntwo\n":
                await asyncio.sleep(0.02)
        stop.set()
        await feeding
        events = history(app.recorder)
        first, ended, second = (
            each for each in events if isinstance(each.event, PersonaSpawned | PersonaReaped)
        )
        assert isinstance(ended.event, PersonaReaped)
        assert isinstance(second.event, PersonaSpawned)
        assert first.event.swarm_id == second.event.swarm_id == DEFAULT_SWARM
        assert first.event.persona_id == "root-thinker" != second.event.persona_id
        [since] = [tag for tag in second.event.identity.tags if tag.startswith("since:")]
        assert ended.position < int(since.removeprefix("since:")) <= events[-1].position
        assert isinstance(events[-1].event, ObservationReceived)


@pytest.mark.parametrize(
    "held_up",
    [StoreUnavailable("the store is away", "wait"), SpawnQuotaExceeded("fabric", "spawns", 3, 2)],
)
async def test_what_came_is_kept_while_nobody_can_be_spawned_to_see_it(
    tmp_path: Path, database: str, held_up: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = os.pipe()
    with opened(tmp_path, database) as app, os.fdopen(ours, "rb", buffering=0) as pipe:
        tries = 0

        def seed() -> None:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise held_up
            app.seed_core()

        feeder = Feeder(app.executor, DEFAULT_SWARM, seed, asyncio.Event())
        feeding = asyncio.create_task(feeder.feed(Input("-", "standard input", pipe)))
        os.write(theirs, b"one\ntwo\n")
        os.close(theirs)
        await feeding
        assert text_in(app) == "one\ntwo\n"
    [told] = [each for each in caplog.records if each.levelname == "WARNING"]
    assert str(held_up) in vars(told)["why"]


async def test_a_removed_file_that_was_read_is_not_held_open(tmp_path: Path, database: str) -> None:
    log, old = tmp_path / "a.log", tmp_path / "a.log.1"
    log.write_text("one\n")

    def open_there() -> list[str]:
        links = [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
        found = [str(each.readlink()) for each in links]
        return sorted(each for each in found if each.startswith(str(log)))

    with opened(tmp_path / "home", database) as app:
        stop = asyncio.Event()
        feeding = asyncio.create_task(feed(app, log, stop))
        await until(lambda: text_in(app) == "one\n")
        log.rename(old)
        log.write_text("two\n")
        await until(lambda: text_in(app) == "one\ntwo\n")
        old.unlink()
        await until(lambda: open_there() == [str(log)])
        stop.set()
        await feeding
