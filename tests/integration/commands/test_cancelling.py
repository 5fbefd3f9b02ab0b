"""A command whose caller is cancelled: nothing rests on it unless it is stored."""

import asyncio

from services.commands import lifecycle
from services.commands.lifecycle import Ceilings, NewPersona
from services.executor import Executor
from services.store.recorder import Recorder
from services.store.save import Fence
from services.unit_of_work import Unit

OVER = Fence("loop", 7)
"""An epoch that nobody has: what is saved under it is refused."""


def is_paused(unit: Unit) -> bool:
    return unit.persona("ann").paused is not None


async def test_what_was_decided_and_refused_unheard_is_forgotten(store: Recorder) -> None:
    executor = Executor(store, 12)
    context = executor.context("user:test")
    new = NewPersona(persona_id="ann", name="n", role="r", charter="c")
    await asyncio.to_thread(
        executor.run, context, lambda unit: lifecycle.spawn(unit, new, Ceilings())
    )

    def pause(unit: Unit) -> None:
        unit.fence = OVER
        lifecycle.pause(unit, "ann")

    pausing = asyncio.create_task(executor.execute_async(context, pause))
    await asyncio.sleep(0)
    pausing.cancel()
    await asyncio.wait({pausing})
    assert pausing.cancelled()
    assert not (await executor.execute_async(context, is_paused)).result
    executor.close()
