"""Loading never refuses: rules are for deciding, and what has happened has happened."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aggregates import Aggregate, Fabric, Persona, Proposal, Swarm, Target, Work
from domain.errors import BranchingLimitExceeded, BudgetExhausted, SpawnQuotaExceeded
from domain.events import EVENT_CLASSES, Event
from domain.limits import Limits, SwarmLimits
from domain.recorded import StreamEvent
from services.commands.lifecycle import Ceilings
from services.store.aggregate_states import dump, restore
from tests.unit.commands.world import World
from tests.unit.schemas.made import events

EMPTY: list[Callable[[], Aggregate]] = [
    Fabric, lambda: Swarm("s"), lambda: Persona("p"), lambda: Proposal("q"),
    lambda: Target("tool", "target"), lambda: Work("s"),
]  # fmt: skip
ANY_EVENT: st.SearchStrategy[Event] = st.sampled_from(list(EVENT_CLASSES.values())).flatmap(events)


def placed(aggregate: Aggregate, history: list[Event]) -> list[StreamEvent]:
    return [StreamEvent(aggregate.id, n, event) for n, event in enumerate(history, 1)]


@pytest.mark.parametrize("empty", EMPTY)
@settings(max_examples=60)
@given(history=st.lists(ANY_EVENT, max_size=6))
def test_any_history_can_be_loaded(empty: Callable[[], Aggregate], history: list[Event]) -> None:
    """Words no rule allows, numbers below zero, ends without beginnings: nothing is refused."""
    aggregate = empty()
    aggregate.fold(placed(aggregate, history))
    assert (aggregate.version, list(aggregate.pending)) == (len(history), [])


@pytest.mark.parametrize("empty", EMPTY)
@settings(max_examples=30)
@given(history=st.lists(ANY_EVENT, max_size=6), cut=st.integers(0, 6))
def test_loading_in_parts_is_loading_at_once(
    empty: Callable[[], Aggregate], history: list[Event], cut: int
) -> None:
    whole, parts = empty(), empty()
    stream = placed(whole, history)
    whole.fold(stream)
    parts.fold(stream[:cut]).fold(stream[cut:])
    assert vars(whole) == vars(parts)


@pytest.mark.parametrize("empty", EMPTY)
@settings(max_examples=60)
@given(history=st.lists(ANY_EVENT, max_size=6))
def test_a_state_that_is_kept_and_put_back_is_what_was_folded(
    empty: Callable[[], Aggregate], history: list[Event]
) -> None:
    folded, put_back = empty(), empty()
    folded.fold(placed(folded, history))
    restore(put_back, folded.version, dump(folded))
    assert vars(put_back) == vars(folded)


def test_a_history_made_under_looser_limits_is_loaded_and_bound_by_the_tighter_ones() -> None:
    world = World()
    world.spawn("root", limits=Limits(max_branching_factor=9))
    for n in range(5):
        world.spawn(f"child-{n}", "root")
    world.reserve("root", tokens=900)
    tight = SwarmLimits(token_budget_per_minute=10, max_live_personas=2, max_lifetime_spawns=3)
    world.ceilings = Ceilings(fabric=tight, swarm=tight)
    world.restart()

    assert (len(world.persona("root").children), world.fabric().live_personas) == (5, 6)
    with pytest.raises(SpawnQuotaExceeded) as refused:
        world.spawn("child-5", "root")
    assert (refused.value.details["actual"], refused.value.details["limit"]) == (7, 2)
    world.later(minutes=1)
    with pytest.raises(BudgetExhausted):
        world.reserve("root", tokens=11)
    world.reserve("root", tokens=10)
    assert world.reap("child-0")


def test_a_persona_spawned_wider_than_its_parent_is_loaded_as_it_was() -> None:
    """Were the rule about limits tightened, what was spawned before it still stands."""
    world = World()
    world.spawn("root", limits=Limits(max_branching_factor=1))
    child = world.spawn("child", "root")
    history = world.streams["persona/child"]
    wide = child.limits.model_copy(update={"max_branching_factor": 99})
    event = history[0].event.model_copy(update={"limits": wide})
    history[0] = StreamEvent(history[0].originator_id, 1, event)
    world.restart()
    assert world.persona("child").limits.max_branching_factor == 99
    with pytest.raises(BranchingLimitExceeded):
        world.spawn("second", "root")
