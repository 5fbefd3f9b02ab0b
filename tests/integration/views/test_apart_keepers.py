"""Who may keep a view apart, of which store, and when it ends."""

import threading
from contextlib import closing
from time import sleep
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from projections import lineage
from services.bus.errors import ForeignHistory
from services.store.connect import connect
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from services.store.save import Record, Save
from services.views import Views, ownership, skips
from services.views.apart import Apart, hand_back
from services.views.ownership import KeptOtherwise
from services.views.session import session
from tests.e2e.process import until
from tests.integration.bus.relaying import Filling
from tests.integration.views.keeping import (
    PARTITIONS,
    from_store,
    keeping,
    rows,
    stands,
    until_taken_in,
)
from tests.integration.views.stored import filling, store, url
from tests.integration.views.views_of_tests import counting, failing

__all__ = ["filling", "store", "url"]


async def test_nobody_waits_for_a_view_that_is_kept_apart(
    url: str, store: Recorder, filling: Filling
) -> None:
    apart = failing(counting(), lambda _: True)
    Apart(url, apart, PARTITIONS).close()
    filling.write(100)
    with closing(Views(store, url, views=[apart, lineage.VIEW])) as views:
        assert await views.reached(100, 30)
        assert views.problems() == []
        assert {each.name: each.behind for each in views.standings()} == {
            "counting": 100, "lineage": 0,
        }  # fmt: skip


def test_when_every_partition_is_stopped_nothing_is_asked_again_and_again(
    url: str, store: Recorder, filling: Filling
) -> None:
    filling.write(200)
    for number in range(PARTITIONS):
        record = Record(f"nonsense/{number}", 1, "thought.generated", b"nonsense", number)
        store.submit(Save([record])).result()
    view = counting()
    with keeping(url, view, from_store(store, view)) as keeper:
        until(lambda: all(at for _, at, _ in stands(url, view).values()), "all are stopped")
        began = keeper.cpu_secs()
        sleep(1.5)
        assert keeper.cpu_secs() - began < 0.5


def test_a_view_of_a_new_version_is_built_anew_and_who_keeps_the_old_one_ends(
    url: str, store: Recorder, filling: Filling
) -> None:
    old, new = counting(), counting(version=2, weight=10)
    filling.write(300)
    with keeping(url, old, from_store(store, old)) as keeper:
        until_taken_in(url, old, store)
        counts = rows(url, old)
        Views(store, url, views=[new]).close()
        with keeping(url, new, from_store(store, new)):
            until_taken_in(url, new, store)
        filling.write(50)
        until(lambda: keeper.ended is not None, "who knows the old version ends")
    assert isinstance(keeper.ended, KeptOtherwise)
    assert str(keeper.ended).startswith("the view counting was built as version 2, this program")
    assert rows(url, new) == sorted(((who, n * 10) for who, n in counts), key=repr)
    with pytest.raises(KeptOtherwise):
        Apart(url, old, PARTITIONS)


def test_who_keeps_a_view_ends_when_it_is_handed_back(
    url: str, store: Recorder, filling: Filling
) -> None:
    view = counting()
    filling.write(100)
    with keeping(url, view, from_store(store, view)) as keeper:
        until_taken_in(url, view, store)
        hand_back(url, view)
        filling.write(50)
        until(lambda: keeper.ended is not None, "it ends")
    assert "counting is not kept apart any more" in str(keeper.ended)
    assert rows(url, view) == []


def test_who_keeps_a_view_goes_on_by_itself_past_what_is_skipped(
    url: str, store: Recorder, filling: Filling
) -> None:
    filling.write(300)
    found = store.read(0, 300, topics=["thought.generated"])
    poison = found[5]
    view = failing(counting(), lambda each: each.position == poison.position)
    with keeping(url, view, from_store(store, view)):
        until(lambda: stands(url, view)[poison.partition][1], "it is stopped")
        with session(url) as connection:
            skips.decide(connection, view, poison.position, "broken", "user:ann")
        until_taken_in(url, view, store)
    assert sum(count for _, count in rows(url, view)) == len(found) - 1
    with closing(Views(store, url, views=[view])) as views:
        views.rebuild("counting")
        assert sum(count for _, count in rows(url, view)) == len(found) - 1
        [standing] = views.standings()
        assert (standing.apart, standing.behind, len(standing.skipped)) == (True, 0, 1)


def test_a_view_takes_in_the_events_of_one_store_only(
    url: str, database: str, store: Recorder
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create schema plain")
    plain = make_conninfo(database, options="-csearch_path=plain")
    own, other = f"/perpetua/{store.store_id()}", "/perpetua/other"
    for first, where in ((own, url), (other, plain)):
        with closing(Apart(where, counting(), PARTITIONS)) as apart:
            apart.belongs(first)
            apart.belongs(first)
            with pytest.raises(ForeignHistory, match="these are the events of"):
                apart.belongs(own if first == other else other)
    with closing(Apart(database, counting(), PARTITIONS)) as apart, pytest.raises(ForeignHistory):
        apart.belongs(own)  # that database has a store of its own
    assert hand_back(plain, counting())
    with closing(Apart(plain, counting(), PARTITIONS)) as apart:
        apart.belongs(own)


def test_a_database_that_only_reads_for_a_while_is_said_to_be_so_and_blamed_on_no_event(
    url: str, postgres: str, store: Recorder, filling: Filling
) -> None:
    view = counting()
    filling.write(100)
    with keeping(url, view, from_store(store, view)):
        until_taken_in(url, view, store)
        only_reads(postgres, url, "on")
        with pytest.raises(StoreUnavailable, match="connect to the primary server"):
            Apart(url, view, PARTITIONS)
        before = stands(url, view)
        writes = make_conninfo(url, options="-cdefault_transaction_read_only=off")
        with Recorder(writes) as writer:
            Filling(writer, "other").write(100)
        sleep(1.5)
        assert stands(url, view) == before
        only_reads(postgres, url, "off")
        until_taken_in(url, view, store)
        assert all(error is None for *_, error in stands(url, view).values())


def only_reads(server: str, url: str, whether: str) -> None:
    """Make a database refuse writes, or take them again; whoever is connected connects anew."""
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"alter database {name} set default_transaction_read_only = {whether}".encode()
        )
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
        )


def test_all_who_keep_a_view_in_one_database_are_one_group(url: str, database: str) -> None:
    with closing(Apart(url, counting(), PARTITIONS)) as one:
        with closing(Apart(url, counting(), PARTITIONS)) as two:
            assert one.group == two.group
        with closing(Apart(database, counting(), PARTITIONS)) as elsewhere:
            assert one.group != elsewhere.group
    for _ in range(10):
        with psycopg.connect(url) as connection:
            connection.execute("delete from view_database")
        at_once, found = threading.Barrier(8), set[UUID]()
        threads = [
            threading.Thread(target=ask_which_database, args=[url, at_once, found])
            for _ in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(found) == 1


def ask_which_database(url: str, at_once: threading.Barrier, found: set[UUID]) -> None:
    with connect(url) as connection:
        at_once.wait(30)
        found.add(ownership.database_id(connection))
