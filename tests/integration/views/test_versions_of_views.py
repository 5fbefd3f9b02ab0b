"""A view of another version: built anew by who knows more, left alone by who knows less."""

from projections import VIEWS
from services.store.recorder import Recorder
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import counting
from tests.integration.views.writing import counted, positions, thoughts, write


def test_a_view_of_a_new_version_builds_itself_anew(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 3))
    open_views(views=[counting()]).catch_up()
    assert counted(database) == {"a": 3}

    open_views(views=[counting(version=2, weight=10)]).catch_up()

    assert counted(database) == {"a": 30}


def test_a_program_of_an_earlier_version_leaves_a_later_view_alone_and_says_so(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 3))
    early = open_views(views=[counting(), *VIEWS])
    early.catch_up()
    late = open_views(views=[counting(version=2, weight=10)])
    head = write(store, thoughts("b", 1))

    for program in (early, open_views(views=[counting(), *VIEWS])):
        program.catch_up()
        assert counted(database) == {}
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
