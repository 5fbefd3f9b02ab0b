"""After a call: what was not used goes back, what was used beyond is charged in full."""

from collections.abc import Callable

import pytest

from domain.budget import Credits
from domain.errors import (
    InvalidInput,
    PersonaNotFound,
    ReservationNotFound,
)
from domain.events import BudgetSettled, PersonaPaused
from domain.events.cognition import Usage
from domain.limits import LARGEST
from services.commands import budget, cognition, lifecycle
from services.commands.cognition import Thought
from services.unit_of_work import Unit
from tests.unit.commands.budgets import LIMITS, exhausted, with_root
from tests.unit.commands.world import WIDE


def test_what_goes_back_late_goes_back_to_the_fabric_too() -> None:
    """A call that was reserved in one window and settled in the next but one."""
    limits = WIDE.model_copy(update={"token_budget_lifetime": 200})
    world = with_root(fabric=limits)
    late = world.reserve("root", tokens=100)
    world.later(minutes=1)
    world.settle(world.reserve("root", tokens=50), "root", 50)
    world.later(minutes=1)
    world.settle(late, "root", 0)
    world.reserve("root", tokens=100)
    assert exhausted(world, tokens=51)["account"] == "fabric"
    assert world.swarm().pool.lifetime["swarm/swarm-core"] == Credits(150)


def test_what_was_not_used_goes_back() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=100)
    assert world.settle(reserved, "root", 30) == Credits()
    assert exhausted(world, tokens=71)["left"] == 70
    world.reserve("root", tokens=70)


def test_a_released_reservation_goes_back_whole() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=100)
    world.run(lambda unit: budget.release(unit, "root", reserved))
    [settled] = [e for e in world.last if isinstance(e, BudgetSettled)]
    assert settled.outcome == "released"
    world.reserve("root", tokens=100)


def test_a_lease_never_settled_stays_counted_for_ever() -> None:
    world = with_root(LIMITS.model_copy(update={"token_budget_lifetime": 100}))
    world.reserve("root", tokens=60)
    world.later(days=30)
    assert exhausted(world, tokens=41)["left"] == 40


def test_a_lease_may_be_settled_an_hour_late_and_no_later() -> None:
    world = with_root()
    first, second = world.reserve("root", tokens=10), world.reserve("root", tokens=10)
    world.later(minutes=60)
    world.reserve("root", tokens=1)
    world.settle(first, "root", 5)
    world.later(minutes=1)
    world.reserve("root", tokens=1)
    with pytest.raises(ReservationNotFound):
        world.settle(second, "root", 5)


def test_use_beyond_a_reservation_is_charged_in_full_and_pauses() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=50)
    assert world.settle(reserved, "root", 170, cpu_ms=3) == Credits(120, 3)
    paused = world.persona("root").paused
    assert isinstance(paused, PersonaPaused)
    assert (paused.reason, paused.until) == ("overspent", None)
    assert (paused.tokens_used, paused.cpu_ms_used) == (170, 3)
    for account in ("persona/root", "swarm/swarm-core"):
        assert world.swarm().pool.leased[account] == Credits(170, 3)


def test_what_was_used_beyond_is_charged_to_the_fabric_once() -> None:
    world = with_root(swarm=WIDE.model_copy(update={"token_budget_per_minute": 400}))
    for _ in range(3):
        world.settle(world.reserve("root", tokens=10), "root", 50)
        world.run(lambda unit: lifecycle.resume(unit, "root"))
        world.later(minutes=1)
    world.reserve("root", tokens=1)
    assert world.fabric().pool.used_in("fabric", world.context().window) == Credits(
        100, 250_000_000
    )
    assert world.fabric().pool.lifetime["fabric"] == Credits(3 * 50 + 100, 250_000_000)


@pytest.mark.parametrize("reserved", [False, True])
def test_the_fabric_learns_at_once_what_was_used_beyond_any_lease(reserved: bool) -> None:
    ceiling = WIDE.model_copy(update={"token_budget_per_minute": 1_000})
    world = with_root(fabric=ceiling)
    world.spawn("other", swarm_id="other")
    if reserved:
        world.settle(world.reserve("root", tokens=1), "root", 901)
    else:
        thought = Thought(phase="observe", content="t", usage=Usage(prompt_tokens=900))
        world.run(lambda unit: cognition.think(unit, "root", thought))
    assert world.fabric().pool.leased["fabric"].tokens >= 900
    assert exhausted(world, "other", tokens=101)["account"] == "fabric"


def test_a_reservation_is_ended_once() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=50)
    world.settle(reserved, "root", 10)
    for again in (
        lambda unit: budget.settle(unit, "root", reserved, Usage()),
        lambda unit: budget.release(unit, "root", reserved),
    ):
        with pytest.raises(ReservationNotFound) as refused:
            world.run(again)
        assert refused.value.code == "reservation_not_found"


def test_nobody_ends_the_reservation_of_another() -> None:
    world = with_root()
    world.spawn("child", "root")
    reserved = world.reserve("root", tokens=50)

    def ends(who: str) -> list[Callable[[Unit], object]]:
        return [
            lambda unit: budget.release(unit, who, reserved),
            lambda unit: budget.settle(unit, who, reserved, Usage()),
        ]

    for end in ends("child"):
        with pytest.raises(ReservationNotFound):
            world.run(end)
    for end in ends("nobody"):
        with pytest.raises(PersonaNotFound):
            world.run(end)
    world.settle(reserved, "root", 1)


def test_what_a_persona_used_before_it_was_reaped_is_settled_after() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=50)
    world.reap("root")
    assert world.settle(reserved, "root", 80) == Credits(30)
    assert world.swarm().pool.lifetime["swarm/swarm-core"] == Credits(80)


@pytest.mark.parametrize("field", list(Usage.model_fields))
@pytest.mark.parametrize("amount", [-1, LARGEST + 1])
def test_usage_that_cannot_be_is_refused(field: str, amount: int) -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=1)
    usage = Usage.model_validate({field: amount})
    with pytest.raises(InvalidInput) as refused:
        world.run(lambda unit: budget.settle(unit, "root", reserved, usage))
    assert refused.value.details["field"] == field
