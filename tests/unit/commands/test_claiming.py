"""Who works on what: given claims, when a topic is claimed, then it has one holder at most."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aggregates.work import LIMITS, Claim, Work
from domain.errors import (
    ClaimLimitExceeded,
    ClaimNotFound,
    DomainError,
    ForeignClaimant,
    InvalidInput,
    PersonaNotFound,
    PersonaReapedError,
    SwarmNotFound,
    TopicClaimed,
)
from services.commands import lifecycle, work
from tests.unit.commands.world import World

SWARM = lifecycle.DEFAULT_SWARM


@pytest.fixture
def world() -> World:
    world = World()
    for who in ("a", "b"):
        world.spawn(who)
    return world


def claim(world: World, who: str, topic: str = "logs", secs: int = 60, swarm: str = SWARM) -> Claim:
    return world.run(lambda unit: work.claim(unit, swarm, who, topic, secs))


def release(world: World, topic: str = "logs", who: str | None = None) -> Claim:
    return world.run(lambda unit: work.release(unit, SWARM, topic, who))


def test_a_topic_has_one_holder_and_who_comes_second_is_told_whom(world: World) -> None:
    held = claim(world, "a")
    assert held.expires_at == world.now + timedelta(seconds=60)
    with pytest.raises(TopicClaimed) as refused:
        claim(world, "b")
    assert refused.value.code == "topic_claimed"
    assert refused.value.details == {
        "topic": "logs", "holder": "a", "expires_at": "2026-08-01T12:01:00Z",
    }  # fmt: skip
    assert claim(world, "b", "other").persona_id == "b"


def test_a_claim_that_lapsed_is_free(world: World) -> None:
    claim(world, "a", secs=60)
    world.later(seconds=59)
    with pytest.raises(TopicClaimed):
        claim(world, "b")
    world.later(seconds=1)
    assert claim(world, "b").persona_id == "b"


def test_its_holder_holds_it_for_longer_and_since_the_first_time(world: World) -> None:
    first = claim(world, "a")
    world.later(seconds=50)
    again = claim(world, "a")
    assert again.claimed_at == first.claimed_at
    assert again.expires_at == world.now + timedelta(seconds=60)


def test_a_reaped_holders_claim_is_void(world: World) -> None:
    claim(world, "a")
    world.reap("a")
    assert claim(world, "b").persona_id == "b"
    with pytest.raises(PersonaReapedError):
        claim(world, "a", "other")


def test_a_released_topic_is_free(world: World) -> None:
    claim(world, "a")
    with pytest.raises(TopicClaimed):
        release(world, who="b")
    assert release(world, who="a").persona_id == "a"
    claim(world, "b")
    assert release(world).persona_id == "b"
    assert world.last[-1].persona_id == "b"
    with pytest.raises(ClaimNotFound) as refused:
        release(world)
    assert refused.value.code == "claim_not_found"


@pytest.mark.parametrize("secs", [0, -1, LIMITS.longest_secs + 1])
def test_a_claim_is_for_a_second_to_a_day(world: World, secs: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        claim(world, "a", secs=secs)
    assert refused.value.details["field"] == "ttl_secs"
    assert claim(world, "a", secs=1)
    assert claim(world, "a", secs=LIMITS.longest_secs)


@pytest.mark.parametrize("topic", ["", "x" * 129, "a\0b"])
def test_a_topic_is_printable_and_no_longer_than_an_id(world: World, topic: str) -> None:
    with pytest.raises(InvalidInput):
        claim(world, "a", topic)


def test_a_persona_holds_so_many_at_a_time_at_most(world: World) -> None:
    for number in range(LIMITS.live_per_persona):
        claim(world, "a", f"t{number}")
    claim(world, "a", "t0")
    with pytest.raises(ClaimLimitExceeded) as refused:
        claim(world, "a", "one more")
    assert refused.value.details == {"persona_id": "a", "actual": 16, "limit": 16}
    world.later(seconds=60)
    claim(world, "a", "one more")
    assert list(world.load(Work(SWARM)).claims) == ["one more"]


def test_only_the_swarms_own_personas_claim_in_it(world: World) -> None:
    world.spawn("z", swarm_id="other")
    with pytest.raises(ForeignClaimant) as refused:
        claim(world, "z")
    assert refused.value.code == "foreign_claimant"
    with pytest.raises(SwarmNotFound):
        claim(world, "z", swarm="nowhere")
    with pytest.raises(PersonaNotFound):
        claim(world, "nobody")


calls = st.lists(
    st.tuples(
        st.sampled_from(["claim", "release", "reap"]), st.sampled_from("abc"),
        st.sampled_from("xy"), st.integers(1, 40), st.integers(0, 30),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(calls)
def test_no_two_ever_hold_a_topic_at_the_same_time(
    calls: list[tuple[str, str, str, int, int]],
) -> None:
    world = World()
    for who in "abc":
        world.spawn(who)
    held: dict[str, Claim] = {}
    reaped: set[str] = set()
    for call, who, topic, secs, passed in calls:
        world.later(seconds=passed)
        before = held.get(topic)
        try:
            match call:
                case "claim":
                    held[topic] = claim(world, who, topic, secs)
                case "release":
                    release(world, topic, who)
                    del held[topic]
                case _:
                    world.reap(who)
                    reaped.add(who)
        except DomainError:
            continue
        if call == "claim" and before and before.expires_at > world.now:
            assert who == before.persona_id or before.persona_id in reaped
    world.check()
