"""A signal may come at any moment, and nothing but what we say is said."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from services.cli.interrupts import Interrupts


class Interrupted(asyncio.DefaultEventLoopPolicy):
    """Is interrupted where a loop is made."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        raise KeyboardInterrupt


@pytest.fixture
def interrupted() -> Iterator[None]:
    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(Interrupted())
    yield
    asyncio.set_event_loop_policy(before)


@pytest.mark.usefixtures("interrupted")
def test_a_signal_before_the_work_has_begun_leaves_nothing_unawaited() -> None:
    async def work() -> None:
        raise AssertionError("it has begun")

    with pytest.raises(KeyboardInterrupt):
        Interrupts().run(work())
    gc.collect()


def test_work_that_ends_gives_its_result() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert Interrupts().run(work()) == 7
