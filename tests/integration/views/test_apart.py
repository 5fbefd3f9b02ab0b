"""A view kept apart, from the store or from Kafka, is the view the projector makes."""

import threading
from collections.abc import Callable
from contextlib import closing
from time import sleep

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from projections import VIEWS, lineage, totals
from projections.view import View
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.store.connect import connect
from services.store.recorder import Recorder
from services.views import Views, tables
from services.views.apart import Apart, hand_back
from tests.e2e.process import until
from tests.integration.bus.publishing import delete_topics
from tests.integration.bus.relaying import Filling, all_published, relaying
from tests.integration.views.keeping import (
    PARTITIONS,
    OpenSource,
    from_kafka,
    from_store,
    keeping,
    last,
    projected,
    rows,
    stands,
    until_taken_in,
)
from tests.integration.views.stored import filling, store, url
from tests.integration.views.views_of_tests import counting, failing, trapped

__all__ = ["filling", "store", "url"]

BUS = BusSettings()

SourceOf = Callable[[View], OpenSource]


@pytest.fixture(params=["store", "kafka"])
def where(request: pytest.FixtureRequest) -> str:
    """Where events come from: the store, or the address of a Kafka it is published on."""
    if request.param == "store":
        return "store"
    bootstrap: str = request.getfixturevalue("kafka")
    delete_topics(bootstrap)
    return bootstrap


@pytest.fixture
def publish(where: str, url: str, store: Recorder) -> Callable[[], None]:
    """Publishes all that is stored by now, if events come from Kafka."""

    def publish_all() -> None:
        if where != "store":
            client = client_of(where, BUS)
            with relaying(store, url, client, BUS):
                all_published(client, store)

    return publish_all


@pytest.fixture
def source_of(where: str, store: Recorder) -> SourceOf:
    """Opens a source for a view."""
    if where == "store":
        return lambda view: from_store(store, view)
    return lambda _: from_kafka(client_of(where, BUS))


def test_every_view_kept_apart_equals_the_one_the_projector_makes(
    url: str,
    database: str,
    store: Recorder,
    filling: Filling,
    publish: Callable[[], None],
    source_of: SourceOf,
) -> None:
    filling.write(1_500)
    publish()
    filled = set[str]()
    for view in VIEWS:
        with keeping(url, view, source_of(view)):
            until_taken_in(url, view, store)
        found = rows(url, view)
        filled |= {view.name} if found else set()
        assert found == projected(store, database, view), view.name
        assert all(error is None for *_, error in stands(url, view).values())
    assert filled >= {"lineage", "memories", "personas", "proposals", "totals"}


def test_a_view_is_taken_over_where_it_stands_and_handed_back(
    url: str,
    database: str,
    store: Recorder,
    filling: Filling,
    publish: Callable[[], None],
    source_of: SourceOf,
) -> None:
    view = totals.VIEW
    filling.write(300)
    with closing(Views(store, url, views=[view, lineage.VIEW])) as views:
        views.catch_up()
        filling.write(300)
        publish()
        before = rows(url, view)
        Apart(url, view, PARTITIONS).close()
        assert set(stands(url, view).values()) == {(300, None, None)}
        views.catch_up()
        assert rows(url, view) == before  # it is not the projector's any more
        assert [each.name for each in views.standings() if each.apart] == ["totals"]
        assert {each.name: each.behind for each in views.standings()} == {
            "lineage": 0, "totals": 300,
        }  # fmt: skip
        with keeping(url, view, source_of(view)):
            until_taken_in(url, view, store)
        assert rows(url, view) == projected(store, database, view)
        assert {each.behind for each in views.standings()} == {0}

        assert hand_back(url, view)
        assert not hand_back(url, view)
        assert rows(url, view) == []
        assert stands(url, view) == {}
        views.catch_up()
        assert rows(url, view) == projected(store, database, view)


def test_a_view_goes_on_when_its_database_was_away(
    url: str,
    postgres: str,
    database: str,
    store: Recorder,
    filling: Filling,
    publish: Callable[[], None],
    source_of: SourceOf,
) -> None:
    view = totals.VIEW
    filling.write(200)
    publish()
    with keeping(url, view, source_of(view)):
        until_taken_in(url, view, store)
        filling.write(200)
        name = conninfo_to_dict(url)["dbname"]
        with psycopg.connect(postgres, autocommit=True) as server:
            server.execute(f"alter database {name} allow_connections false".encode())
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
            )
            sleep(1.5)
            server.execute(f"alter database {name} allow_connections true".encode())
        publish()
        until_taken_in(url, view, store)
    assert rows(url, view) == projected(store, database, view)


def test_a_member_that_comes_back_with_events_others_have_taken_in_since_takes_in_none(
    url: str,
    database: str,
    store: Recorder,
    filling: Filling,
    publish: Callable[[], None],
    source_of: SourceOf,
) -> None:
    filling.write(300)
    publish()
    holding, go = threading.Event(), threading.Event()

    def hold() -> bool:
        holding.set()
        go.wait()
        return False

    late = trapped(totals.VIEW, "nothing", hold)
    with keeping(url, late, source_of(late)):
        assert holding.wait(30)
        with keeping(url, totals.VIEW, from_store(store, totals.VIEW)):
            until_taken_in(url, totals.VIEW, store)
        before = rows(url, totals.VIEW)
        go.set()
        filling.write(100)
        publish()
        until_taken_in(url, totals.VIEW, store)
    assert before != rows(url, totals.VIEW) == projected(store, database, totals.VIEW)


def test_an_event_a_view_cannot_take_in_stops_its_partition_only_until_the_view_is_mended(
    url: str,
    store: Recorder,
    filling: Filling,
    publish: Callable[[], None],
    source_of: SourceOf,
) -> None:
    filling.write(600)
    publish()
    thoughts = store.read(0, 10_000, topics=["thought.generated"])
    poison = next(each for each in thoughts if each.position > 300)
    broken = failing(counting(), lambda each: each.position == poison.position)
    with keeping(url, broken, source_of(broken)):
        until(lambda: stands(url, broken)[poison.partition][1] is not None, "it is stopped")
        others = [number for number in range(PARTITIONS) if number != poison.partition]
        until(
            lambda: all(stands(url, broken)[each][0] >= last(store, each) for each in others),
            "the others go on",
        )
    position, failed, error = stands(url, broken)[poison.partition]
    assert position < poison.position == failed
    assert error == "ValueError: this can't\ufffd be folded"
    before = [each for each in thoughts if each.partition == poison.partition]
    assert position >= max([e.position for e in before if e.position < poison.position] or [0])
    taken = {e.position for e in thoughts} - {
        e.position for e in before if e.position >= poison.position
    }
    assert sum(count for _, count in rows(url, broken)) == len(taken)
    with closing(Views(store, url, views=[broken])) as views:
        [standing] = views.standings()
        assert (standing.error, standing.apart, standing.behind > 0) == (error, True, True)
        assert views.problems() == []
    mended = counting()
    with keeping(url, mended, source_of(mended)):
        until_taken_in(url, mended, store)
    assert sum(count for _, count in rows(url, mended)) == len(thoughts)
    assert all(error is None for *_, error in stands(url, mended).values())


def test_a_view_made_anew_is_built_again_by_who_keeps_it(
    url: str,
    database: str,
    store: Recorder,
    filling: Filling,
    publish: Callable[[], None],
    source_of: SourceOf,
) -> None:
    view = totals.VIEW
    filling.write(300)
    publish()
    with keeping(url, view, source_of(view)):
        until_taken_in(url, view, store)
        with connect(url) as connection:
            tables.reset(connection, view)
        filling.write(50)
        publish()
        until_taken_in(url, view, store)
    assert rows(url, view) == projected(store, database, view)
