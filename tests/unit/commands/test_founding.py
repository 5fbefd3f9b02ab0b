"""A persona that spawns into a new swarm founds it: it pays, and lineage goes across."""

import pytest

from domain.budget import Credits
from domain.errors import BudgetExhausted
from domain.events import SwarmCreated
from domain.limits import Limits
from tests.unit.commands.world import World

PLENTY = Limits(token_budget_per_minute=1_000, compute_ms_per_minute=1_000)


def founded(child: Limits | None = None) -> World:
    """A root, its child `founder`, and `guest`, its child in a swarm of its own."""
    world = World()
    world.spawn("root", limits=PLENTY)
    world.spawn("founder", "root", PLENTY.model_copy(update={"token_budget_per_minute": 400}))
    world.spawn("guest", "founder", child, swarm_id="annex")
    return world


def test_founding_is_one_save_that_fixes_the_new_swarms_ceiling() -> None:
    limits = Limits(
        token_budget_per_minute=300, compute_ms_per_minute=200,
        token_budget_lifetime=7_000, compute_ms_lifetime=6_000,
    )  # fmt: skip
    world = founded(limits)
    [created] = [e for e in world.last if isinstance(e, SwarmCreated)]
    assert (created.swarm_id, created.founder_id, created.founder_swarm_id) == (
        "annex", "founder", "swarm-core",
    )  # fmt: skip
    fixed = created.limits
    assert (fixed.token_budget_per_minute, fixed.compute_ms_per_minute) == (300, 200)
    assert (fixed.token_budget_lifetime, fixed.compute_ms_lifetime) == (7_000, 6_000)
    assert world.topics[-1] == "persona.spawned"


def test_lineage_and_depth_go_across() -> None:
    world = founded()
    guest = world.persona("guest").identity
    assert (guest.parent_id, guest.depth) == ("founder", 2)
    assert world.persona("founder").children == {"guest"}
    assert (world.swarm().live, world.swarm("annex").live) == ({"root", "founder"}, {"guest"})


def test_reaping_across_frees_the_founders_place() -> None:
    world = founded()
    world.reap("guest")
    assert world.persona("founder").children == set()
    assert world.swarm("annex").live == set()
    assert world.fabric().live_personas == 2


def test_a_second_child_does_not_change_the_ceiling_of_the_founded_swarm() -> None:
    world = founded(PLENTY.model_copy(update={"token_budget_per_minute": 100}))
    world.spawn("second", "founder", swarm_id="annex")
    assert world.swarm("annex").limits.token_budget_per_minute == 100


def test_a_call_in_a_founded_swarm_counts_against_everybody_above() -> None:
    world = founded(PLENTY.model_copy(update={"token_budget_per_minute": 300}))
    world.reserve("guest", tokens=250)
    for account in ("persona/founder", "persona/root"):
        assert world.swarm().pool.leased[account].tokens >= 250
    assert world.fabric().pool.leased["swarm/swarm-core"].tokens >= 250


@pytest.mark.parametrize(
    ("busy", "reserved", "account"),
    [("founder", 300, "persona/founder"), ("root", 900, "persona/root")],
)
def test_what_the_founder_and_its_ancestors_use_is_not_there_for_the_founded_swarm(
    busy: str, reserved: int, account: str
) -> None:
    world = founded(PLENTY.model_copy(update={"token_budget_per_minute": 300}))
    world.reserve(busy, tokens=reserved)
    with pytest.raises(BudgetExhausted) as refused:
        world.reserve("guest", tokens=150)
    assert refused.value.details["account"] == account
    assert world.lease("guest", 100, 100) == Credits(100)


def test_the_founders_lifetime_is_charged_with_what_was_used_and_not_with_what_was_set_aside() -> (
    None
):
    """A founded swarm is granted credits ahead; what it leaves of them goes back."""
    world = World()
    life = PLENTY.model_copy(update={"token_budget_lifetime": 2_000})
    world.spawn("founder", limits=life)
    world.spawn("guest", "founder", life, swarm_id="annex")
    for _ in range(150):
        reserved = world.reserve("guest", tokens=10)
        world.settle(reserved, "guest", 10)
        world.later(minutes=1)
    assert world.swarm("annex").pool.lifetime["persona/guest"].tokens == 1_500
    late = world.swarm().pool.lifetime["persona/founder"].tokens - 1_500
    assert 0 <= late <= 250, "only the last window's grant is still out"


def test_a_swarm_of_a_swarm_of_a_swarm_is_paid_for_by_all() -> None:
    world = World()
    world.spawn("p0", limits=PLENTY, swarm_id="s0")
    for n in range(1, 5):
        world.spawn(f"p{n}", f"p{n - 1}", swarm_id=f"s{n}")
    world.reserve("p4", tokens=900)
    for n in range(4):
        assert world.swarm(f"s{n}").pool.leased[f"persona/p{n}"].tokens >= 900
    with pytest.raises(BudgetExhausted):
        world.reserve("p0", tokens=200)
