"""Budgets: reserve, call, settle. No reservation, no call."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.budget import Credits
from domain.errors import (
    BudgetExhausted,
    InvalidInput,
    PersonaNotFound,
    ReservationNotFound,
)
from domain.events import BudgetLeased, BudgetSettled, PersonaPaused
from domain.events.cognition import Usage
from domain.limits import LARGEST, Limits, SwarmLimits
from services.commands import budget, cognition, lifecycle
from services.commands.cognition import Thought
from services.commands.lifecycle import Ceilings
from services.unit_of_work import Unit
from tests.unit.commands.world import NOON, ROOMY, WIDE, World

LIMITS = Limits(token_budget_per_minute=100, compute_ms_per_minute=1_000)


def with_root(limits: Limits = LIMITS, **ceilings: SwarmLimits) -> World:
    world = World(ROOMY.model_copy(update=ceilings))
    world.spawn("root", limits=limits)
    return world


def exhausted(world: World, persona_id: str = "root", **amounts: int) -> dict[str, Any]:
    """Reserve, see it refused and nothing saved; return the numbers."""
    before = len(world.saved)
    with pytest.raises(BudgetExhausted) as refused:
        world.reserve(persona_id, **amounts)
    assert (refused.value.code, len(world.saved)) == ("budget_exhausted", before)
    assert refused.value.retry_after_secs == refused.value.details["retry_after_secs"]
    world.check()
    return refused.value.details


def test_a_reservation_is_a_lease_of_this_window_charged_to_all_above() -> None:
    world = with_root()
    world.spawn("child", "root")
    reserved = world.reserve("child", tokens=30, cpu_ms=5)
    lease = next(e for e in world.last if isinstance(e, BudgetLeased) and e.swarm_id != "fabric")
    assert (lease.lease_id, lease.call_id, lease.resource) == (reserved, reserved, "credits")
    assert (lease.window, lease.epoch) == (int(NOON.timestamp()) // 60, 0)
    [grant] = lease.grants
    assert (grant.holder, grant.tokens, grant.cpu_ms) == ("persona/child", 30, 5)
    assert grant.accounts == ("persona/child", "persona/root", "swarm/swarm-core")


def test_a_ceiling_is_reached_exactly_and_never_passed() -> None:
    world = with_root()
    world.reserve("root", tokens=60)
    world.reserve("root", tokens=40)
    assert exhausted(world, tokens=1) == {
        "account": "persona/root", "resource": "token", "needed": 1, "left": 0, "limit": 100,
        "period": "minute", "retry_after_secs": 60,
    }  # fmt: skip
    world.reserve("root", cpu_ms=1_000)
    assert exhausted(world, cpu_ms=1)["resource"] == "cpu"


def test_a_refused_reservation_changes_nothing() -> None:
    world = with_root()
    world.reserve("root", tokens=60)
    for _ in range(3):
        assert exhausted(world, tokens=41)["left"] == 40
    world.reserve("root", tokens=40)


@pytest.mark.parametrize(
    ("ceilings", "account"),
    [
        ({"swarm": WIDE.model_copy(update={"token_budget_per_minute": 50})}, "swarm/swarm-core"),
        ({"fabric": WIDE.model_copy(update={"token_budget_per_minute": 50})}, "fabric"),
    ],
)
def test_a_reservation_must_fit_its_swarm_and_the_fabric_too(
    ceilings: dict[str, SwarmLimits], account: str
) -> None:
    world = with_root(LIMITS, **ceilings)
    world.reserve("root", tokens=30)
    assert exhausted(world, tokens=21)["account"] == account
    world.reserve("root", tokens=20)


def test_siblings_share_what_is_above_them() -> None:
    world = with_root()
    world.spawn("a", "root")
    world.spawn("b", "root")
    world.reserve("a", tokens=70)
    assert exhausted(world, "b", tokens=31)["account"] == "persona/root"
    assert exhausted(world, "root", tokens=31)["left"] == 30


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


def test_what_is_used_in_one_window_does_not_count_in_the_next() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=100)
    world.later(minutes=1)
    world.reserve("root", tokens=40)
    world.settle(reserved, "root", 100)
    assert exhausted(world, tokens=61)["left"] == 60


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


@pytest.mark.parametrize(
    ("tokens", "cpu_ms"), [(0, 0), (-1, 5), (5, -1), (LARGEST + 1, 0), (0, 2**70)]
)
def test_amounts_that_cannot_be_are_refused(tokens: int, cpu_ms: int) -> None:
    with pytest.raises(InvalidInput):
        with_root().reserve("root", tokens, cpu_ms)


@pytest.mark.parametrize("field", list(Usage.model_fields))
@pytest.mark.parametrize("amount", [-1, LARGEST + 1])
def test_usage_that_cannot_be_is_refused(field: str, amount: int) -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=1)
    usage = Usage.model_validate({field: amount})
    with pytest.raises(InvalidInput) as refused:
        world.run(lambda unit: budget.settle(unit, "root", reserved, usage))
    assert refused.value.details["field"] == field


def test_the_loop_leases_ahead_what_fits_and_at_least_what_it_needs() -> None:
    world = with_root()
    assert world.lease("root", 30, 80) == Credits(80)
    assert world.lease("root", 15, 80) == Credits(20)
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
    world.lease("root", 30, 80)
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
