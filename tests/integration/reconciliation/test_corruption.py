"""What no command can make is told with its positions, and left as it is."""

from services.store.save import Record, Save
from tests.integration.reconciliation.house import PERSON, House
from tests.integration.views.writing import write
from tests.unit.projections.given import History


def test_thoughts_of_somebody_never_spawned_are_told(house: House) -> None:
    history = History()
    history.swarms["ghost a/b"] = "swarm-core"
    head = house.store.head()
    write(house.store, history.thought("ghost a/b").supposed("ghost a/b").distilled("ghost a/b"))
    [found] = house.reconciler.mend(PERSON)
    assert (found.rule, found.subject, found.outcome) == ("unspawned", "ghost a/b", "left")
    assert found.positions == (head + 1, head + 2, head + 3)
    assert house.store.head() == head + 3


def test_a_life_without_a_beginning_is_told(house: House) -> None:
    history = History()
    history.swarms["ghost"] = "swarm-core"
    write(house.store, history.paused("ghost"))
    assert house.mend() == [("unspawned", "ghost", "left")]


def test_a_child_of_somebody_never_spawned_is_told(house: House) -> None:
    head = house.store.head()
    write(house.store, History().spawned("child", "swarm-core", parent="nobody", depth=1))
    [found] = house.reconciler.mend(PERSON)
    assert (found.rule, found.subject, found.positions) == ("unspawned", "child", (head + 1,))


def test_names_that_begin_alike_are_told_apart(house: House) -> None:
    for name in ("a", "a0", "a-", "a/", "a~", "thoughts"):
        house.spawn(name)
        house.think(name)
    assert house.mend() == []
    write(house.store, _thought("a/0"))
    assert house.mend() == [("unspawned", "a/0", "left")]


def test_a_view_that_is_stopped_is_told_and_left(house: House) -> None:
    record = Record("thoughts/ann/0", 1, "thought.generated", b"nonsense", 0)
    house.store.submit(Save([record])).result()
    found = [each for each in house.reconciler.mend(PERSON) if each.rule == "views"]
    assert {each.subject for each in found} >= {"personas", "totals"}
    assert all(each.outcome == "left" and "UnknownSchema" in each.what for each in found)


def _thought(who: str) -> History:
    history = History()
    history.swarms[who] = "swarm-core"
    return history.thought(who)
