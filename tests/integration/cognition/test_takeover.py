"""A loop that was lost is taken over; what the lost one still tries is refused."""

import asyncio

import psycopg
import pytest

from domain.errors import LoopSuperseded, UnknownThinker
from domain.events import CognitionStarted, CognitionStopped, ThoughtGenerated
from domain.thinking import ThinkRequest, ThinkResult
from services.commands import loop as commands
from services.store.save import Fence
from services.unit_of_work import Unit
from tests.integration.cognition.conftest import Running, observe, rested
from tests.integration.cognition.test_loop import events, until
from tests.integration.cognition.thinkers import Metered


class StuckIn(Metered):
    """Never gets beyond one phase."""

    def __init__(self, phase: str) -> None:
        super().__init__(timeout_ms=60_000)
        self.phase = phase

    async def think(self, request: ThinkRequest) -> ThinkResult:
        if request.phase == self.phase:
            self.requests.append(request)
            await asyncio.Event().wait()
        return await super().think(request)


@pytest.mark.parametrize(
    ("phase", "before"), [("reflect", ["observe"]), ("compress", ["observe", "reflect"])]
)
async def test_a_persona_goes_on_at_its_phase(
    running: Running, phase: str, before: list[str]
) -> None:
    stuck, fresh = StuckIn(phase), Metered()
    async with running(stuck) as app:
        observe(app, "one\ntwo\n")
        await until(lambda: stuck.requests and stuck.requests[-1].phase == phase)
        assert [t.phase for t in events(app, ThoughtGenerated)] == before
    async with running(fresh) as app:
        await until(lambda: app.recorder.read(0, 1, topics=["snapshot.compressed"]))

        recalled, *asked = fresh.requests
        assert [line.text for line in recalled.lines] == ["one", "two"]
        assert asked[0].phase == phase
        phases = [t.phase for t in events(app, ThoughtGenerated)]
        assert phases == ["observe", "reflect", "compress"]


async def test_a_lost_lock_is_taken_back_under_a_new_epoch(running: Running, database: str) -> None:
    async with running(Metered()) as app:
        await rested(app, observe(app, "one\n"))
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            )
        await until(lambda: len(events(app, CognitionStarted)) == 2)
        await rested(app, observe(app, "two\n"))

        assert [e.epoch for e in events(app, CognitionStarted)] == [1, 2]
        assert len(events(app, ThoughtGenerated)) == 6


async def test_whatever_goes_wrong_as_it_is_taken_back_it_is_tried_again(
    running: Running, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(Metered()) as app:
        await rested(app, observe(app, "one\n"))
        wrong: list[Exception] = [ZeroDivisionError("oh")]

        def recover() -> None:
            if wrong:
                raise wrong.pop()

        monkeypatch.setattr(app.gate, "recover", recover)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            )
        await until(lambda: len(events(app, CognitionStarted)) == 3)
        await rested(app, observe(app, "two\n"))

        assert app.loop.running


async def test_a_start_that_fails_leaves_the_loop_to_others(running: Running) -> None:
    def seed() -> None:
        raise UnknownThinker("nobody", ["somebody"])

    async with running(Metered()) as app:
        await app.loop.stop()
        with pytest.raises(UnknownThinker):
            await app.loop.start(seed=seed)
        async with running(Metered()) as other:
            assert other.loop.running


async def test_what_an_older_loop_tries_is_refused(running: Running) -> None:
    async with running(Metered()) as app:
        old = Fence(commands.FENCE, 0)

        def write(unit: Unit) -> None:
            commands.stop_loop(unit, "from the past", old)

        with pytest.raises(LoopSuperseded):
            app.executor.run(app.executor.context("system:loop"), write)

        assert not events(app, CognitionStopped)


async def test_a_loop_that_can_not_go_on_at_once_goes_on_later(
    running: Running, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(Metered()) as app:
        recover, faults = app.gate.recover, iter([RuntimeError("not now")])

        def once_in_vain() -> None:
            for fault in faults:
                raise fault
            recover()

        monkeypatch.setattr(app.gate, "recover", once_in_vain)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            )
        await until(lambda: len(events(app, CognitionStarted)) == 3)
        await rested(app, observe(app, "one\n"))
        assert app.loop.running


async def test_a_loop_that_could_not_begin_keeps_nobody_else_from_it(running: Running) -> None:
    def fail() -> None:
        raise RuntimeError("nobody can be spawned")

    async with running(Metered()) as app:
        await app.loop.stop()
        with pytest.raises(RuntimeError, match="nobody can be spawned"):
            await app.loop.start(seed=fail)
        async with running(Metered()) as other:
            assert other.loop.running
