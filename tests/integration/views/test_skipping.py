"""An event is passed over by a person's decision only, which is kept and outlives the view."""

import pytest

from domain.partition import partition_of
from domain.ports import Checkpoint
from projections.view import View
from services.store.recorder import Recorder
from services.views import by_partition, by_position, skips
from services.views.by_position import Place
from services.views.session import session
from services.views.skips import NotWhatStopsIt
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import counting, failing
from tests.integration.views.writing import counted, execute, thoughts, write

HERE = partition_of("swarm", 12)
WHY = "written by a broken client"


def skip(conninfo: str, view: View, position: int) -> None:
    with session(conninfo) as connection:
        skips.decide(connection, view, position, WHY, "user:ann")


def test_what_is_skipped_is_passed_over_and_shown_also_by_a_view_built_anew(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 6))
    view = failing(counting(), lambda each: each.position in (3, 5))
    views = open_views(views=[view])
    views.catch_up()
    skip(database, view, 3)
    views.catch_up()
    assert counted(database) == {"a": 3}
    assert [problem.failed_position for problem in views.problems()] == [5]
    skip(database, view, 5)
    views.catch_up()
    assert counted(database) == {"a": 4}
    assert views.problems() == []
    [standing] = views.standings()
    assert (standing.behind, standing.behind_secs, standing.stopped) == (0, 0.0, ())
    assert [(each.position, each.why, each.decided_by) for each in standing.skipped] == [
        (3, WHY, "user:ann"), (5, WHY, "user:ann"),
    ]  # fmt: skip
    assert {each.partition for each in standing.skipped} == {HERE}
    assert {each.topic for each in standing.skipped} == {"thought.generated"}
    assert all(each.error.startswith("ValueError: this can't") for each in standing.skipped)

    views.rebuild("counting")
    assert counted(database) == {"a": 4}
    views.close()
    execute(database, "drop table view_counting")
    later = open_views(views=[failing(counting(version=2), lambda each: each.position in (3, 5))])
    later.catch_up()
    assert counted(database) == {"a": 4}
    assert later.problems() == []


def test_only_what_stopped_the_view_can_be_skipped(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 6))
    view = failing(counting(), lambda each: each.position == 3)
    views = open_views(views=[view, counting("other")])
    views.catch_up()
    for wrong in (2, 4, 6, 99):
        with pytest.raises(NotWhatStopsIt, match=f"position {wrong}: it is stopped at 3"):
            skip(database, view, wrong)
    with pytest.raises(NotWhatStopsIt, match=r"view other is not stopped .* nothing stops it"):
        skip(database, counting("other"), 3)
    skip(database, view, 3)
    with pytest.raises(NotWhatStopsIt, match="nothing stops it"):
        skip(database, view, 3)
    assert len(execute(database, "select name from view_skips")) == 1


def test_who_tried_it_once_more_meanwhile_does_not_undo_the_decision(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 6))
    view = failing(counting(), lambda each: each.position == 3)
    views = open_views(views=[view])
    views.catch_up()
    skip(database, view, 3)
    [failed], late = store.read_positions([3]), ValueError("too late")
    with session(database) as connection:
        place = Place(view, frozenset(), frozenset([HERE]), HERE)
        assert not by_position.stop(connection, place, 2, failed, late)
        assert not by_partition.stop(connection, view, Checkpoint(2), HERE, failed, late)
    assert views.problems() == []
    views.catch_up()
    assert counted(database) == {"a": 5}
