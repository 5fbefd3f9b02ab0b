"""A paused persona neither thinks nor leases, until what paused it ends."""

from datetime import timedelta

import pytest

from domain.budget import Credits
from domain.errors import InvalidInput, PersonaIsPaused, WrongState
from domain.limits import Limits
from services.commands import cognition, lifecycle
from services.commands.cognition import Thought
from tests.unit.commands.world import World


def with_root() -> World:
    world = World()
    world.spawn("root", limits=Limits(token_budget_per_minute=100))
    return world


def pause(world: World, reason: str) -> None:
    until = world.now + timedelta(minutes=1) if reason == "budget" else None
    world.run(lambda u: u.persona("root").pause(u.context, reason, Credits(7, 8), until))


def resume(world: World, reason: str) -> None:
    world.run(lambda unit: lifecycle.resume(unit, "root", reason))


def think(world: World) -> None:
    world.run(lambda unit: cognition.think(unit, "root", Thought(phase="observe", content="t")))


@pytest.mark.parametrize("reason", ["manual", "overspent"])
def test_who_is_paused_by_somebody_or_for_overspending_may_do_nothing(reason: str) -> None:
    world = with_root()
    pause(world, reason)
    for attempt in (think, lambda w: w.reserve("root", tokens=1)):
        with pytest.raises(PersonaIsPaused) as refused:
            attempt(world)
        assert refused.value.code == "persona_paused"
        assert refused.value.details == {"persona_id": "root", "reason": reason}
    resume(world, "manual")
    think(world)


def test_who_waits_for_a_window_may_think_and_lease_what_there_is() -> None:
    world = with_root()
    pause(world, "budget")
    think(world)
    world.reserve("root", tokens=100)


def test_a_pause_says_how_long_and_what_was_used() -> None:
    world = with_root()
    pause(world, "budget")
    paused = world.persona("root").paused
    assert paused
    assert (paused.until, paused.tokens_used, paused.cpu_ms_used) == (
        world.now + timedelta(minutes=1), 7, 8,
    )  # fmt: skip


@pytest.mark.parametrize("reason", ["manual", "overspent", "budget"])
def test_a_second_pause_for_the_same_reason_is_none(reason: str) -> None:
    world = with_root()
    pause(world, reason)
    pause(world, reason)
    assert world.last == []


@pytest.mark.parametrize("reason", ["manual", "overspent"])
def test_a_new_window_does_not_end_what_somebody_must_end(reason: str) -> None:
    world = with_root()
    pause(world, "budget")
    pause(world, reason)
    resume(world, "window")
    assert world.last == []
    with pytest.raises(PersonaIsPaused):
        think(world)


@pytest.mark.parametrize("reason", ["manual", "overspent"])
def test_an_empty_budget_does_not_take_the_place_of_what_somebody_must_end(reason: str) -> None:
    world = with_root()
    pause(world, reason)
    pause(world, "budget")
    assert world.last == []
    resume(world, "window")
    with pytest.raises(PersonaIsPaused):
        think(world)


def test_a_new_window_ends_a_pause_for_an_empty_budget() -> None:
    world = with_root()
    pause(world, "budget")
    resume(world, "window")
    assert world.persona("root").paused is None


@pytest.mark.parametrize("reason", ["manual", "window"])
def test_who_is_not_paused_can_not_be_resumed(reason: str) -> None:
    world = with_root()
    with pytest.raises(WrongState) as refused:
        resume(world, reason)
    assert refused.value.code == "wrong_state"


def test_reasons_are_closed_words() -> None:
    world = with_root()
    with pytest.raises(InvalidInput):
        pause(world, "tired")
    pause(world, "manual")
    with pytest.raises(InvalidInput):
        resume(world, "awake")
