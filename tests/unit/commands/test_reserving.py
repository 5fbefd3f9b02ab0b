"""No reservation, no call: what is reserved must fit every ceiling above."""

import pytest

from domain.errors import (
    InvalidInput,
)
from domain.events import BudgetLeased
from domain.limits import LARGEST, SwarmLimits
from tests.unit.commands.budgets import LIMITS, exhausted, with_root
from tests.unit.commands.world import NOON, WIDE


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


@pytest.mark.parametrize(
    ("tokens", "cpu_ms"), [(0, 0), (-1, 5), (5, -1), (LARGEST + 1, 0), (0, 2**70)]
)
def test_amounts_that_cannot_be_are_refused(tokens: int, cpu_ms: int) -> None:
    with pytest.raises(InvalidInput):
        with_root().reserve("root", tokens, cpu_ms)
