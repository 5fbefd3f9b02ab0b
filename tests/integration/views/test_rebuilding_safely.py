"""What is put in the place of a view is no worse than that, and costs nobody what they had."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from projections.view import View
from services.store.recorder import Recorder
from services.views import Views, from_store
from services.views.apart import Apart
from services.views.errors import Differs, StillNeeded
from services.views.rebuild import LOCK_MS, Rebuild, Rebuilt
from tests.e2e.process import until
from tests.integration.bus.relaying import Filling
from tests.integration.views.keeping import PARTITIONS
from tests.integration.views.stored import filling, store, url
from tests.integration.views.views_of_tests import counting, failing, noting
from tests.integration.views.writing import counted, execute

__all__ = ["filling", "store", "url"]

LEFT_OVER = "select nspname from pg_namespace where nspname like 'perpetua_rebuild%'"
GRANTED = """
select relacl::text, array(select attacl::text from pg_attribute
    where attrelid = pg_class.oid and attacl is not null)
from pg_class where relname = 'view_counting'"""
WAITING = "select pid from pg_stat_activity where wait_event_type = 'Lock'"
MARKS = "select partition, marks from view_partitions where name = 'counting' order by 1"


@pytest.fixture
def views(store: Recorder, url: str, filling: Filling) -> Iterator[Views]:
    """A view that has taken in some events."""
    filling.write(200)
    with closing(Views(store, url, views=[counting()])) as opened:
        opened.catch_up()
        yield opened


def rebuild(url: str, store: Recorder, view: View, *, check: bool = False) -> Rebuilt:
    made = Rebuild(url, view, PARTITIONS, lambda *_: None)
    return made.run(from_store.feed(store, view, PARTITIONS), check=check)


@pytest.mark.usefixtures("views")
def test_a_view_that_is_compared_and_comes_out_other_stays_as_it_is(
    url: str, store: Recorder
) -> None:
    execute(url, "update view_counting set thoughts = thoughts + 1")
    before = counted(url)
    with pytest.raises(Differs, match="counting stays as it is: built anew, it has other rows"):
        rebuild(url, store, counting(), check=True)
    assert counted(url) == before
    assert execute(url, LEFT_OVER) == []
    assert rebuild(url, store, counting()).equal is None
    assert counted(url) == {who: count - 1 for who, count in before.items()}


@pytest.mark.usefixtures("views")
def test_a_new_version_that_comes_out_other_takes_its_place_and_that_is_told(
    url: str, store: Recorder
) -> None:
    before = counted(url)
    done = rebuild(url, store, counting(version=2, weight=10), check=True)
    assert done.equal is False
    assert counted(url) == {who: 10 * count for who, count in before.items()} != {}


@pytest.mark.usefixtures("views")
def test_who_keeps_a_view_is_not_held_up_while_it_is_compared(url: str, store: Recorder) -> None:
    with (
        ThreadPoolExecutor() as threads,
        psycopg.connect(url, autocommit=True) as keeper,
        psycopg.connect(url) as reader,
    ):
        reader.execute("lock table view_counting in access exclusive mode")
        done = threads.submit(rebuild, url, store, counting(), check=True)
        until(lambda: keeper.execute(WAITING).fetchall(), "it compares")
        keeper.execute("select from view_progress for update nowait")
        reader.rollback()
        assert done.result().equal


@pytest.mark.usefixtures("views")
def test_what_depends_on_a_view_is_named_before_anything_is_built(
    url: str, store: Recorder
) -> None:
    execute(url, "create view busiest as select * from view_counting")
    execute(url, "create function first(view_counting) returns int language sql as 'select 1'")
    asked = list[int]()
    view = noting(counting(), asked)
    with pytest.raises(StillNeeded, match=r"function first\(view_counting\) and view busiest dep"):
        rebuild(url, store, view)
    assert asked == []
    execute(url, "drop function first; drop view busiest")
    rebuild(url, store, view)
    assert asked


def test_what_was_made_on_a_view_while_it_was_built_is_named_too(
    views: Views, url: str, store: Recorder
) -> None:
    made = list[int]()

    def make(_: object) -> bool:
        if not made:
            made.append(1)
            execute(url, "create view busiest as select * from view_counting")
        return False

    before = counted(url)
    with pytest.raises(StillNeeded, match="view busiest depends on view_counting"):
        rebuild(url, store, failing(counting(), make))
    assert counted(url) == before
    assert execute(url, LEFT_OVER) == []


@pytest.mark.usefixtures("views")
def test_what_was_granted_on_a_view_is_granted_on_the_new_one(url: str, store: Recorder) -> None:
    execute(
        url,
        "grant select, delete on view_counting to pg_monitor with grant option;"
        "grant update (thoughts) on view_counting to public",
    )
    before = execute(url, GRANTED)
    rebuild(url, store, counting())
    after = execute(url, GRANTED)
    assert [set(acl[1:-1].split(",")) for acl, _ in after] == [
        set(acl[1:-1].split(",")) for acl, _ in before
    ]
    assert after[0][1] == before[0][1] != []


@pytest.mark.usefixtures("views")
def test_an_autovacuum_of_the_old_view_is_ended_before_it_gives_up(url: str) -> None:
    [(deadlock_ms,)] = execute(
        url, "select setting::int from pg_settings where name = 'deadlock_timeout'"
    )
    assert deadlock_ms < LOCK_MS


@pytest.mark.usefixtures("views")
def test_a_view_kept_from_kafka_and_rebuilt_from_the_store_goes_on_where_it_was_on_kafka(
    url: str, store: Recorder
) -> None:
    Apart(url, counting(), PARTITIONS).close()
    marks = {number: {"thought.generated": number + 7} for number in range(PARTITIONS)}
    for number, each in marks.items():
        with psycopg.connect(url) as connection:
            connection.execute(
                "update view_partitions set marks = %s where partition = %s",
                [psycopg.types.json.Jsonb(each), number],
            )
    rebuild(url, store, counting())
    assert dict(execute(url, MARKS)) == marks

    poison = store.read(0, 1, topics=["thought.generated"])[0]
    rebuild(url, store, failing(counting(version=2), lambda e: e.position == poison.position))
    assert dict(execute(url, MARKS)) == {**marks, poison.partition: {}}
