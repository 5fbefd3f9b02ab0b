"""What is followed is stored once, whoever follows it, and however often they break off."""

import asyncio
import random
from pathlib import Path

import pytest

from domain.errors import SpawnQuotaExceeded
from domain.events import ObservationReceived, PersonaReaped, PersonaSpawned
from services.app import App
from services.commands.lifecycle import DEFAULT_SWARM
from services.inputs import feeding
from services.inputs.feeding import Feeder
from services.inputs.files import open_inputs
from services.settings import Settings
from services.store.errors import StoreUnavailable
from tests.checks import check_positions, history


def opened(home: Path, database: str) -> App:
    return App(Settings(home=home, database_url=database))


async def feed(app: App, path: Path, stop: asyncio.Event) -> None:
    with open_inputs([str(path)]) as [source]:
        await Feeder(app.executor, DEFAULT_SWARM, app.seed_core, stop).feed(source)


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


async def test_an_input_goes_on_once_somebody_may_be_spawned_to_see_it(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "RETRY_SECS", 0.01)
    log = tmp_path / "a.log"
    log.write_text("one\n")
    with opened(tmp_path / "home", database) as app, open_inputs([str(log)]) as [source]:
        faults = iter(
            [SpawnQuotaExceeded("fabric", "live personas", 1, 1), StoreUnavailable("gone", "wait")]
        )

        def seed() -> None:
            for fault in faults:
                raise fault
            app.seed_core()

        stop = asyncio.Event()
        feeder = Feeder(app.executor, DEFAULT_SWARM, seed, stop)
        task = asyncio.create_task(feeder.feed(source))
        async with asyncio.timeout(60):
            while text_in(app) != "one\n" and not task.done():
                await asyncio.sleep(0.02)
        stop.set()
        await task
        assert text_in(app) == "one\n"
