"""What was thought when somebody paused its persona is paid for, and said once it may go on."""

from collections.abc import Callable

import pytest

from domain.events import PersonaReaped, SnapshotCompressed, ThoughtGenerated
from services.app import App
from services.commands import lifecycle
from services.unit_of_work import Unit
from tests.integration.cognition.conftest import Running, observe
from tests.integration.cognition.test_loop import events, until
from tests.integration.cognition.test_settling import open_leases, spent
from tests.integration.cognition.thinkers import Interrupted

ROOT = "root-thinker"


def pause(unit: Unit) -> None:
    lifecycle.pause(unit, ROOT)


def resume(unit: Unit) -> None:
    lifecycle.resume(unit, ROOT)


def run(app: App, command: Callable[[Unit], None]) -> None:
    app.executor.run(app.executor.context("user:test"), command)


@pytest.mark.parametrize("phase", ["observe", "compress"])
async def test_a_thought_cut_short_by_a_pause_is_said_after_it_and_not_thought_again(
    running: Running, phase: str
) -> None:
    apps = list[App]()
    pauses = [pause]

    def pause_once() -> None:
        while pauses:
            run(apps[0], pauses.pop())

    thinker = Interrupted(phase, pause_once)
    async with running(thinker) as app:
        apps.append(app)
        observe(app, "one\n")
        await until(lambda: spent(app, ROOT))
        before = len(events(app, ThoughtGenerated))
        assert open_leases(app) == [], "a pause holds no lease"
        run(app, resume)
        await until(lambda: events(app, SnapshotCompressed))
        await until(lambda: open_leases(app) == [])

        thoughts = events(app, ThoughtGenerated)
        assert [each.phase for each in thoughts] == ["observe", "reflect", "compress"]
        assert [each.phase for each in thinker.requests] == ["observe", "reflect", "compress"]
        assert thoughts[before].phase == phase
        assert len(events(app, SnapshotCompressed)) == 1
        paid = sum(each.tokens for each in spent(app, ROOT))
        assert paid == sum(each.usage.tokens for each in thoughts)


async def test_who_is_reaped_while_it_is_paused_says_nothing_more(running: Running) -> None:
    apps = list[App]()
    async with running(Interrupted("observe", lambda: run(apps[0], pause))) as app:
        apps.append(app)
        observe(app, "one\n")
        await until(lambda: spent(app, ROOT))
        app.reaper.reap(app.executor.context("user:test"), ROOT, "manual")
        await until(lambda: events(app, PersonaReaped, ROOT))

        assert not events(app, ThoughtGenerated)
