"""Kept states are a cache: right, or not used, and never needed."""

import time
from collections.abc import Callable

import psycopg

from domain.aggregates import Swarm
from domain.budget import Credits
from domain.limits import Limits
from services.clock import new_id
from services.commands import budget, lifecycle
from services.commands.lifecycle import Ceilings, NewPersona
from services.executor import Executor
from services.store.aggregate_states import AggregateStates, dump
from services.store.recorder import Recorder

CALLS = 300


def lease_and_settle(executor: Executor) -> None:
    reservation_id = new_id()
    context = executor.context("user:test")
    executor.run(
        context,
        lambda u: budget.reserve(u, "root", new_id(), reservation_id, Credits(1, 1), Ceilings()),
    )
    executor.run(context, lambda u: budget.release(u, "root", reservation_id))


def long_lived_swarm(executor: Executor) -> None:
    new = NewPersona(persona_id="root", name="n", role="r", charter="c", limits=Limits())
    context = executor.context("user:test")
    executor.run(context, lambda unit: lifecycle.spawn(unit, new, Ceilings()))
    for _ in range(CALLS):
        lease_and_settle(executor)
    executor.close()


def folded(executor: Executor) -> Swarm:
    return Swarm("swarm-core").fold(executor.events.get("swarm/swarm-core"))  # type: ignore[arg-type]  # the library has wider types


def test_a_kept_state_and_the_events_since_equal_the_whole_history(
    open_store: Callable[[], Recorder], database: str
) -> None:
    executor = Executor(open_store(), 12)
    long_lived_swarm(executor)
    with psycopg.connect(database) as connection:
        kept = connection.execute("select stream, version from aggregate_states").fetchall()
    states = AggregateStates(executor.recorder, executor.events)

    loaded = states.load(Swarm("swarm-core"))

    assert max(version for stream, version in kept if stream == "swarm/swarm-core") >= 500
    assert loaded.version == folded(executor).version > 500
    assert dump(loaded) == dump(folded(executor))


def test_states_of_other_code_are_not_used(
    open_store: Callable[[], Recorder], database: str
) -> None:
    executor = Executor(open_store(), 12)
    long_lived_swarm(executor)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "update aggregate_states set code = 'older',"
            " state = jsonb_set(state, '{lifetime_spawns}', '77')"
        )
    states = AggregateStates(executor.recorder, executor.events)

    loaded = states.load(Swarm("swarm-core"))

    assert loaded.lifetime_spawns == 1


def test_loading_from_a_kept_state_reads_only_what_came_since(
    open_store: Callable[[], Recorder], database: str
) -> None:
    executor = Executor(open_store(), 12)
    long_lived_swarm(executor)
    states = AggregateStates(executor.recorder, executor.events)
    began = time.perf_counter()
    states.load(Swarm("swarm-core"))
    kept = time.perf_counter() - began
    began = time.perf_counter()
    folded(executor)
    whole = time.perf_counter() - began

    assert kept < whole
