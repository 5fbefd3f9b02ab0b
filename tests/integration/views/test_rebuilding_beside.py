"""A view is rebuilt beside the one that is read: nobody who reads or keeps it up is held up."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from time import sleep
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from projections import VIEWS, totals
from projections.view import View
from services.store.recorder import Recorder
from services.views import Views, from_store, parallel
from services.views.apart import Apart
from services.views.errors import RebuiltElsewhere, StopsSooner
from services.views.ownership import KeptOtherwise
from services.views.rebuild import Rebuild
from tests.integration.bus.relaying import Filling
from tests.integration.views.keeping import PARTITIONS, keeping, projected, rows, until_taken_in
from tests.integration.views.keeping import from_store as kept_from_store
from tests.integration.views.stored import filling, store, url
from tests.integration.views.views_of_tests import counting, failing
from tests.integration.views.writing import counted, execute, positions, tables

__all__ = ["filling", "store", "url"]

CATALOGUE = """
select relname, relrowsecurity, relforcerowsecurity, relacl::text,
    array(select pg_get_indexdef(indexrelid) from pg_index where indrelid = oid order by 1),
    array(select policyname || coalesce(qual, '') from pg_policies where tablename = relname
        order by 1),
    array(select conname::text from pg_constraint where conrelid = pg_class.oid order by 1)
from pg_class where relname like 'view\\_%' and relkind = 'r' order by 1"""
LEFT_OVER = "select nspname from pg_namespace where nspname like 'perpetua_rebuild%'"


@pytest.fixture
def views(store: Recorder, url: str) -> Iterator[Views]:
    with closing(Views(store, url)) as opened:
        yield opened


class Gate:
    """A view whose fold waits, once it is closed, until it is opened again."""

    def __init__(self, view: View) -> None:
        self._open = threading.Event()
        self._open.set()
        self.waits = threading.Event()

        def fold(batch: Any) -> Any:
            if not self._open.is_set():
                self.waits.set()
                self._open.wait(30)
            return view.fold(batch)

        self.view = replace(view, fold=fold)

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()


def test_every_view_rebuilt_is_equal_and_has_the_same_indexes_policies_and_grants(
    views: Views, store: Recorder, url: str, filling: Filling
) -> None:
    filling.write(400)
    views.catch_up()
    before, catalogue = tables(url), execute(url, CATALOGUE)
    for view in VIEWS:
        made = Rebuild(url, view, PARTITIONS, lambda *_: None)
        done = made.run(from_store.feed(store, view, PARTITIONS), check=True)
        assert done.equal
        assert not done.stopped
    assert tables(url) == before
    assert execute(url, CATALOGUE) == catalogue
    assert execute(url, LEFT_OVER) == []
    assert set(positions(url).values()) == {400}
    assert execute(url, "select name from view_partitions") == []


def test_who_reads_and_who_keeps_up_go_on_and_never_see_less(
    views: Views, store: Recorder, url: str, filling: Filling
) -> None:
    filling.write(500)
    views.catch_up()
    ended = threading.Event()

    def look() -> list[int]:
        seen = list[int]()
        while not ended.is_set():
            seen.append(views.totals().events)
        return seen

    def keep_up() -> None:
        with closing(Views(store, url)) as others:
            while not ended.is_set():
                others.catch_up()

    with ThreadPoolExecutor(3) as threads:
        looking, keeping_up = threads.submit(look), threads.submit(keep_up)
        try:
            with filling.under_way():
                for _ in range(4):
                    views.rebuild("totals")
        finally:
            ended.set()
    keeping_up.result()
    seen = looking.result()
    assert len(seen) > 20
    assert seen == sorted(seen)
    assert seen[0] >= 500
    views.catch_up()
    assert views.totals().events == len(filling.ids) == store.head()


def test_a_view_kept_apart_is_rebuilt_while_it_is_kept(
    url: str, database: str, store: Recorder, filling: Filling
) -> None:
    view = totals.VIEW
    filling.write(300)
    with keeping(url, view, kept_from_store(store, view)) as keeper:
        until_taken_in(url, view, store)
        with filling.under_way():
            for _ in range(3):
                made = Rebuild(url, view, PARTITIONS, lambda *_: None)
                assert made.run(from_store.feed(store, view, PARTITIONS), check=True).equal
        until_taken_in(url, view, store)
        assert keeper.ended is None
    assert rows(url, view) == projected(store, database, view)


def test_a_second_rebuild_is_told_of_the_first(url: str, store: Recorder, filling: Filling) -> None:
    gate = Gate(counting())
    filling.write(100)
    with closing(Views(store, url, views=[gate.view])) as views, ThreadPoolExecutor() as threads:
        views.catch_up()
        before = counted(url)
        with gate.closed():
            first = threads.submit(views.rebuild, "counting")
            assert gate.waits.wait(30)
            with pytest.raises(RebuiltElsewhere, match="is being rebuilt by another process"):
                views.rebuild("counting")
            assert counted(url) == before
        assert first.result().events == sum(before.values())
    assert counted(url) == before


def test_a_rebuild_that_goes_wrong_leaves_the_view_as_it_is(
    url: str, store: Recorder, filling: Filling
) -> None:
    fine = True
    view = failing(counting(), lambda each: not fine and each.position > 50)
    filling.write(100)
    with closing(Views(store, url, views=[view])) as views:
        views.catch_up()
        before, fine = counted(url), False
        with pytest.raises(StopsSooner, match="counting stays as it is: built anew, it stops"):
            views.rebuild("counting")
        assert counted(url) == before
        assert views.problems() == []
        assert execute(url, LEFT_OVER) == []


def test_what_a_rebuild_that_was_killed_has_left_is_dropped_by_the_next(
    views: Views, url: str, filling: Filling
) -> None:
    filling.write(100)
    views.catch_up()
    before = tables(url)
    [(live,)] = execute(url, "select 'public'::regnamespace::oid::int")
    left = f"perpetua_rebuild_{live}_totals"
    execute(url, f"create schema {left}; create table {left}.view_totals (half integer)")
    assert tables(url) == before
    views.rebuild("totals")
    assert execute(url, LEFT_OVER) == []
    assert tables(url) == before


def test_it_waits_for_who_reads_the_old_view_and_lets_others_read_meanwhile(
    views: Views, url: str, filling: Filling
) -> None:
    filling.write(100)
    views.catch_up()
    with ThreadPoolExecutor() as threads:
        with psycopg.connect(url) as reader:
            reader.execute("select count(*) from view_totals")
            done = threads.submit(views.rebuild, "totals")
            sleep(2.5)
            assert not done.done()
            assert views.totals().events == 100
        assert done.result(30).view == "totals"
    assert views.totals().events == 100


def test_two_schemas_of_one_database_are_rebuilt_each_by_itself(
    url: str, store: Recorder, filling: Filling
) -> None:
    filling.write(200)
    execute(url, 'create schema one; create schema "Two"')
    paths = ("one,public", '"Two",public')
    places = [make_conninfo(url, options=f"-csearch_path={path}") for path in paths]
    gates = [Gate(counting()), Gate(counting())]
    with ThreadPoolExecutor() as threads:
        opened = [
            Views(store, where, views=[gate.view])
            for where, gate in zip(places, gates, strict=True)
        ]
        for views in opened:
            views.catch_up()
        before = counted(places[0])
        with gates[0].closed(), gates[1].closed():
            both = [threads.submit(views.rebuild, "counting") for views in opened]
            assert all(gate.waits.wait(30) for gate in gates)
        for done in both:
            done.result()
        for views, where in zip(opened, places, strict=True):
            assert counted(where) == before != {}
            views.close()
    assert execute(url, LEFT_OVER) == []


def test_a_view_kept_in_a_database_without_a_store_is_rebuilt_there(
    database: str, store: Recorder, filling: Filling
) -> None:
    execute(database, "create schema plain")
    plain = make_conninfo(database, options="-csearch_path=plain")
    old, new = counting(), counting(version=2, weight=10)
    filling.write(200)
    with keeping(plain, old, kept_from_store(store, old)):
        until_taken_in(plain, old, store)
    before = counted(plain)
    with pytest.raises(KeptOtherwise, match="perpetua rebuild counting"):
        Apart(plain, new, PARTITIONS)
    Rebuild(plain, new, PARTITIONS, lambda *_: None).run(from_store.feed(store, new, PARTITIONS))
    assert counted(plain) == {who: 10 * count for who, count in before.items()} != {}
    Apart(plain, new, PARTITIONS).close()


def test_a_view_of_a_new_version_is_built_beside_the_old_one_which_is_read_meanwhile(
    url: str, store: Recorder, filling: Filling
) -> None:
    filling.write(200)
    late = Gate(counting(version=2, weight=10))
    with closing(Views(store, url, views=[counting()])) as early, ThreadPoolExecutor() as threads:
        early.catch_up()
        before = counted(url)
        with late.closed():
            opening = [threads.submit(Views, store, url, views=[late.view]) for _ in range(2)]
            assert late.waits.wait(30)
            filling.write(100)
            early.catch_up()
            assert early.problems() == []
            assert sum(counted(url).values()) > sum(before.values())
            before = counted(url)
        for done in opening:
            done.result().close()
        assert counted(url) == {who: 10 * count for who, count in before.items()}


def test_a_part_of_the_partitions_each_is_built_in_processes_of_their_own(
    views: Views, store: Recorder, url: str, filling: Filling
) -> None:
    filling.write(600)
    views.catch_up()
    before, heard = rows(url, totals.VIEW), list[tuple[int, int]]()

    def told(passed: int, wanted: int) -> None:
        heard.append((passed, wanted))

    feed = parallel.feed(store, parallel.Work(url, url, "totals", PARTITIONS), 2, told)
    done = Rebuild(url, totals.VIEW, PARTITIONS, told).run(feed, check=True)
    assert (done.events, done.equal) == (600, True)
    assert heard[-1] == (2_400, 2_400)
    assert rows(url, totals.VIEW) == before
