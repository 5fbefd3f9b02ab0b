"""Orphans: given live children of a reaped parent, when it is reconciled, then they end too."""

from typing import Any, cast

import pytest

from domain.events import PersonaReaped, SnapshotCompressed
from services.reaping import Reaper
from services.views import Views
from tests.integration.reconciliation.house import CLOCK, House


class BornDuringACascade:
    """Views that are asked whom a cascade takes, just before another child is born."""

    def __init__(self, house: House) -> None:
        self._house = house

    def lineage(self, **asked: Any) -> Any:
        rows = self._house.views.lineage(**asked)
        self._house.spawn("late", "ann")
        return rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house.views, name)


def reap(house: House, persona_id: str) -> None:
    house.reaper.reap(house.executor.context("user:eve"), persona_id, "manual")


@pytest.mark.parametrize("older", [["bob"], []])
def test_a_child_born_during_a_cascade_is_taken_along_by_the_clock(
    house: House, older: list[str]
) -> None:
    for each in older:
        house.spawn(each, "ann")
    reaper = Reaper(house.executor, house.store, cast("Views", BornDuringACascade(house)))
    ended = reaper.reap(house.executor.context("user:eve"), "ann", "manual", cascade=True)
    assert ended == [*older, "ann"]
    assert house.look(CLOCK) == [("orphans", "late", "due")]
    before = house.store.head()

    assert house.mend(CLOCK) == [("orphans", "late", "mended")]

    snapshot, reaped, *_ = house.after(before)
    assert isinstance(snapshot, SnapshotCompressed)
    assert isinstance(reaped, PersonaReaped)
    assert (reaped.persona_id, reaped.reason, reaped.cascade_root) == ("late", "cascade", "ann")
    assert reaped.final_snapshot_id == snapshot.snapshot_id
    assert house.mend(CLOCK) == []
    assert house.decide(lambda unit: unit.fabric().live_personas) == 0


def test_children_left_on_purpose_are_ended_only_if_a_person_asks(house: House) -> None:
    house.spawn("bob", "ann")
    house.spawn("eve", "bob")
    reap(house, "ann")
    [found] = house.reconciler.mend(CLOCK)
    assert (found.subject, found.outcome) == ("bob", "left")
    assert "without a cascade" in found.note

    assert house.mend() == [("orphans", "bob", "mended")]

    roots = {each.persona_id: each.cascade_root for each in house.stored(PersonaReaped)}
    assert roots == {"ann": None, "bob": "ann", "eve": "ann"}
    assert house.mend() == house.mend(CLOCK) == []


def test_orphans_far_apart_are_all_found(house: House) -> None:
    """A reaped one between two live ones hides none below it."""
    for child, parent in (("bob", "ann"), ("cat", "bob"), ("dan", "cat")):
        house.spawn(child, parent)
    reap(house, "ann")
    reap(house, "cat")
    assert {subject for _, subject, _ in house.look()} == {"bob", "dan"}
    house.mend()
    assert house.mend() == []
    assert len(house.stored(PersonaReaped)) == 4
