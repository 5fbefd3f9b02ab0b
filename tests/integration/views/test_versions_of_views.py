"""A view of another version: built anew by who knows more, left alone by who knows less."""

import pytest

from projections import totals
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import counting, failing, noting
from tests.integration.views.writing import counted, execute, positions, thoughts, write


def test_a_view_of_a_new_version_builds_itself_anew(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 3))
    open_views(views=[counting()]).catch_up()
    assert counted(database) == {"a": 3}

    views = open_views(views=[counting(version=2, weight=10)])

    assert [(each.view, each.events) for each in views.upgraded] == [("counting", 3)]
    assert counted(database) == {"a": 30}
    assert open_views(views=[counting(version=2, weight=10)]).upgraded == []


def test_a_new_version_that_stops_sooner_is_in_use_all_the_same_and_that_is_told(
    open_views: OpenViews, store: Recorder, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(store, thoughts("a", 5))
    open_views(views=[counting()]).catch_up()
    new = failing(counting(version=2, weight=10), lambda each: each.position == 3)

    views = open_views(views=[new])

    [told] = [each for each in caplog.records if "takes in less" in each.getMessage()]
    assert told.levelname == "ERROR"
    [done] = views.upgraded
    assert [part.failed_position for part in done.stopped] == [3]
    assert counted(database) == {"a": 20}
    views.catch_up()
    assert [problem.failed_position for problem in views.problems()] == [3]


def test_a_new_version_of_a_view_that_others_build_on_is_refused_before_it_is_built(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 3))
    open_views(views=[counting()]).catch_up()
    execute(database, "create view busiest as select * from view_counting")
    asked = list[int]()
    new = noting(counting(version=2), asked)
    with pytest.raises(StoreUnavailable, match=r"view busiest depends on .*: drop that"):
        open_views(views=[new])
    assert asked == []
    execute(database, "drop view busiest")
    assert open_views(views=[new]).upgraded


def test_a_program_of_an_earlier_version_leaves_a_later_view_alone_and_says_so(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 3))
    early = open_views(views=[counting(), totals.VIEW])
    early.catch_up()
    late = open_views(views=[counting(version=2, weight=10)])
    head = write(store, thoughts("b", 1))

    for program in (early, open_views(views=[counting(), totals.VIEW])):
        program.catch_up()
        assert counted(database) == {"a": 30}
        [problem] = program.problems()
        assert problem.error.startswith("built as version 2, this program knows 1")
    assert positions(database)["totals"] == head
    late.catch_up()
    assert counted(database) == {"a": 30, "b": 10}


def test_a_view_an_earlier_program_built_anew_is_left_to_it_until_the_next_start(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    early = open_views(views=[counting()])
    late = open_views(views=[counting(version=2, weight=10)])
    early.rebuild("counting")
    write(store, thoughts("a", 3))

    late.catch_up()

    assert [problem.view for problem in late.problems()] == ["counting"]
    assert counted(database) == {}
    open_views(views=[counting(version=2, weight=10)]).catch_up()
    assert counted(database) == {"a": 30}
