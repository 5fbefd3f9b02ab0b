"""`perpetua project`: views kept apart by processes of their own, killed at any moment."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from time import sleep

import psycopg
import pytest

from projections import lineage, totals
from projections.view import View
from services.bus.client import Client
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.store.save import Record, Save
from tests.e2e.process import Perpetua, until
from tests.integration.bus.publishing import delete_topics
from tests.integration.bus.relaying import PARTITIONS, Filling, all_published, relaying
from tests.integration.conftest import database
from tests.integration.views.keeping import rows, stands, taken_in, until_taken_in

__all__ = ["database"]

BUS = BusSettings()
KILLS = 4
SOAK_KILLS = 30
NOBODY = "postgresql://127.0.0.1:1/nobody"

Start = Callable[..., "Process"]


class Process:
    """A `perpetua project` that runs."""

    def __init__(self, perpetua: Perpetua, *arguments: str) -> None:
        self.home = perpetua.home
        self.process: subprocess.Popen[str] = perpetua.start("project", *arguments)

    @property
    def out(self) -> str:
        return (self.home / "out").read_text()

    @property
    def errors(self) -> str:
        return (self.home / "err").read_text()

    def has_begun(self) -> bool:
        assert self.process.poll() is None, self.errors
        return "Keeping" in self.out

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it by a signal, in good order."""
        self.process.send_signal(number)
        assert self.process.wait(20) == 0, self.errors
        assert self.out.endswith("Ended in good order.\n")


@pytest.fixture
def another(database: str) -> Callable[[], str]:
    """Gives places without a store: schemas of another database."""
    numbers = count()

    def another_one() -> str:
        name = f"plain_{next(numbers)}"
        with psycopg.connect(database) as connection:
            connection.execute(f"create schema {name}".encode())
        sign = "&" if "?" in database else "?"
        return f"{database}{sign}options=-csearch_path%3D{name}"

    return another_one


@pytest.fixture
def client(kafka: str) -> Client:
    """Speaks to a Kafka without topics."""
    delete_topics(kafka)
    return client_of(kafka, BUS)


@pytest.fixture
def start(tmp_path: Path, url: str, kafka: str) -> Iterator[Start]:
    """Starts `perpetua project` on homes of their own; killed at the end."""
    started, numbers = list[Process](), count()
    bus = {"PERPETUA_KAFKA": kafka, "PERPETUA_BUS__SESSION_TIMEOUT_MS": "6000"}

    def start_one(*arguments: str) -> Process:
        perpetua = Perpetua(tmp_path / f"home-{next(numbers)}", url, **bus)
        started.append(Process(perpetua, *arguments))
        return started[-1]

    yield start_one
    for each in started:
        each.kill()


def publish(store: Recorder, url: str, client: Client) -> None:
    with relaying(store, url, client, BUS):
        all_published(client, store)


def built_from_the_store(start: Start, store: Recorder, into: str, view: View) -> list[object]:
    process = start(view.name, "--source", "store", "--into", into)
    until(lambda: process.has_begun() and taken_in(into, view, store), "it is built")
    process.end()
    return rows(into, view)


def killed_at_random(
    kills: int, view: View, start: Start, store: Recorder, url: str, client: Client
) -> None:
    """Have two processes keep a view while events come, and kill one of them again and again."""
    filling, dice = Filling(store), Random()
    filling.write(200)
    publish(store, url, client)
    with relaying(store, url, client, BUS), filling.under_way(0.1):
        two = [start(view.name), start(view.name)]
        until(
            lambda: (
                any(each.has_begun() for each in two)
                and any(at for at, *_ in stands(url, view).values())
            ),
            "it has begun",
        )
        for _ in range(kills):
            sleep(dice.uniform(0, 3))
            number = dice.randrange(2)
            two[number].kill()
            two[number] = start(view.name)
    publish(store, url, client)
    until_taken_in(url, view, store)
    assert all(error is None for *_, error in stands(url, view).values())
    until(lambda: all(each.has_begun() for each in two), "both have begun")
    for each in two:
        each.end()


def test_processes_killed_at_any_moment_keep_the_lineage_the_store_has(
    start: Start,
    store: Recorder,
    url: str,
    client: Client,
    another: Callable[[], str],
) -> None:
    killed_at_random(KILLS, lineage.VIEW, start, store, url, client)
    found = rows(url, lineage.VIEW)
    assert found
    assert found == built_from_the_store(start, store, another(), lineage.VIEW)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("view", [lineage.VIEW, totals.VIEW], ids=lambda view: view.name)
def test_processes_killed_again_and_again_keep_the_view_the_store_has(
    view: View,
    start: Start,
    store: Recorder,
    url: str,
    client: Client,
    another: Callable[[], str],
) -> None:
    killed_at_random(SOAK_KILLS, view, start, store, url, client)
    assert rows(url, view) == built_from_the_store(start, store, another(), view)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_view_is_kept_from_kafka_in_another_database_and_ends_in_good_order(
    start: Start,
    store: Recorder,
    url: str,
    client: Client,
    another: Callable[[], str],
    number: signal.Signals,
) -> None:
    filling = Filling(store)
    filling.write(300)
    publish(store, url, client)
    plain = another()
    process = start("lineage", "--into", plain)
    until(lambda: process.has_begun() and taken_in(plain, lineage.VIEW, store), "it is built")
    process.end(number)
    assert process.errors == ""
    assert rows(plain, lineage.VIEW) == built_from_the_store(start, store, another(), lineage.VIEW)


def test_it_lists_who_keeps_each_view_how_far_it_is_behind_and_what_stops_it(
    start: Start, store: Recorder, url: str, tmp_path: Path
) -> None:
    perpetua = Perpetua(tmp_path / "home", url)
    Filling(store).write(100)
    kept = start("totals", "--source", "store")
    until(lambda: kept.has_begun() and taken_in(url, totals.VIEW, store), "it has all")
    nonsense = Record("nonsense", 1, "thought.generated", b"nonsense", 2)
    store.submit(Save([nonsense])).result()
    until(lambda: stands(url, totals.VIEW)[2][1] is not None, "it is stopped")
    kept.end()
    told = {each["name"]: each for each in perpetua.json("project")}
    assert (told["totals"]["apart"], told["totals"]["behind"]) == (True, 1)
    assert "no schema with fingerprint" in told["totals"]["error"]
    assert {name for name, each in told.items() if not each["apart"]} == told.keys() - {"totals"}
    assert told["lineage"]["behind"] == 0
    table = perpetua("project").stdout
    [line] = [each for each in table.splitlines() if each.startswith("totals  ")]
    assert "apart" in line
    assert line.endswith("in 1 partition")
    assert "by `perpetua up`" in table
    assert "totals is stopped in partition 2 after position" in table
    assert ", by thought.generated at position 101: UnknownSchema: no schema" in table

    assert "--why" in perpetua.refused("project", "totals", "--skip", "101")
    wrong = perpetua.refused("project", "totals", "--skip", "100", "--why", "it is broken")
    assert "totals is not stopped at position 100: it is stopped at 101" in wrong
    done = perpetua("project", "totals", "--skip", "101", "--why", "it is broken")
    assert done.stdout == "totals passes over position 101 from now on.\n"
    kept = start("totals", "--source", "store")
    until(lambda: kept.has_begun() and taken_in(url, totals.VIEW, store), "it has all")
    kept.end()
    table = perpetua("project").stdout
    assert "totals passes over thought.generated at position 101: it is broken (user:" in table
    assert "totals is stopped" not in table


def test_a_view_handed_back_is_kept_by_up_again_and_who_kept_it_ends(
    start: Start, store: Recorder, url: str, tmp_path: Path
) -> None:
    perpetua = Perpetua(tmp_path / "home", url)
    filling = Filling(store)
    filling.write(100)
    kept = start("lineage", "--source", "store")
    until(lambda: kept.has_begun() and taken_in(url, lineage.VIEW, store), "it has all")
    before = rows(url, lineage.VIEW)
    done = perpetua("project", "lineage", "--hand-back")
    assert done.stdout == "lineage is empty now, and `perpetua up` builds and keeps it there.\n"
    filling.write(1)
    assert kept.process.wait(20) == 2
    assert kept.errors.startswith("perpetua: the view lineage is not kept apart any more: start")
    assert kept.errors.count("\n") == 1
    told = {each["name"]: each for each in perpetua.json("project")}
    assert (told["lineage"]["apart"], told["lineage"]["behind"]) == (False, 0)
    assert len(rows(url, lineage.VIEW)) >= len(before) > 0
    assert "lineage is not kept apart" in perpetua.refused("project", "lineage", "--hand-back")


def test_what_it_cannot_do_is_said_in_one_line(
    store: Recorder,
    url: str,
    client: Client,
    kafka: str,
    tmp_path: Path,
) -> None:
    without = Perpetua(tmp_path / "home", url)
    assert "no view nonsense; there are " in without.refused("project", "nonsense")
    assert "no Kafka is set" in without.refused("project", "lineage")
    into = without.refused("project", "lineage", "--source", "store", "--into", NOBODY)
    assert into.startswith("perpetua: --into: ")
    assert "PERPETUA_DATABASE_URL" not in into
    impatient = {"PERPETUA_BUS__CONNECT_TIMEOUT_MS": "1000"}
    nobody = Perpetua(tmp_path / "home", url, PERPETUA_KAFKA="127.0.0.1:1", **impatient)
    assert "Kafka" in nobody.refused("project", "lineage")
    with_kafka = Perpetua(tmp_path / "home", url, PERPETUA_KAFKA=kafka)
    assert "is missing: make it with" in with_kafka.refused("project", "lineage")
    Filling(store).write(10)
    publish(store, url, client)
    assert "--into" in with_kafka.refused("project", "lineage", "--into", NOBODY)


def test_the_events_of_another_store_are_not_taken_in(
    start: Start, store: Recorder, url: str, client: Client, another: Callable[[], str]
) -> None:
    Filling(store).write(100)
    publish(store, url, client)
    theirs = another()
    migrate(theirs, PARTITIONS)
    process = start("lineage", "--database-url", theirs)
    until(
        lambda: process.has_begun() and all(e for *_, e in stands(theirs, lineage.VIEW).values()),
        "every partition is stopped",
    )
    process.end()
    assert {at for at, *_ in stands(theirs, lineage.VIEW).values()} == {0}
    assert f"the events of /perpetua/{store.store_id()}" in process.errors
    assert rows(theirs, lineage.VIEW) == []
    refused = Perpetua(process.home, url).refused(
        "project", "lineage", "--source", "store", "--into", theirs
    )
    assert "ForeignHistory" not in refused
    assert "these are the events of" in refused
