"""The one loop: each start is a new epoch, and says how long nobody thought."""

from datetime import timedelta

from domain.events import CognitionStarted, CognitionStopped
from services.commands.loop import start_loop, stop_loop
from services.store.save import Fence
from services.unit_of_work import Unit
from tests.unit.commands.world import NOON, World


def test_every_start_raises_the_epoch_and_the_fence_with_it() -> None:
    world = World()
    for epoch in (1, 2, 3):

        def start(unit: Unit) -> Fence | None:
            start_loop(unit, range(12), 250, None)
            return unit.raise_fence

        assert world.run(start) == Fence("loop", epoch)
        [started] = world.last
        assert isinstance(started, CognitionStarted)
        assert (started.epoch, started.partitions) == (epoch, tuple(range(12)))
        assert (started.swarm_id, started.loop_interval_ms) == ("fabric", 250)


def test_a_start_says_since_when_nobody_thought() -> None:
    world = World()
    world.run(lambda unit: start_loop(unit, [0], 100, NOON - timedelta(days=1)))
    assert [e.down_since for e in world.last if isinstance(e, CognitionStarted)] == [None]
    alive = world.now + timedelta(minutes=5)
    world.later(hours=1)
    world.run(lambda unit: start_loop(unit, [0], 100, alive))
    assert [e.down_since for e in world.last if isinstance(e, CognitionStarted)] == [alive]
    world.later(hours=1)
    world.run(lambda unit: stop_loop(unit, "enough", Fence("loop", 2)))
    [stopped] = world.last
    assert isinstance(stopped, CognitionStopped)
    assert (stopped.epoch, stopped.reason) == (2, "enough")
    world.later(hours=1)
    world.run(lambda unit: start_loop(unit, [0], 100, world.now))
    assert [e.down_since for e in world.last if isinstance(e, CognitionStarted)] == [
        stopped.occurred_at
    ]
