"""The checks themselves: each finds the fault it is there for."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from domain.context import Context
from domain.events import (
    BudgetLeased,
    BudgetSettled,
    CognitionStarted,
    Event,
    PersonaReaped,
    PersonaSpawned,
    SwarmCreated,
)
from domain.events.budget import Grant, Spent
from domain.events.lifecycle import Identity
from domain.limits import Limits, SwarmLimits
from domain.recorded import Recorded
from services import clock
from services.commands.lifecycle import Ceilings
from tests.checks import (
    check_budgets,
    check_one_loop,
    check_positions,
    check_reaped_are_distilled,
)

CEILINGS = Ceilings(fabric=SwarmLimits(token_budget_per_minute=100))


def made(kind: type[Event], **body: Any) -> Event:
    context = Context(clock.now(), "system:test", "c", clock.new_id)
    return kind(**context.envelope("s", body.pop("persona_id", None)), **body)


def history_of(*placed: tuple[str, Event]) -> list[Recorded]:
    versions: dict[str, int] = {}
    events = []
    for position, (stream, event) in enumerate(placed, 1):
        versions[stream] = versions.get(stream, 0) + 1
        events.append(Recorded(position, stream, versions[stream], 0, event))
    return events


def leased(lease_id: str, holder: str, above: Iterable[str], tokens: int, window: int = 1) -> Event:
    grant = Grant(holder=holder, accounts=(holder, *above), tokens=tokens)
    return made(BudgetLeased, lease_id=lease_id, resource="credits", window=window, grants=(grant,))


def settled(lease_id: str, holder: str, tokens: int) -> Event:
    spent = (Spent(holder=holder, tokens=tokens),)
    return made(BudgetSettled, lease_id=lease_id, resource="credits", window=1, spent=spent)


FOUNDED = (
    ("swarm/s", made(SwarmCreated, limits=SwarmLimits(token_budget_per_minute=50))),
    (
        "persona/p",
        made(
            PersonaSpawned,
            persona_id="p",
            identity=Identity(name="n", role="r", charter="c", depth=0),
            limits=Limits(token_budget_per_minute=30),
            spawned_by="user:test",
        ),
    ),
)
GRANTED = ("fabric", leased("f", "swarm/s", ["fabric"], 40))


def of_p(lease_id: str, tokens: int, window: int = 1) -> tuple[str, Event]:
    return "swarm/s", leased(lease_id, "persona/p", ["swarm/s"], tokens, window)


@pytest.mark.parametrize(
    "leases",
    [
        (GRANTED, of_p("1", 30)),
        (GRANTED, of_p("1", 30), ("swarm/s", settled("1", "persona/p", 10)), of_p("2", 20)),
        (GRANTED, of_p("1", 20), ("swarm/s", settled("1", "persona/p", 90))),
    ],
    ids=["all", "what-was-left", "overspent-after"],
)
def test_leases_that_fit_pass(leases: tuple[tuple[str, Event], ...]) -> None:
    assert check_budgets(history_of(*FOUNDED, *leases), CEILINGS) >= 2


@pytest.mark.parametrize(
    ("leases", "fault"),
    [
        ((GRANTED, of_p("1", 31)), "persona/p: 31 tokens of 30"),
        ((GRANTED, of_p("1", 20), of_p("2", 11)), "persona/p: 31 tokens of 30"),
        ((of_p("1", 1),), "swarm/s leases 1 tokens of 0"),
        ((GRANTED, of_p("1", 1, window=2)), "swarm/s leases 1 tokens of 0"),
        ((("fabric", leased("f", "swarm/s", ["fabric"], 51)),), "swarm/s: 51 tokens of 50"),
        (
            (GRANTED, of_p("1", 30), ("swarm/s", settled("1", "persona/p", 25)), of_p("2", 6)),
            "persona/p: 31 tokens of 30",
        ),
    ],
    ids=["at-once", "in-two", "ungranted", "granted-for-another-minute", "swarm", "settled-less"],
)
def test_a_lease_over_a_ceiling_is_found(leases: tuple[tuple[str, Event], ...], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_budgets(history_of(*FOUNDED, *leases), CEILINGS)


def started(epoch: int) -> tuple[str, Event]:
    return "fabric", made(CognitionStarted, epoch=epoch, partitions=(0,), loop_interval_ms=100)


@pytest.mark.parametrize("epochs", [(1, 1), (1, 3), (2,)])
def test_two_loops_of_one_epoch_or_none_are_found(epochs: tuple[int, ...]) -> None:
    assert check_one_loop(history_of(started(1), started(2))) == 2
    with pytest.raises(AssertionError, match="begins after"):
        check_one_loop(history_of(*map(started, epochs)))


def test_a_lease_of_a_loop_that_was_taken_over_is_found() -> None:
    stale = made(BudgetLeased, lease_id="l", resource="credits", window=1, epoch=1, grants=())
    with pytest.raises(AssertionError, match="epoch 1 leases under 2"):
        check_one_loop(history_of(started(1), started(2), ("swarm/s", stale)))


def test_a_gap_in_positions_or_versions_is_found() -> None:
    whole = history_of(started(1), started(2), started(3))
    check_positions(whole)
    breaks: tuple[Callable[[], list[Recorded]], ...] = (
        lambda: [whole[0], whole[2]],
        lambda: [whole[0], replace(whole[1], version=3)],
        lambda: [whole[0], replace(whole[1], position=1)],
    )
    for broken in breaks:
        with pytest.raises(AssertionError):
            check_positions(broken())


def test_an_end_without_a_snapshot_is_found() -> None:
    reaped = made(PersonaReaped, persona_id="p", reason="idle", final_snapshot_id="none")
    with pytest.raises(KeyError):
        check_reaped_are_distilled(history_of(*FOUNDED, ("persona/p", reaped)))
