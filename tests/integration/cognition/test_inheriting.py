"""What an ended child leaves is taken in once, whatever fails, and however long ago it was."""

import asyncio

import pytest

from domain.budget import Credits
from domain.events import SnapshotCompressed, ThoughtGenerated
from domain.mind import KEPT_FACTS
from domain.thinking import ThinkRequest, ThinkResult
from services.app import App
from services.cognition.scheduler import CYCLES
from services.commands import cognition
from services.commands.lifecycle import NewPersona
from services.unit_of_work import Unit
from tests.integration.cognition.conftest import Running, observe, rested
from tests.integration.cognition.test_loop import events, until
from tests.integration.cognition.thinkers import Metered

ROOT = "root-thinker"


def child_of_root(app: App, persona_id: str) -> None:
    """Spawn a child nobody thinks for."""
    new = NewPersona(
        persona_id=persona_id, name="n", role="r", charter="c", parent_id=ROOT,
        tags=("thinker:external",),
    )  # fmt: skip
    app.spawn(app.executor.context("user:test"), new)


def reap(app: App, persona_id: str) -> None:
    app.reaper.reap(app.executor.context("user:test"), persona_id, "manual")


def inherited(app: App) -> list[str]:
    """Return what the root's newest snapshot says it inherited."""
    snapshots = events(app, SnapshotCompressed, ROOT)
    return [fact for fact in snapshots[-1].facts if "(snapshot " in fact] if snapshots else []


class FailsOnce(Metered):
    """Raises at the first step of a phase."""

    def __init__(self, phase: str) -> None:
        super().__init__()
        self.failing = [phase]

    async def think(self, request: ThinkRequest) -> ThinkResult:
        if request.phase in self.failing:
            self.failing.clear()
            raise ConnectionError("the model is away")
        return await super().think(request)


class Free(Metered):
    """Costs nothing, so that no minute's budget is too small for many cycles of many facts."""

    def worst_case(self, request: ThinkRequest) -> Credits:
        return Credits(0, self.timeout_ms)


@pytest.mark.parametrize("phase", ["observe", "compress"])
async def test_a_step_that_fails_loses_nothing_of_it(running: Running, phase: str) -> None:
    thinker = FailsOnce(phase)
    async with running(thinker) as app:
        child_of_root(app, "short")
        reap(app, "short")
        await until(lambda: inherited(app))

        assert not thinker.failing
        assert [each[:15] for each in inherited(app)] == ["short (snapshot"]
        thoughts = events(app, ThoughtGenerated, ROOT)
        shown = [m.text[:5] for r in thinker.requests if r.phase == "observe" for m in r.memories]
        assert (len(thoughts), shown) == (4, ["short"])


async def test_what_was_inherited_long_ago_is_not_inherited_again_at_a_restart(
    running: Running,
) -> None:
    async with running(Free()) as app:
        child_of_root(app, "short")
        reap(app, "short")
        await until(lambda: inherited(app))
        establish(app, KEPT_FACTS)
        for cycle in range(1 + CYCLES):
            await rested(app, observe(app, f"{cycle}\n"))
        assert not inherited(app), "newer facts have taken its place"
        thoughts = len(events(app, ThoughtGenerated))
    async with running(Metered()) as app:
        await rested(app, app.recorder.head())
        await asyncio.sleep(0.5)

        assert len(events(app, ThoughtGenerated)) == thoughts


async def test_what_was_left_while_nobody_thought_is_inherited_at_the_next_start(
    running: Running,
) -> None:
    async with running(Metered()) as app:
        for cycle in range(1 + CYCLES):
            await rested(app, observe(app, f"{cycle}\n"))
        child_of_root(app, "short")
        await app.loop.stop()
        reap(app, "short")
    async with running(Metered()) as app:
        await until(lambda: inherited(app))


def establish(app: App, facts: int) -> None:
    """Push suppositions of the root that prove true."""

    def command(unit: Unit) -> None:
        for n in range(facts):
            name = f"h{n}"
            supposed = cognition.Hypothesis(
                hypothesis_id=name, belief_key=name, claim="so it is", confidence=0.5
            )
            cognition.hypothesise(unit, ROOT, supposed)
            check = cognition.Check(
                check_id=name, hypothesis_id=name, kind="seen", outcome="passed"
            )
            cognition.check(unit, ROOT, check)

    app.executor.run(app.executor.context(f"persona:{ROOT}"), command)
