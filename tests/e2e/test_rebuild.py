"""`perpetua rebuild`: beside what is read, while `up` runs, killed, and from Kafka."""

import json
import os
import signal
from pathlib import Path

import psycopg
import pytest

from projections import VIEWS, totals
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.cli.rebuild_progress import watched
from services.store.recorder import Recorder
from services.store.save import Record, Save
from tests.e2e.process import Perpetua, until
from tests.integration.bus.publishing import delete_topics
from tests.integration.bus.relaying import Filling, all_published, relaying
from tests.integration.views.keeping import rows
from tests.integration.views.writing import execute, tables

BUS = BusSettings()
NOBODY = "postgresql://127.0.0.1:1/nobody"
LEFT_OVER = "select nspname from pg_namespace where nspname like 'perpetua_rebuild%'"


@pytest.fixture
def perpetua(tmp_path: Path, url: str) -> Perpetua:
    return Perpetua(tmp_path / "home", url, PERPETUA_COGNITION_ENABLED="false")


def test_all_views_are_rebuilt_while_up_keeps_them_and_goes_on_with_the_new_ones(
    perpetua: Perpetua, store: Recorder, url: str
) -> None:
    Filling(store).write(400)
    with perpetua.up() as up:
        until(lambda: all(each["behind"] == 0 for each in up.get("/v1/views")), "it keeps up")
        done = perpetua.json("rebuild", "--all", "--check")
        assert [each["view"] for each in done] == [view.name for view in VIEWS]
        assert all(each["equal"] for each in done)
        [counted] = [each for each in done if each["view"] == "totals"]
        assert counted["events"] >= 400
        assert counted["events_per_second"] > 0
        Filling(store, "other").write(40)
        until(lambda: all(each["behind"] == 0 for each in up.get("/v1/views")), "it goes on")
        line = perpetua("rebuild", "totals", "--jobs", "2", "--check").stdout
        assert line.startswith("totals: ")
        assert line.endswith("in its place now, equal to the old one.\n")
    assert execute(url, LEFT_OVER) == []
    assert perpetua.errors == ""


def test_a_rebuild_killed_halfway_leaves_the_old_view_and_the_next_one_ends(
    perpetua: Perpetua, store: Recorder, url: str
) -> None:
    Filling(store).write(3_000)
    perpetua("status")
    before = tables(url)
    process = perpetua.start("rebuild", "totals")
    started = "select nspname from pg_namespace where nspname like 'perpetua_rebuild%%totals'"
    with psycopg.connect(url, autocommit=True) as looking:
        until(lambda: looking.execute(started.encode()).fetchall(), "it builds")
    process.kill()
    process.wait()
    assert tables(url) == before
    perpetua("rebuild", "totals", "--check")
    assert execute(url, LEFT_OVER) == []
    assert tables(url) == before


def test_a_view_rebuilt_from_kafka_equals_the_one_from_the_store(
    perpetua: Perpetua, store: Recorder, url: str, kafka: str
) -> None:
    delete_topics(kafka)
    Filling(store).write(500)
    client = client_of(kafka, BUS)
    with relaying(store, url, client, BUS):
        all_published(client, store)
    perpetua.env["PERPETUA_KAFKA"] = kafka
    perpetua("status")
    before = rows(url, totals.VIEW)
    [done] = perpetua.json("rebuild", "totals", "--source", "kafka", "--check")
    assert (done["events"], done["equal"]) == (500, True)
    assert rows(url, totals.VIEW) == before
    told = {each["name"]: each for each in perpetua.json("project")}
    assert (told["totals"]["apart"], told["totals"]["behind"]) == (False, 0)


def test_what_is_refused_is_told_and_all_others_are_rebuilt(
    perpetua: Perpetua, store: Recorder, url: str
) -> None:
    Filling(store).write(100)
    perpetua("status")
    execute(url, "create view mine as select * from view_lineage")
    execute(url, "update view_totals set events = events + 1")
    done = perpetua("rebuild", "--all", "--check", "--json", code=2)
    told = {each["view"]: each for each in json.loads(done.stdout)}
    assert list(told) == [view.name for view in VIEWS]
    assert {name for name, each in told.items() if "refused" in each} == {"lineage", "totals"}
    assert all(each["equal"] for each in told.values() if "refused" not in each)
    lines = sorted(done.stderr.splitlines())
    assert len(lines) == 2
    assert lines[0].startswith("perpetua: the view lineage can't be replaced while view mine dep")
    assert lines[1].startswith("perpetua: the view totals stays as it is: built anew, it has other")


def test_a_view_of_an_earlier_version_is_built_once(
    perpetua: Perpetua, store: Recorder, url: str
) -> None:
    Filling(store).write(100)
    perpetua("status")
    execute(
        url,
        "update view_progress set version = 0 where name = 'totals'; create table built (tag text);"
        "create function note() returns event_trigger language plpgsql as"
        " $$ begin insert into public.built values (tg_tag); end $$;"
        "create event trigger note on ddl_command_end when tag in ('CREATE SCHEMA')"
        " execute function note()",
    )
    [done] = perpetua.json("rebuild", "totals")
    assert (done["view"], done["events"], done["stopped"]) == ("totals", 100, [])
    assert execute(url, "select count(*) from built") == [(1,)]


def test_a_view_that_stops_sooner_than_the_one_before_it_is_told_by_the_exit_code(
    perpetua: Perpetua, store: Recorder, url: str
) -> None:
    nonsense = Record("nonsense", 1, "thought.generated", b"nonsense", 2)
    store.submit(Save([nonsense])).result()
    perpetua("status")
    execute(
        url,
        "update view_progress set version = 0 where name = 'totals';"
        "delete from view_partitions where name = 'totals'",
    )
    done = perpetua("rebuild", "totals", code=2)
    assert "totals is stopped in partition 2 after position 0, by thought.generated" in done.stdout
    assert "takes in less than the one before it" in done.stderr


def test_ctrl_c_at_a_terminal_ends_several_processes_that_build_with_one_line(
    perpetua: Perpetua, store: Recorder
) -> None:
    Filling(store).write(500)
    perpetua("status")
    process = perpetua.start("rebuild", "totals", "--jobs", "4")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: len(children.read_text().split()) > 2, "they start")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert perpetua.errors == "perpetua: interrupted\n"


def test_it_says_once_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    with watched("totals", 9, quiet=True, waits="events", line_secs=0) as told:
        for passed in (0, 4, 4, 4, 9, 9):
            told(passed, 9)
    assert capsys.readouterr().err == "perpetua: totals waits for events\n"


def test_what_it_cannot_do_is_said_in_one_line(perpetua: Perpetua) -> None:
    assert "name one view, or say --all" in perpetua.refused("rebuild")
    assert "no Kafka is set" in perpetua.refused("rebuild", "totals", "--source", "kafka")
    both = perpetua.refused("rebuild", "totals", "--source", "kafka", "--jobs", "2")
    assert "--jobs is for --source store" in both
    assert perpetua.refused("rebuild", "totals", "--into", NOBODY).startswith("perpetua: --into: ")
