"""The loop goes on whatever its thinkers do, spends only what it leased, and comes back."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from domain.events import (
    CognitionStarted,
    CognitionStopped,
    Event,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.limits import Limits
from services.app import App
from services.cognition.loop import CognitionDisabled, LoopElsewhere
from services.commands import lifecycle
from services.commands.lifecycle import NewPersona
from services.store.codec import decode
from tests.integration.cognition.conftest import Running, observe, rested
from tests.integration.cognition.thinkers import Failing, Greedy, Hanging, Metered
from tests.minute import early_in_a_minute

E = TypeVar("E", bound=Event)


def events(app: App, kind: type[E], persona_id: str | None = None) -> list[E]:
    found = [decode(s.state) for s in app.recorder.read(0, 100_000, topics=[kind.topic])]
    return [
        e for e in found if isinstance(e, kind) and (not persona_id or e.persona_id == persona_id)
    ]


def spawn(app: App, persona_id: str, tags: tuple[str, ...] = (), **limits: object) -> None:
    new = NewPersona(
        persona_id=persona_id, name="n", role="r", charter="c", swarm_id="swarm-core", tags=tags,
        limits=Limits.model_validate(limits),
    )  # fmt: skip
    app.spawn(app.executor.context("user:test"), new)


async def until(true: Callable[[], object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_cycle_goes_through_the_phases_and_then_rests(running: Running) -> None:
    async with running(Metered()) as app:
        await rested(app, observe(app, "one\ntwo\n"))
        phases = [t.phase for t in events(app, ThoughtGenerated)]
        head = app.recorder.head()
        await asyncio.sleep(0.5)

        assert phases == ["observe", "reflect", "compress"]
        assert len(events(app, SnapshotCompressed)) == 1
        assert app.recorder.head() == head


async def test_a_hanging_thinker_stops_nobody_else(running: Running) -> None:
    async with running(Hanging("stuck")) as app:
        spawn(app, "stuck")
        spawn(app, "free")
        observe(app, "one\n")
        await until(lambda: events(app, SnapshotCompressed, "free"))
        await until(lambda: events(app, ThoughtGenerated, "stuck"))

        failed = events(app, ThoughtGenerated, "stuck")[0]
        assert failed.finish_reason == "error"
        assert failed.error == "no answer within 500 ms"
        assert failed.usage.cpu_ms == 500


async def test_a_failed_step_is_taken_again(running: Running) -> None:
    async with running(Failing("root-thinker", times=1)) as app:
        await rested(app, observe(app, "one\n"))

        thoughts = events(app, ThoughtGenerated)
        assert [(t.phase, t.error is None) for t in thoughts][:2] == [
            ("observe", False),
            ("observe", True),
        ]
        assert thoughts[0].error == "ConnectionError: the model is away"


async def test_an_empty_budget_pauses_and_never_overspends(running: Running) -> None:
    await asyncio.to_thread(early_in_a_minute)
    async with running(Metered()) as app:
        spawn(app, "poor", token_budget_per_minute=300)
        observe(app, "x" * 200 + "\n")
        await until(lambda: events(app, PersonaPaused, "poor"))

        paused = events(app, PersonaPaused, "poor")[0]
        spent = sum(t.usage.tokens for t in events(app, ThoughtGenerated, "poor"))
        assert (paused.reason, paused.until is not None) == ("budget", True)
        assert 0 < spent <= 300


async def test_a_budget_for_life_that_is_used_up_pauses_until_somebody_resumes(
    running: Running,
) -> None:
    async with running(Metered()) as app:
        spawn(app, "poor", token_budget_lifetime=330)
        observe(app, "x" * 200 + "\n")
        await until(lambda: events(app, PersonaPaused, "poor"))
        await until(lambda: events(app, SnapshotCompressed, "root-thinker"))
        observe(app, "y\n")
        await until(lambda: len(events(app, SnapshotCompressed, "root-thinker")) == 2)

        [paused] = events(app, PersonaPaused, "poor")
        spent = sum(t.usage.tokens for t in events(app, ThoughtGenerated, "poor"))
        assert (paused.reason, paused.until) == ("budget", None)
        assert 0 < spent <= 330

        context = app.executor.context("user:test")
        app.executor.run(context, lambda unit: lifecycle.resume(unit, "poor"))
        await until(lambda: len(events(app, PersonaPaused, "poor")) == 2)
        assert len(events(app, PersonaResumed, "poor")) == 1


async def test_a_thinker_that_uses_more_than_was_reserved_is_charged_and_stopped(
    running: Running,
) -> None:
    async with running(Greedy()) as app:
        observe(app, "one\n")
        await until(lambda: events(app, PersonaPaused))
        await asyncio.sleep(0.5)

        paused, thoughts = events(app, PersonaPaused), events(app, ThoughtGenerated)
        assert (len(paused), len(thoughts)) == (1, 1)
        assert (paused[0].reason, paused[0].until) == ("overspent", None)
        assert paused[0].tokens_used == thoughts[0].usage.tokens


async def test_a_charter_of_10000_cjk_characters_thinks_on(running: Running) -> None:
    thinker = Metered()
    async with running(thinker) as app:
        new = NewPersona(persona_id="scholar", name="n", role="r", charter="思" * 10_000)
        app.spawn(app.executor.context("user:test"), new)
        observe(app, "one\n")
        await until(lambda: events(app, SnapshotCompressed, "scholar"))

        asked = [r for r in thinker.requests if r.persona_id == "scholar"]
        assert {r.room_bytes for r in asked} == {10_000}
        assert all(t.usage.tokens <= 10_116 for t in events(app, ThoughtGenerated, "scholar"))


async def test_an_idle_child_is_reaped_and_its_parent_inherits(running: Running) -> None:
    async with running() as app:
        bad = "Nov 23 10:00:00 host app[1]: login failed for user bob from 10.9.8.7\n"
        good = "Nov 23 10:00:01 host app[1]: all is well\n"
        await rested(app, observe(app, (bad + good) * 210))
        child = next(row for row in app.views.everybody() if row.parent_id == "root-thinker")
        app.reaper.reap(app.executor.context("user:test"), child.persona_id, "idle")
        await until(lambda: len(events(app, SnapshotCompressed, "root-thinker")) == 2)

        left = events(app, SnapshotCompressed, child.persona_id)[-1]
        reaped = events(app, PersonaReaped, child.persona_id)[0]
        heir = events(app, SnapshotCompressed, "root-thinker")[-1]
        assert reaped.final_snapshot_id == left.snapshot_id
        assert any("proposal" in line for line in left.decisions)
        assert any(left.snapshot_id in fact for fact in heir.facts)
        assert set(left.facts) <= set(heir.facts)
        assert len(app.recorder.read(0, 9, topics=["proposal.created"])) == len(left.decisions)


async def test_personas_idle_out_but_not_for_the_time_the_fabric_was_down(
    running: Running,
) -> None:
    async with running(Metered()) as app:
        spawn(app, "brief", idle_ttl_secs=3)
    await asyncio.sleep(3)
    async with running(Metered()) as app:
        await until(lambda: events(app, PersonaReaped, "brief"))

        [born], [reaped] = events(app, PersonaSpawned, "brief"), events(app, PersonaReaped, "brief")
        [_, began], [ended] = events(app, CognitionStarted), events(app, CognitionStopped)
        was_up = (ended.occurred_at - born.occurred_at) + (reaped.occurred_at - began.occurred_at)
        assert reaped.reason == "idle"
        assert was_up >= timedelta(seconds=3)


async def test_parallel_starts_make_one_loop(running: Running, database: str) -> None:
    async with running(Metered()) as app:
        await asyncio.gather(*(app.loop.start(interval_ms=200 + n) for n in range(50)))
        with pytest.raises(LoopElsewhere):
            async with running(Metered()):
                pass

        assert app.loop.running
        assert len(app.recorder.read(0, 100, topics=["cognition.started"])) == 1


async def test_a_disabled_loop_does_not_start(running: Running) -> None:
    with pytest.raises(CognitionDisabled):
        async with running(Metered(), cognition_enabled=False):
            pass
