"""What a persona has used is settled when it ends or pauses, or its loop, be it mid-call."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.budget import Credits
from domain.events import BudgetLeased, BudgetSettled, PersonaPaused, ThoughtGenerated
from domain.events.budget import Spent
from domain.thinking import ThinkRequest, ThinkResult
from services.app import App
from services.cognition.governor import Governor
from services.store.save import Fence
from tests.integration.cognition.conftest import Running, observe, rested
from tests.integration.cognition.test_loop import events, spawn, until
from tests.integration.cognition.thinkers import Greedy, Metered

ROOT = "root-thinker"


class Slow(Metered):
    """Does not come back from the step of a phase."""

    def __init__(self, phase: str) -> None:
        super().__init__(timeout_ms=10_000)
        self.phase = phase
        self.reserved = list[Credits]()

    async def think(self, request: ThinkRequest) -> ThinkResult:
        if request.phase == self.phase:
            self.reserved.append(self.worst_case(request))
            await asyncio.Event().wait()
        return await super().think(request)


def settlements(app: App) -> list[BudgetSettled]:
    return [each for each in events(app, BudgetSettled) if each.resource == "credits"]


def spent(app: App, persona_id: str) -> Sequence[Spent]:
    holder = f"persona/{persona_id}"
    return [s for each in settlements(app) for s in each.spent if s.holder == holder]


def open_leases(app: App) -> list[str]:
    leased = [e.lease_id for e in events(app, BudgetLeased) if e.resource == "credits"]
    ended = {each.lease_id for each in settlements(app)}
    fabric = {e.lease_id for e in events(app, BudgetLeased) if e.swarm_id == "fabric"}
    return [each for each in leased if each not in ended | fabric]


async def test_a_loop_that_ends_settles_what_was_used_and_the_call_it_cuts_short_in_full(
    running: Running,
) -> None:
    thinker = Slow("reflect")
    async with running(thinker) as app:
        observe(app, "one\n")
        await until(lambda: thinker.reserved)
        assert open_leases(app)
        await app.loop.stop()

        [thought] = events(app, ThoughtGenerated)
        used = thought.usage.tokens + thinker.reserved[0].tokens
        assert sum(each.tokens for each in spent(app, ROOT)) == used
        assert open_leases(app) == []


async def test_who_is_reaped_in_the_middle_of_a_call_pays_for_it_in_full(running: Running) -> None:
    thinker = Slow("observe")
    async with running(thinker) as app:
        spawn(app, "short-lived")
        observe(app, "one\n")
        await until(lambda: len(thinker.reserved) == 2)
        app.reaper.reap(app.executor.context("user:test"), "short-lived", "manual")
        await until(lambda: spent(app, "short-lived"))

        [paid] = spent(app, "short-lived")
        assert paid.tokens in {each.tokens for each in thinker.reserved}
        assert len(open_leases(app)) == 1, "the other thinks on"


@pytest.mark.parametrize("turns", range(6))
async def test_a_lease_is_settled_although_the_wait_for_it_was_cut_short(
    running: Running, turns: int
) -> None:
    async with running(Metered()) as app:
        governor = Governor(app.executor, app.settings.limits)
        context, fence = app.executor.context(f"persona:{ROOT}"), Fence("loop", 1)
        reserving = asyncio.create_task(governor.reserve(context, ROOT, Credits(50, 50), fence))
        for _ in range(turns):
            await asyncio.sleep(0)
        reserving.cancel()
        await asyncio.wait({reserving})
        await governor.give_all_back(context, fence)

        assert open_leases(app) == []
        assert not any(each.tokens for each in spent(app, ROOT))


async def test_what_was_used_beyond_a_reservation_is_charged_while_its_persona_is_paused(
    running: Running,
) -> None:
    async with running(Greedy()) as app:
        observe(app, "one\n")
        await until(lambda: events(app, PersonaPaused))
        await until(lambda: spent(app, ROOT))

        [thought], [paid] = events(app, ThoughtGenerated), spent(app, ROOT)
        assert paid.tokens == thought.usage.tokens


async def test_why_a_fallback_thought_is_in_the_event(running: Running) -> None:
    gone = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "retries": 0}
    given = {"thinkers": {"gone": gone}, "cognition": {"thinker": "gone"}}
    async with running(Metered(), **given) as app:
        await rested(app, observe(app, "one\n"))

        for thought in events(app, ThoughtGenerated):
            assert thought.finish_reason == "fallback"
            assert "can't be reached" in str(thought.fallback_reason)
