"""Limits and budgets hold whatever happens at once: threads, and processes with stale caches."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.budget import Credits
from domain.errors import BudgetExhausted, DomainError, EventTooLarge, LimitExceeded
from domain.events.cognition import Usage
from domain.events.lifecycle import Identity
from domain.limits import Limits
from services.clock import new_id
from services.commands import budget, cognition, lifecycle
from services.commands.lifecycle import Ceilings, NewPersona
from services.executor import Executor
from services.store.recorder import Recorder

THREADS = 200


@pytest.fixture
def executors(open_store: Callable[[], Recorder]) -> list[Executor]:
    """Three executors, as three processes would have: caches of their own, one store."""
    return [Executor(open_store(), 12) for _ in range(3)]


def spawn(executor: Executor, persona_id: str, parent_id: str | None, limits: Limits) -> None:
    new = NewPersona(
        persona_id=persona_id, name="n", role="r", charter="c", parent_id=parent_id, limits=limits
    )
    context = executor.context("user:test")
    executor.run(context, lambda unit: lifecycle.spawn(unit, new, Ceilings()))


def identity_of(executor: Executor, persona_id: str) -> Identity:
    context = executor.context("user:test")
    return executor.run(context, lambda unit: unit.persona(persona_id)).result.identity


def test_200_threads_that_spawn_under_limits_4_and_4_never_pass_them(
    executors: list[Executor],
) -> None:
    limits = Limits(max_branching_factor=4, max_spawn_depth=4)
    spawn(executors[0], "root", None, limits)
    known = ["root"]

    def storm(number: int) -> str:
        executor = executors[number % len(executors)]
        for attempt in range(6):
            parent = known[(number * 7 + attempt) % len(known)]
            child = f"p-{number}-{attempt}"
            try:
                spawn(executor, child, parent, limits)
            except LimitExceeded as refused:
                last = refused.code
                continue
            known.append(child)
            return "spawned"
        return last

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = Counter(threads.map(storm, range(THREADS)))

    parents: Counter[str] = Counter()
    depths = {"root": 0}
    for persona_id in known[1:]:
        identity = identity_of(executors[0], persona_id)
        parents[str(identity.parent_id)] += 1
        depths[persona_id] = identity.depth
    assert outcomes["spawned"] == len(known) - 1 > 20
    assert max(parents.values()) == 4
    assert max(depths.values()) <= 4


def test_200_threads_that_spawn_under_one_parent_get_exactly_its_places(
    executors: list[Executor],
) -> None:
    limits = Limits(max_branching_factor=4)
    spawn(executors[0], "root", None, limits)

    def attempt(number: int) -> str:
        try:
            spawn(executors[number % 3], f"child-{number}", "root", limits)
        except DomainError as refused:
            return refused.code
        return "spawned"

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = Counter(threads.map(attempt, range(THREADS)))

    assert outcomes == {"spawned": 4, "branching_limit_exceeded": THREADS - 4}


def test_200_threads_that_reserve_from_one_budget_never_pass_it(executors: list[Executor]) -> None:
    spawn(executors[0], "root", None, Limits(token_budget_per_minute=1_000))
    spawn(executors[0], "child", "root", Limits(token_budget_per_minute=1_000))

    def reserve(number: int) -> int:
        executor, call_id = executors[number % 3], f"call-{number}"
        persona_id = "root" if number % 2 else "child"
        try:
            executor.run(
                executor.context("user:test"),
                lambda unit: budget.reserve(
                    unit, persona_id, call_id, new_id(), Credits(90, 1), Ceilings()
                ),
            )
        except BudgetExhausted:
            return 0
        return 90

    with ThreadPoolExecutor(THREADS) as threads:
        granted = list(threads.map(reserve, range(THREADS)))

    windows: Counter[int] = Counter()
    for stored in executors[0].events.get("swarm/swarm-core"):
        event = stored.event  # type: ignore[attr-defined]  # a notification of our own
        if event.topic == "budget.leased" and event.resource == "credits":
            windows[event.window] += sum(grant.tokens for grant in event.grants)
    assert sum(granted) == sum(windows.values())
    assert all(tokens <= 1_000 for tokens in windows.values())
    assert len(windows) > 1 or sum(granted) == 990


def test_a_refusal_rests_on_what_is_stored_not_on_what_was_cached(
    executors: list[Executor],
) -> None:
    here, elsewhere = executors[:2]
    limits = Limits(max_branching_factor=1)
    spawn(here, "root", None, limits)
    spawn(here, "child", "root", limits)
    elsewhere.run(
        elsewhere.context("user:test"),
        lambda unit: unit.persona("root").take_place_back(unit.context, "child"),
    )

    spawn(here, "next", "root", limits)


def test_a_decision_to_do_nothing_rests_on_what_is_stored(executors: list[Executor]) -> None:
    here, elsewhere = executors[:2]
    spawn(here, "root", None, Limits())
    assert read_children(elsewhere) == 0
    spawn(here, "child", "root", Limits())

    assert read_children(elsewhere) == 1


def read_children(executor: Executor) -> int:
    context = executor.context("user:test")
    return executor.run(context, lambda unit: len(unit.persona("root").children)).result


def test_what_is_too_large_to_save_leaves_nothing_behind(executors: list[Executor]) -> None:
    executor = executors[0]
    spawn(executor, "root", None, Limits())
    context = executor.context("user:test")
    reservation_id = new_id()
    executor.run(
        context,
        lambda u: budget.reserve(u, "root", "call", reservation_id, Credits(9, 9), Ceilings()),
    )
    huge = cognition.Thought(phase="observe", content="x" * 600_000)
    with pytest.raises(EventTooLarge):
        executor.run(context, lambda u: cognition.think(u, "root", huge, reservation_id))

    left = executor.run(context, lambda u: budget.settle(u, "root", reservation_id, Usage()))
    assert left.result == Credits()
