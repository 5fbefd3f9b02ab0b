"""Budgets are for a minute, and for life; clocks may differ, and go back."""

import pytest

from domain.budget import Credits
from domain.errors import (
    BudgetExhausted,
)
from domain.events import BudgetLeased
from services.commands.lifecycle import Ceilings
from tests.unit.commands.budgets import LIMITS, exhausted, with_root
from tests.unit.commands.world import NOON, WIDE


def test_the_next_window_has_all_again_and_the_refusal_says_when() -> None:
    world = with_root()
    world.later(seconds=42)
    world.reserve("root", tokens=100)
    wait = exhausted(world, tokens=50)["retry_after_secs"]
    assert wait == 18
    world.later(seconds=wait)
    world.reserve("root", tokens=100)


def test_what_no_window_can_hold_has_no_time_to_wait_for() -> None:
    assert exhausted(with_root(), tokens=101)["retry_after_secs"] is None


def test_a_lifetime_ceiling_is_for_ever_and_the_refusal_says_so() -> None:
    world = with_root(LIMITS.model_copy(update={"token_budget_lifetime": 150}))
    for _ in range(3):
        world.settle(world.reserve("root", tokens=50), "root", 50)
        world.later(minutes=1)
    assert exhausted(world, tokens=1) == {
        "account": "persona/root", "resource": "token", "needed": 1, "left": 0, "limit": 150,
        "period": "lifetime", "retry_after_secs": None,
    }  # fmt: skip


def test_what_others_have_leased_for_life_may_come_back_and_the_refusal_says_when() -> None:
    world = with_root(LIMITS.model_copy(update={"token_budget_lifetime": 100}))
    reserved = world.reserve("root", tokens=80)
    world.later(seconds=42)
    told = exhausted(world, tokens=50)
    assert (told["period"], told["left"], told["retry_after_secs"]) == ("lifetime", 20, 18)
    assert exhausted(world, tokens=101)["retry_after_secs"] is None
    world.settle(reserved, "root", 60)
    assert exhausted(world, tokens=50)["retry_after_secs"] is None
    world.reserve("root", tokens=40)


@pytest.mark.parametrize("of", ["swarm", "fabric"])
def test_a_lifetime_ceiling_of_a_swarm_or_the_fabric_counts_what_was_used(of: str) -> None:
    """Credits are granted ahead to swarms; what is left of a window is not lost for ever."""
    update = {"token_budget_lifetime": 1_000, "token_budget_per_minute": 400}
    world = with_root(LIMITS, **{of: WIDE.model_copy(update=update)})
    for _ in range(99):
        world.settle(world.reserve("root", tokens=20), "root", 10)
        world.later(minutes=1)
    assert exhausted(world, tokens=11)["left"] == 10
    world.settle(world.reserve("root", tokens=10), "root", 10)
    world.later(minutes=1)
    told = exhausted(world, tokens=1)
    assert (told["period"], told["left"]) == ("lifetime", 0)


def test_what_is_used_in_one_window_does_not_count_in_the_next() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=100)
    world.later(minutes=1)
    world.reserve("root", tokens=40)
    world.settle(reserved, "root", 100)
    assert exhausted(world, tokens=61)["left"] == 60


def test_the_loop_leases_what_it_needs_and_a_part_of_the_rest_ahead() -> None:
    """The rest is for others: what is held and never used must not keep them waiting."""
    world = with_root()
    assert world.lease("root", 20, 80) == Credits(40)
    assert world.lease("root", 20, 25) == Credits(25)
    assert world.lease("root", 35, 80) == Credits(35)
    with pytest.raises(BudgetExhausted):
        world.lease("root", 1, 80)


def test_swarms_are_granted_a_part_ahead_so_that_the_fabric_is_asked_seldom() -> None:
    world = with_root(swarm=WIDE.model_copy(update={"token_budget_per_minute": 400}))
    for _ in range(10):
        world.reserve("root", tokens=10)
    fabric = [e for e in world.saved if isinstance(e, BudgetLeased) and e.swarm_id == "fabric"]
    assert [sum(g.tokens for g in e.grants) for e in fabric if e.resource == "credits"] == [100]


def test_a_clock_that_goes_back_opens_no_window_again() -> None:
    world = with_root()
    world.reserve("root", tokens=100)
    world.later(minutes=-5)
    assert exhausted(world, tokens=1)["retry_after_secs"] == 6 * 60
    world.later(minutes=6)
    world.reserve("root", tokens=100)


def test_a_swarm_whose_clock_is_behind_the_fabrics_leases_in_the_fabrics_window() -> None:
    """Two processes, one a minute ahead: the other is neither starved nor paid twice."""
    world = with_root()
    world.spawn("other", limits=LIMITS, swarm_id="other")
    world.later(minutes=1)
    world.reserve("other", tokens=100)
    world.later(minutes=-1)
    world.reserve("root", tokens=100)
    window = int(NOON.timestamp()) // 60 + 1
    assert world.swarm().pool.window == world.fabric().pool.window == window
    assert exhausted(world, tokens=1)["retry_after_secs"] == 120


def test_a_lease_of_a_past_window_is_forfeit_for_the_one_who_restarts() -> None:
    """A process spends only what it leased itself: what is found open stays counted."""
    world = with_root()
    world.lease("root", 80, 80)
    world.restart()
    assert exhausted(world, tokens=21)["left"] == 20


def test_ceilings_may_be_tightened_below_what_is_used() -> None:
    world = with_root()
    world.reserve("root", tokens=80)
    world.ceilings = Ceilings(fabric=WIDE.model_copy(update={"token_budget_per_minute": 10}))
    world.restart()
    world.later(minutes=1, seconds=1)
    assert exhausted(world, tokens=11)["account"] == "fabric"
    world.later(minutes=1)
    world.reserve("root", tokens=10)
