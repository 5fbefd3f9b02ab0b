"""An event a view can't take in stops that view only, is shown, and is never skipped."""

import psycopg
import pytest

from projections import VIEWS
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from services.store.save import Record, Save
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import counting, failing, trapped
from tests.integration.views.writing import counted, positions, thoughts, write
from tests.unit.projections.given import History


@pytest.mark.parametrize("batch_events", [1, 3, 1_000])
def test_an_event_that_cannot_be_decoded_stops_the_views_that_read_it_and_no_others(
    open_views: OpenViews, store: Recorder, database: str, batch_events: int
) -> None:
    views = open_views(batch_events=batch_events)
    write(store, History().spawned("a").thought("a").thought("a"))
    store.submit(Save([Record("thoughts/a/0", 3, "thought.generated", b"nonsense", 0)])).result()
    head = write(store, History().spawned("b").proposed("p", "b").distilled("b"))

    assert views.catch_up() == head

    assert positions(database) == {
        "personas": 3, "totals": 3, "proposals": head, "snapshots": head, "sources": head,
    }  # fmt: skip
    problems = {problem.view: problem for problem in views.problems()}
    assert problems.keys() == {"personas", "totals"}
    assert (problems["totals"].position, problems["totals"].failed_position) == (3, 4)
    assert problems["totals"].error.startswith("UnknownSchema: no schema with fingerprint")
    assert (views.totals().thoughts, views.totals().events) == (2, 3)
    assert views.persona("b") is None
    assert views.proposal("p") is not None


def test_what_stopped_a_view_is_not_skipped_later_nor_by_another_process(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 5))
    stopped = failing(counting(), lambda recorded: recorded.position == 4)
    for later in ("b", "c"):
        views = open_views(views=[stopped])
        views.catch_up()
        views.catch_up()
        assert counted(database) == {"a": 3}
        [problem] = views.problems()
        assert (problem.position, problem.failed_position) == (3, 4)
        assert problem.error == "ValueError: this can't\ufffd be folded"
        write(store, thoughts(later, 1))
    assert positions(database) == {"counting": 3}


def test_a_row_the_database_refuses_stops_the_view_at_its_event(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    heavy = counting(weight=300)  # the table takes less than 1,000
    history = thoughts("a", 3)
    history.swarms["b"] = "swarm"
    write(store, history.thought("b").thought("b").thought("a").thought("b"))
    views = open_views(views=[heavy, *VIEWS])
    head = views.catch_up()
    [problem] = views.problems()
    assert (problem.view, problem.failed_position) == ("counting", 6)
    assert problem.error.startswith("CheckViolation")
    assert counted(database) == {"a": 900, "b": 600}
    assert positions(database)["totals"] == head


def test_a_server_in_trouble_stops_no_view_for_good(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "create function no_room() returns int language plpgsql as"
            " $$ begin raise exception 'no room left' using errcode = 'disk_full'; end $$"
        )
    full = True
    write(store, thoughts("a", 3))
    views = open_views(views=[trapped(counting(), "no_room()", lambda: full)])
    with pytest.raises(StoreUnavailable, match="no room left: make room on the server's disk"):
        views.catch_up()
    assert views.problems() == []
    full = False
    views.catch_up()
    assert counted(database) == {"a": 3}


def test_a_corrected_program_goes_on_where_the_view_was_stopped(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 9))
    views = open_views(views=[failing(counting(), lambda recorded: recorded.position == 6)])
    views.catch_up()
    assert counted(database) == {"a": 5}

    corrected = open_views(views=[counting()])
    corrected.catch_up()

    assert counted(database) == {"a": 9}
    assert corrected.problems() == []
    views.catch_up()
    assert counted(database) == {"a": 9}


def test_a_stopped_view_can_be_built_anew(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 9))
    broken = True
    views = open_views(views=[failing(counting(), lambda each: broken and each.position == 6)])
    views.catch_up()
    broken = False
    views.catch_up()
    assert counted(database) == {"a": 5}

    views.rebuild("counting")

    assert counted(database) == {"a": 9}
    assert views.problems() == []


async def test_who_waits_for_an_event_behind_the_poison_is_told_that_it_is_not_there(
    open_views: OpenViews, store: Recorder
) -> None:
    head = write(store, thoughts("a", 5))
    views = open_views(views=[failing(counting(), lambda recorded: recorded.position == 4), *VIEWS])
    assert not await views.reached(head)
    assert await views.reached(3)
    assert views.totals().thoughts == 5
