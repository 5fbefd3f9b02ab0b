"""An event a view can't take in stops that view in its partition only, and is shown."""

from collections import Counter

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.partition import partition_of
from domain.recorded import Recorded
from projections import VIEWS
from projections.view import View
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from services.store.save import Record, Save
from services.views.projector import Projector
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import counting, failing, trapped
from tests.integration.views.writing import counted, execute, positions, thoughts, write
from tests.unit.projections.given import History

HERE = partition_of("swarm", 12)


@pytest.mark.parametrize("batch_events", [1, 3, 1_000])
def test_an_event_that_cannot_be_decoded_stops_the_views_that_read_it_and_no_others(
    open_views: OpenViews, store: Recorder, database: str, batch_events: int
) -> None:
    views = open_views(batch_events=batch_events)
    write(store, History().spawned("a").thought("a").thought("a"))
    nonsense = Record("thoughts/a/0", 3, "thought.generated", b"nonsense", HERE)
    store.submit(Save([nonsense])).result()
    write(store, History().spawned("b", "elsewhere").proposed("p", "b"))
    head = write(store, History().spawned("c").distilled("c"))

    assert views.catch_up() == head

    assert set(positions(database).values()) == {head}
    problems = {problem.view: problem for problem in views.problems()}
    assert problems.keys() == {view.name for view in VIEWS if "thought.generated" in view.topics}
    assert (problems["totals"].position, problems["totals"].failed_position) == (3, 4)
    assert problems["totals"].error.startswith("UnknownSchema: no schema with fingerprint")
    assert (views.totals().thoughts, views.totals().events) == (2, 5)
    assert views.persona("b") is not None
    assert views.persona("c") is None
    assert views.latest_snapshot("c") is not None
    stops = {each.name: each.stopped for each in views.standings()}
    assert stops["lineage"] == ()
    [stop] = stops["totals"]
    assert (stop.partition, stop.position, stop.failed_position) == (HERE, 3, 4)
    assert stop.topic == "thought.generated"


def test_what_stopped_a_view_is_not_skipped_later_nor_by_another_process(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 5))
    stopped = failing(counting(), lambda recorded: recorded.position == 4)
    for number, later in enumerate(("b", "c")):
        views = open_views(views=[stopped])
        views.catch_up()
        views.catch_up()
        assert counted(database) == {"a": 3}
        [problem] = views.problems()
        assert (problem.position, problem.failed_position) == (3, 4)
        assert problem.error == "ValueError: this can't\ufffd be folded"
        [standing] = views.standings()
        assert standing.behind == 2 + number
        assert standing.behind_secs is not None
        assert standing.behind_secs > 0
        write(store, thoughts(later, 1))


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
    assert (problem.view, problem.position, problem.failed_position) == ("counting", 5, 6)
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
    write(store, thoughts("a", 5))
    elsewhere = write(store, thoughts("b", 1, "elsewhere"))
    views = open_views(views=[failing(counting(), lambda recorded: recorded.position == 4), *VIEWS])
    assert not await views.reached(5)
    assert await views.reached(elsewhere)
    assert await views.reached(3)
    assert views.totals().thoughts == 6


def test_a_partition_that_catches_up_holds_up_no_other_view_and_is_waited_for(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    write(store, thoughts("a", 30))
    broken = failing(counting(), lambda each: each.position > 1)
    open_views(views=[broken, counting("other")]).catch_up()
    write(store, thoughts("b", 5, "elsewhere"))
    taken = list[tuple[str, int, bool | None]]()

    def watched(view: View) -> View:
        def look(each: Recorded) -> bool:
            taken.append((view.name, each.position, projector.shows(30)))
            return False

        return failing(view, look)

    mended = [watched(counting()), watched(counting("other"))]
    projector = Projector(store, database, mended, lambda _: None, batch_events=2)
    projector.catch_up()
    assert projector.shows(30)
    projector.close()

    order = [(name, position) for name, position, _ in taken]
    assert order.index(("other", 35)) < order.index(("counting", 30))
    assert {shown for *_, shown in taken} == {None}
    assert counted(database) == {"a": 30, "b": 5}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    swarms=st.lists(st.sampled_from(["swarm", "elsewhere", "third"]), min_size=1, max_size=25),
    poison=st.sets(st.integers(1, 25), max_size=4),
    batches=st.lists(st.integers(1, 9), min_size=1, max_size=3),
)
def test_of_each_partition_is_taken_in_what_is_before_its_first_poison_and_all_once_mended(
    open_views: OpenViews,
    store: Recorder,
    database: str,
    swarms: list[str],
    poison: set[int],
    batches: list[int],
) -> None:
    open_views().close()
    execute(database, "truncate events, view_progress, view_partitions")
    broken = failing(counting(), lambda each: each.position in poison)
    history = History()
    for number, swarm in enumerate(swarms):
        history.swarms[swarm] = swarm
        history.thought(swarm)
        if number % 7 == 3:
            write(store, history, store.head())
            catch_up(open_views, broken, batches[number % len(batches)])
    write(store, history, store.head())
    catch_up(open_views, broken, batches[0])

    taken, stopped = Counter[str](), set[str]()
    for position, swarm in enumerate(swarms, 1):
        stopped |= {swarm} if position in poison else set()
        taken[swarm] += swarm not in stopped
    assert counted(database) == +taken

    catch_up(open_views, counting(), batches[-1])
    assert counted(database) == Counter(swarms)
    assert execute(database, "select name from view_partitions") == []


def catch_up(open_views: OpenViews, view: View, batch_events: int) -> None:
    views = open_views(views=[view], batch_events=batch_events)
    views.catch_up()
    views.close()
