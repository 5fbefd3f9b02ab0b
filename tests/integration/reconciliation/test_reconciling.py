"""Reconciling: any number of processes may, by the clock or asked for; nothing is done twice."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from domain.events import BudgetSettled, PersonaReaped, ProposalRejected
from services.reconciliation import Reconciler
from services.reconciliation.orphans import orphans
from services.reconciliation.rule import Found, Job
from services.views.reader import QueryTooSlow
from tests.integration.reconciliation.conftest import OpenHouse
from tests.integration.reconciliation.house import CLOCK, PERSON, House, brief
from tests.integration.reconciliation.test_proposals import put_to_the_vote


def test_where_nothing_is_wrong_nothing_is_found_or_written(house: House) -> None:
    house.spawn("bob", "ann")
    house.think("bob")
    house.gate.advance(house.note())
    before = house.store.head()
    assert house.mend() == []
    assert house.store.head() == before


def weary(job: Job) -> Iterator[Found]:
    """A rule whose second look takes too long."""
    yield Found("first", "is there", "left")
    raise QueryTooSlow


def test_a_rule_that_takes_too_long_to_look_keeps_no_other_from_mending(house: House) -> None:
    house.spawn("bob", "ann")
    house.reaper.reap(house.executor.context("user:eve"), "ann", "manual")
    told = Reconciler(house.parts, 0, [weary, orphans]).mend(PERSON)
    assert brief(told) == [
        ("weary", "first", "left"), ("weary", "weary", "left"), ("orphans", "bob", "mended"),
    ]  # fmt: skip
    assert "took more than 10 s" in told[1].what


def break_much(house: House) -> None:
    """Leave four orphans, four leases of a loop that is gone, four proposals past their time."""
    epoch = house.begin_loop()
    for number in range(4):
        house.spawn(f"child-{number}", "ann")
        house.lease(f"child-{number}", 5, epoch)
        put_to_the_vote(house, minutes_ago=1)
    house.begin_loop()
    house.reaper.reap(house.executor.context("user:eve"), "ann", "manual")


def test_two_processes_at_once_do_nothing_twice(house: House, open_house: OpenHouse) -> None:
    break_much(house)
    both, start = [open_house(), open_house()], Barrier(2)

    def mend(each: House) -> list[tuple[str, str, str]]:
        start.wait()
        return each.mend()

    with ThreadPoolExecutor(2) as pool:
        told = [found for every in pool.map(mend, both) for found in every]

    mended = [(rule, subject) for rule, subject, outcome in told if outcome == "mended"]
    assert len(mended) == len(set(mended))
    assert len(house.stored(PersonaReaped)) == 5
    assert len(house.stored(ProposalRejected)) == 4
    forfeit = [each.lease_id for each in house.stored(BudgetSettled) if each.outcome == "forfeit"]
    assert len(forfeit) == len(set(forfeit)) == 4
    assert house.mend() == []


async def test_it_is_reconciled_by_the_clock_and_said_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    proposal_id = put_to_the_vote(house, minutes_ago=1)
    house.spawn("bob", "ann")
    house.reaper.reap(house.executor.context("user:eve"), "ann", "manual")
    runs = 0
    reconciler = Reconciler(house.parts, 0.02)
    mend = reconciler.mend

    def counted(asking: object) -> object:
        nonlocal runs
        runs += 1
        return mend(CLOCK)

    reconciler.mend = counted  # type: ignore[method-assign, assignment]  # counted in passing
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(reconciler.run())
        await until(lambda: runs > 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    said = [(each.rule, each.subject) for each in caplog.records if each.msg == "reconciled"]  # type: ignore[attr-defined]  # fields of our log
    assert said == [("orphans", "bob"), ("deadlines", proposal_id)]
    assert house.gate.load(proposal_id).status == "rejected"


async def test_an_interval_of_zero_is_never(house: House) -> None:
    await asyncio.wait_for(Reconciler(house.parts, 0).run(), 10)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)
