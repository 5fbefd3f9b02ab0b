"""Credits left: what is told can be leased, and no more than that."""

from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.budget import Credits, LeaseRequest
from domain.context import Context
from domain.errors import BudgetExhausted, LimitExceeded
from domain.events import PersonaReaped, PersonaSpawned
from domain.limits import Limits, SwarmLimits
from projections.rows import LineageRow
from services.commands import budget
from services.commands.lifecycle import Ceilings
from services.credits import CreditsLeft, credits_left
from services.executor import Command, Done, Executor
from tests.unit.commands.world import NOON, WIDE, World

FAMILY = (
    ("root", None, None), ("a", "root", None), ("b", "a", None), ("other", None, None),
    ("founder", "root", "colony"), ("settler", "founder", None), ("far", "settler", "outpost"),
)  # fmt: skip
"""Persona, parent, swarm: three swarms, each founded by one of the swarm before."""
WHO = [who for who, *_ in FAMILY]


class Asked:
    """A world, asked as an executor is."""

    def __init__(self, world: World) -> None:
        self.context = world.context
        self._world = world

    def run(self, context: Context, command: Command[object]) -> Done[object]:
        return Done(self._world.run(command))


def left(world: World) -> Mapping[str, CreditsLeft]:
    return credits_left(cast("Executor", Asked(world)), world.ceilings, everybody(world))


def everybody(world: World) -> list[LineageRow]:
    ended = {e.persona_id for e in world.saved if isinstance(e, PersonaReaped)}
    born = [e for e in world.saved if isinstance(e, PersonaSpawned)]
    return sorted((_row(e, born, e.persona_id in ended) for e in born), key=lambda r: r.depth)


def _row(event: PersonaSpawned, born: list[PersonaSpawned], ended: bool) -> LineageRow:
    who = event.persona_id or ""
    return LineageRow(
        persona_id=who, name="n", role="r", swarm_id=event.swarm_id,
        parent_id=event.identity.parent_id, depth=event.identity.depth,
        limits_json=event.limits.model_dump_json(), spawned_at=NOON,
        status="reaped" if ended else "active", reason=None, since=NOON,
        children=tuple(e.persona_id or "" for e in born if e.identity.parent_id == who),
    )  # fmt: skip


budgets = st.integers(0, 400)


@st.composite
def families(draw: st.DrawFn) -> World:
    """Families over three swarms with ceilings of any size, that have leased and settled some.

    Where a ceiling is for life no minute passes: see the test of what is settled late.
    """
    swarm = SwarmLimits(token_budget_per_minute=draw(budgets), compute_ms_per_minute=10**9)
    fabric = WIDE.model_copy(update={"token_budget_per_minute": draw(budgets)})
    world = World(Ceilings(fabric=fabric, swarm=swarm))
    limits: dict[str | None, int] = {None: 10**6}
    for_life = False
    for who, parent, swarm_id in FAMILY:
        limits[who] = min(draw(budgets), limits[parent])
        lifetime = draw(st.none() | budgets) if parent is None else None
        for_life |= lifetime is not None
        wide = Limits(
            token_budget_per_minute=limits[who], compute_ms_per_minute=10**6, max_spawn_depth=9
        )
        inherited = world.persona(parent).limits.token_budget_lifetime if parent else lifetime
        policy = wide.model_copy(update={"token_budget_lifetime": inherited})
        world.spawn(who, parent, policy, swarm_id)
    for who, tokens, used, ends in draw(leasings):
        try:
            reserved = world.reserve(who, tokens)
        except BudgetExhausted:
            continue
        if used is not None:
            world.settle(reserved, who, min(used, tokens))
        world.later(minutes=0 if for_life else ends)
    return world


leasings = st.lists(
    st.tuples(
        st.sampled_from(WHO), st.integers(1, 200), st.none() | st.integers(0, 200),
        st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(world=families(), who=st.sampled_from(WHO))
def test_exactly_what_is_told_can_be_leased(world: World, who: str) -> None:
    told = left(world)[who]
    with pytest.raises(BudgetExhausted):
        lease(world, who, told.tokens + 1)
    if told.tokens:
        assert lease(world, who, told.tokens) == Credits(told.tokens)
    assert left(world)[who].tokens == 0


def lease(world: World, who: str, tokens: int) -> Credits:
    request = LeaseRequest(world.new_id(), Credits(tokens), Credits(tokens), 1)
    return world.run(lambda unit: budget.lease(unit, who, request, world.ceilings))


def test_a_call_of_a_child_is_taken_from_its_parent_and_its_swarm() -> None:
    world = World()
    for who, parent in (("root", None), ("child", "root"), ("sibling", "root")):
        world.spawn(who, parent, Limits(token_budget_per_minute=100))
    world.reserve("child", 70)
    tokens = {who: each.tokens for who, each in left(world).items()}
    assert tokens == {"root": 30, "child": 30, "sibling": 30}
    world.later(minutes=1)
    assert {each.tokens for each in left(world).values()} == {100}


def test_what_a_swarm_was_granted_counts_for_life_until_its_next_lease_settles_it() -> None:
    world = World(Ceilings(fabric=WIDE, swarm=SwarmLimits(token_budget_per_minute=1)))
    for who, parent, swarm_id in (("root", None, None), ("founder", "root", "colony")):
        world.spawn(who, parent, Limits(token_budget_lifetime=1), swarm_id)
    world.settle(world.reserve("founder", 1), "founder", 0)
    world.later(minutes=1)
    assert left(world)["founder"].tokens == 0
    assert lease(world, "founder", 1) == Credits(1)


def test_what_was_used_beyond_a_lease_leaves_nothing_never_less() -> None:
    world = World()
    world.spawn("root", limits=Limits(token_budget_per_minute=100))
    world.settle(world.reserve("root", 50), "root", 170)
    assert left(world)["root"].tokens == 0


def test_who_has_ended_has_nothing_to_be_told_and_goes_on_to_count() -> None:
    world = World()
    world.spawn("root", limits=Limits(token_budget_per_minute=100))
    world.spawn("child", "root")
    world.reserve("root", 40)
    world.reap("root")
    told = left(world)
    assert told.keys() == {"child"}
    assert told["child"].tokens == 60


@pytest.mark.parametrize(
    ("limits", "ceilings", "spawns"),
    [
        (Limits(max_branching_factor=3), WIDE, 2),
        (Limits(max_branching_factor=3, max_spawn_depth=0), WIDE, 0),
        (Limits(max_branching_factor=3, max_lifetime_spawns=2), WIDE, 0),
        (Limits(max_branching_factor=9), WIDE.model_copy(update={"max_live_personas": 3}), 1),
        (Limits(max_branching_factor=9), WIDE.model_copy(update={"max_lifetime_spawns": 4}), 1),
    ],
)
def test_exactly_as_many_as_told_can_be_spawned(
    limits: Limits, ceilings: SwarmLimits, spawns: int
) -> None:
    world = World(Ceilings(fabric=ceilings, swarm=WIDE))
    world.spawn("root", limits=limits)
    if limits.max_spawn_depth:
        world.spawn("kept", "root")
        world.spawn("gone", "root")
        world.reap("gone")
    assert left(world)["root"].spawns == spawns
    for number in range(spawns):
        world.spawn(f"child-{number}", "root")
    with pytest.raises(LimitExceeded):
        world.spawn("one too many", "root")
    assert left(world)["root"].spawns == 0
