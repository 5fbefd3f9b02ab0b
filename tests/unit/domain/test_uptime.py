"""The time the fabric was down counts against nobody."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.aggregates import Fabric
from domain.context import Context

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def context(minutes: float) -> Context:
    return Context(at(minutes), "system:loop", "c", lambda: "id")


def started(fabric: Fabric, minutes: float, seen_alive: float | None = None) -> Fabric:
    fabric.start(context(minutes), [0], 100, None if seen_alive is None else at(seen_alive))
    return fabric


def up(fabric: Fabric, since: float, until: float) -> float:
    return fabric.uptime(at(since), at(until)).total_seconds() / 60


def test_a_fabric_that_never_thought_was_never_up() -> None:
    assert up(Fabric(), 0, 100) == 0


def test_time_before_the_first_start_does_not_count() -> None:
    """A persona made days before the first start does not idle out at once."""
    fabric = started(Fabric(), 5_000)
    assert up(fabric, 0, 5_010) == 10
    assert up(fabric, 5_004, 5_010) == 6


def test_a_stop_in_good_order_ends_the_counting() -> None:
    fabric = started(Fabric(), 0)
    fabric.stop(context(10), None)
    assert up(fabric, 0, 500) == 10
    assert up(fabric, 20, 500) == 0


def test_after_a_stop_it_counts_on() -> None:
    fabric = started(Fabric(), 0)
    fabric.stop(context(10), None)
    started(fabric, 1_000, seen_alive=999)
    assert up(fabric, 0, 1_005) == 15
    assert up(fabric, 500, 1_005) == 5


def test_after_a_crash_the_time_since_it_was_last_seen_alive_does_not_count() -> None:
    fabric = started(Fabric(), 0)
    started(fabric, 1_000, seen_alive=10)
    assert up(fabric, 0, 1_005) == 15


def test_several_downtimes_add_up() -> None:
    fabric = started(Fabric(), 0)
    for n in range(1, 6):
        started(fabric, 100 * n, seen_alive=100 * n - 90)
    assert up(fabric, 0, 600) == 600 - 5 * 90


@given(
    marks=st.lists(st.integers(1, 10_000), min_size=2, max_size=20, unique=True),
    since=st.integers(0, 10_000),
    until=st.integers(0, 10_000),
)
def test_uptime_is_what_is_left_of_the_time_between(
    marks: list[int], since: int, until: int
) -> None:
    """Alternating ends and starts of loops; counted minute by minute to compare."""
    fabric, alive = started(Fabric(), 0), [True] * 10_001
    for down, again in list(pairwise(sorted(marks)))[::2]:
        started(fabric, again, seen_alive=down)
        alive[down:again] = [False] * (again - down)
    assert up(fabric, since, until) == sum(alive[since:until])


def test_a_state_that_grew_for_ever_is_bounded() -> None:
    fabric = started(Fabric(), 0)
    for n in range(1, 3_000):
        started(fabric, 2 * n, seen_alive=2 * n - 1)
    assert len(fabric.downtimes) < 1_100
