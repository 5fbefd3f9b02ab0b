"""What is pushed while a mind is distilled is in the snapshot; what is only pushed is distilled."""

import asyncio
import threading
import time
from datetime import timedelta

from domain.events import PersonaReaped, SnapshotCompressed, ThoughtGenerated
from services.app import App
from services.cognition.governor import Governor
from services.cognition.resting import Resting
from services.cognition.thinking import Thinking
from services.commands import cognition, loop
from services.unit_of_work import Unit
from tests.integration.cognition.conftest import Running, observe, rested
from tests.integration.cognition.test_loop import events, spawn, until
from tests.integration.cognition.thinkers import Interrupted, Metered

ROOT = "root-thinker"


def suppose(app: App, hypothesis_id: str, persona_id: str = ROOT) -> None:
    """Push a hypothesis, as an agent of the persona does over HTTP."""
    new = cognition.Hypothesis(
        hypothesis_id=hypothesis_id, belief_key=hypothesis_id, claim="so it is", confidence=0.5
    )
    context = app.executor.context(f"persona:{persona_id}")
    app.executor.run(context, lambda unit: cognition.hypothesise(unit, persona_id, new))


def think(app: App, persona_id: str, times: int) -> None:
    def command(unit: Unit) -> None:
        for _ in range(times):
            cognition.think(unit, persona_id, cognition.Thought(phase="reflect", content="hm"))

    app.executor.run(app.executor.context("user:test"), command)


def thinking_of(app: App) -> Thinking:
    """Begin a loop of nobody: what its runners would be given."""
    context = app.executor.context("system:loop")
    started = app.executor.run(context, lambda unit: loop.start_loop(unit, [0], 100, None))
    return Thinking(
        executor=app.executor,
        recorder=app.recorder,
        governor=Governor(app.executor, app.settings.limits),
        thinkers=app.thinkers,
        remembering=app.remembering,
        settings=app.settings.cognition,
        ceilings=app.settings.limits,
        fence=started.result,
        interval_secs=0.1,
        decided=app.reaper.decided,
        idle_for=lambda persona_id: timedelta(),
        reap=lambda persona_id, reason: None,
    )


async def test_a_question_pushed_while_a_mind_is_distilled_is_carried_on(running: Running) -> None:
    pushed: list[str] = []

    def push() -> None:
        pushed.append(f"h{len(pushed)}")
        suppose(apps[0], pushed[-1])

    apps: list[App] = []
    async with running(Interrupted("compress", push)) as app:
        apps.append(app)
        await rested(app, observe(app, "one\n"))
        snapshot = events(app, SnapshotCompressed)[0]

    assert [each.split()[1] for each in snapshot.open_questions] == ["h0:"]


async def test_a_persona_that_is_only_spoken_for_is_distilled_whatever_its_tags(
    running: Running,
) -> None:
    async with running(Metered()) as app:
        await app.loop.stop()
        spawn(app, "quiet")
        app.views.catch_up()
        row = app.views.persona("quiet")
        assert row
        resting = Resting(row, thinking_of(app), distil_after=50, look_secs=0.1)
        waiting = asyncio.create_task(resting.wait_for_input(asyncio.Event(), ()))
        think(app, "quiet", 120)
        await until(lambda: events(app, SnapshotCompressed, "quiet"))
        think(app, "quiet", 60)
        await until(lambda: len(events(app, SnapshotCompressed, "quiet")) == 2)
        await asyncio.sleep(0.5)
        waiting.cancel()
        await asyncio.wait({waiting})

        first, second = events(app, SnapshotCompressed, "quiet")
    assert (first.thoughts_in, second.thoughts_in) == (120, 60)


async def test_a_persona_whose_agent_never_stops_is_reaped_all_the_same(running: Running) -> None:
    stop = threading.Event()

    def never_stop(app: App) -> None:
        while not stop.is_set():
            try:
                think(app, "busy", 1)
            except Exception:  # it is held, or has ended
                time.sleep(0.001)

    async with running(Metered()) as app:
        spawn(app, "busy", tags=("thinker:external",))  # else it distils in between
        agents = [threading.Thread(target=never_stop, args=[app]) for _ in range(4)]
        for agent in agents:
            agent.start()
        await until(lambda: events(app, ThoughtGenerated, "busy"))
        async with asyncio.timeout(20):
            context = app.executor.context("user:test")
            await asyncio.to_thread(app.reaper.reap, context, "busy", "manual")
        stop.set()
        for agent in agents:
            await asyncio.to_thread(agent.join)

        [ended] = events(app, PersonaReaped, "busy")
        thoughts = events(app, ThoughtGenerated, "busy")
        snapshots = events(app, SnapshotCompressed, "busy")
    assert ended.final_snapshot_id == snapshots[-1].snapshot_id
    assert sum(each.thoughts_in for each in snapshots) == len(thoughts)
