"""Cascades: given one whose process was killed half way, when it is reconciled, then it is over."""

from collections import Counter
from typing import Any, cast

import pytest

from domain.context import Context
from domain.events import PersonaReaped
from services.executor import Executor
from services.reaping import Reaper
from services.reconciliation.cascades import cascades
from services.reconciliation.rule import Job
from tests.integration.reconciliation.conftest import OpenHouse
from tests.integration.reconciliation.house import CLOCK, PERSON, House
from tests.integration.views.writing import write
from tests.unit.projections.given import History

GENERATIONS = 1_200
"""More than Python calls deep."""


class Killed(BaseException):
    """The process is no more."""


class KilledAfter:
    """An executor of a process that is killed after so many saves."""

    def __init__(self, executor: Executor, saves: int) -> None:
        self._executor = executor
        self._left = saves

    def run(self, context: Context, command: Any) -> Any:
        if not self._left:
            raise Killed
        self._left -= 1
        return self._executor.run(context, command)


@pytest.fixture
def family(house: House) -> House:
    """Ann, her children bob and eve, and bob's children."""
    for child, parent in (("bob", "ann"), ("eve", "ann"), ("cat", "bob"), ("dan", "bob")):
        house.spawn(child, parent)
    return house


def break_off(house: House, saves: int, minutes_ago: float) -> None:
    """Reap ann with all below her, and be killed after so many saves."""
    dying = cast("Executor", KilledAfter(house.executor, saves))
    with pytest.raises(Killed):
        Reaper(dying, house.store, house.views).reap(
            house.ago(minutes_ago), "ann", "manual", cascade=True, note="enough"
        )


def how_often_reaped(house: House) -> Counter[str | None]:
    return Counter(each.persona_id for each in house.stored(PersonaReaped))


@pytest.mark.parametrize("saves", [1, 2, 3, 4])
def test_a_cascade_killed_after_any_save_is_finished_by_the_clock(
    family: House, saves: int
) -> None:
    break_off(family, saves, minutes_ago=2)
    assert len(family.stored(PersonaReaped)) == saves
    assert family.look(CLOCK) == [("cascades", "ann", "due")]

    assert family.mend(CLOCK) == [("cascades", "ann", "mended")]

    assert how_often_reaped(family) == Counter(["ann", "bob", "cat", "dan", "eve"])
    assert {each.cascade_root for each in family.stored(PersonaReaped)} == {"ann"}
    assert family.decide(lambda unit: unit.fabric().live_personas) == 0
    assert family.mend(CLOCK) == family.mend(PERSON) == []


def test_a_cascade_that_ended_nobody_was_never_begun(family: House) -> None:
    break_off(family, 0, minutes_ago=2)
    assert family.mend(CLOCK) == family.mend(PERSON) == []


def test_the_clock_lets_a_cascade_go_on_that_may_be_under_way(family: House) -> None:
    break_off(family, 2, minutes_ago=0)
    assert family.mend(CLOCK) == []
    assert family.mend(PERSON) == [("cascades", "ann", "mended")]
    assert len(family.stored(PersonaReaped)) == 5


def test_a_child_born_since_goes_with_the_rest(family: House) -> None:
    break_off(family, 3, minutes_ago=2)
    family.spawn("fay", "ann")
    assert family.mend(CLOCK) == [("cascades", "ann", "mended")]
    assert how_often_reaped(family)["fay"] == 1


def test_whoever_finds_it_second_finds_it_over(family: House, open_house: OpenHouse) -> None:
    break_off(family, 1, minutes_ago=2)
    other = open_house()
    other.views.catch_up()
    [found] = cascades(Job(other.parts, CLOCK))
    family.mend(CLOCK)
    assert found.mend is not None
    assert not found.mend().mended
    assert max(how_often_reaped(family).values()) == 1


def test_however_deep_a_lineage_its_leaf_ends_first(open_house: OpenHouse) -> None:
    house, history = open_house(), History().spawned("p0")
    for depth in range(1, GENERATIONS):
        history.spawned(f"p{depth}", parent=f"p{depth - 1}", depth=depth)
    for depth in range(1, GENERATIONS - 1):
        history.reaped(f"p{depth}")
    write(house.store, history)
    ended = house.reaper.reap(house.ago(0), "p0", "manual", cascade=True)
    assert ended == [f"p{GENERATIONS - 1}", "p0"]
