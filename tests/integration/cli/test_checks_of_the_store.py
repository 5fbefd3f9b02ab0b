"""Each check of the store finds the fault it is there for: real servers, real tables."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services import clock
from services.cli.checks import kafka, running, store
from services.cli.checks.catalogue import examined
from services.cli.checks.finding import Finding
from services.cli.checks.scene import Machine, Scene
from services.cli.instance import Instance
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.writing import execute, write
from tests.unit.cli.scenes import scene
from tests.unit.projections.given import NOON, History

Look = Callable[..., Scene]
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    """Opens scenes whose store is reached."""
    opened: list[Scene] = []

    def open_one(url: str, machine: Machine | None = None, **settings: Any) -> Scene:
        opened.append(scene(tmp_path, machine, database_url=url, **settings))
        store.store(opened[-1])
        return opened[-1]

    yield open_one
    for each in opened:
        with each:
            pass


def viewed(recorder: Recorder, database: str, history: History) -> None:
    write(recorder, history)
    with closing(Views(recorder, database)) as views:
        views.catch_up()


def found(check: Callable[[Scene], Finding | None], looked: Scene) -> Finding:
    finding = check(looked)
    assert finding
    return finding


def at(now: datetime) -> Machine:
    return Machine(now=lambda: now)


def test_a_store_that_is_away_is_wrong_and_ends_no_other_check(tmp_path: Path) -> None:
    with scene(tmp_path, database_url="postgresql://127.0.0.1:1/x") as away:
        findings = {each.check: each for each in examined(away)}
    assert findings["store"].verdict == "wrong"
    assert "check that PostgreSQL runs" in (findings["store"].fix or "")
    assert "rights" not in findings
    assert findings["kafka"].verdict == "fine"


def test_a_store_that_is_as_it_must_be_is_fine(
    database: str, recorder: Recorder, look: Look
) -> None:
    viewed(recorder, database, History(clock.now() - timedelta(seconds=9)).spawned("a"))
    findings = list(examined(look(database, port=0)))
    assert {"store", "rights", "vectors", "partitions", "skew", "views"} < {
        each.check for each in findings
    }
    assert [each for each in findings if not each.fine] == []


def test_a_database_of_another_encoding_is_wrong(postgres: str) -> None:
    name = f"perpetua_test_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(
            f"create database {name} template template0 encoding latin1 locale 'C'".encode()
        )
    url = postgres.replace("/postgres", f"/{name}")
    try:
        with scene(Path("x"), database_url=url) as looked:
            finding = store.store(looked)
        assert (finding.verdict, "LATIN1" in finding.found) == ("wrong", True)
    finally:
        execute_alone(postgres, f"drop database {name} with (force)")


def test_a_user_who_may_make_nothing_is_found(empty_database: str, look: Look) -> None:
    role = f"test_{uuid4().hex}"
    execute_alone(empty_database, f"create role {role} login password 'x'")
    try:
        url = psycopg.conninfo.make_conninfo(empty_database, user=role, password="x")
        finding = found(store.rights, look(url))
        assert finding.verdict == "wrong"
        assert f"{role} may not make tables" in finding.found
    finally:
        execute_alone(empty_database, f"drop role {role}")


def test_another_number_of_partitions_than_was_fixed_is_wrong(database: str, look: Look) -> None:
    assert found(store.partitions, look(database, partitions=7)).verdict == "wrong"
    assert found(store.partitions, look(database, partitions=12)).verdict == "fine"


@pytest.mark.parametrize(
    ("ahead_secs", "verdict"), [(0, "fine"), (-5, "warning"), (5, "warning"), (90, "wrong")]
)
def test_clocks_that_are_apart_are_found(
    ahead_secs: int, verdict: str, database: str, look: Look
) -> None:
    apart = timedelta(seconds=ahead_secs)
    finding = found(store.skew, look(database, Machine(now=lambda: clock.now() + apart)))
    assert finding.verdict == verdict


def test_events_of_a_time_to_come_are_found(database: str, recorder: Recorder, look: Look) -> None:
    write(recorder, History().spawned("a"))
    assert found(running.future, look(database, at(NOON - timedelta(hours=1)))).verdict == "wrong"
    assert running.future(look(database, at(NOON))) is None


def test_a_view_that_is_stopped_is_found(database: str, recorder: Recorder, look: Look) -> None:
    viewed(recorder, database, History().spawned("a"))
    assert found(running.views, look(database)).verdict == "fine"
    write(recorder, History().spawned("a").thought("a"), start=1)
    execute(database, "update events set state = 'nonsense' where position = 2")
    with closing(Views(recorder, database)) as views:
        views.catch_up()
    finding = found(running.views, look(database))
    assert (finding.verdict, "is stopped" in finding.found) == ("wrong", True)
    assert "--skip 2 --why" in (finding.fix or "")


def test_who_is_held_and_what_waits_is_found(database: str, recorder: Recorder, look: Look) -> None:
    history = History().spawned("ann").paused("ann", "overspent").proposed("p", "ann")
    history.verified("p").decided("p", "require_approval")
    viewed(recorder, database, history)
    late = look(database, at(LATER))
    held, waiting = found(running.held, late), found(running.waiting, late)
    assert (held.verdict, held.found) == (
        "warning",
        "1 persona paused: ann used more than was reserved",
    )
    assert "perpetua resume" in (held.fix or "")
    assert (waiting.verdict, "1 proposal" in waiting.found) == ("warning", True)
    assert running.waiting(look(database, at(NOON))) is None


def test_an_action_of_unknown_outcome_is_found(
    database: str, recorder: Recorder, look: Look
) -> None:
    history = History().spawned("ann").proposed("p", "ann").verified("p").decided("p", "allow")
    viewed(recorder, database, history.started("p").executed("p", "unknown"))
    finding = found(running.unclear, look(database))
    assert (finding.verdict, finding.found) == ("warning", "1 action may have run or not: p")


def test_a_file_that_nobody_reads_on_is_found_while_up_runs(
    database: str, recorder: Recorder, look: Look, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 40)
    viewed(recorder, database, History().observed(str(log), 3, 30))
    later = at(datetime.now(UTC) + timedelta(minutes=5))
    assert running.inputs(look(database, later)) is None
    with Instance(tmp_path) as up:
        up.publish("http://127.0.0.1:1")
        finding = found(running.inputs, look(database, later))
        assert finding.verdict == "warning"
        assert "has 10 bytes nobody read" in finding.found
        assert found(running.inputs, look(database)).verdict == "fine"  # it was just written


def test_lines_that_were_dropped_and_files_that_were_gone_are_told_of_in_all(
    database: str, recorder: Recorder, look: Look
) -> None:
    history = History().observed("a.log", 3, 30).dropped("a.log", 2_000, 90)
    viewed(recorder, database, history.dropped("b.log", 0, 7, reason="gone"))
    finding = found(running.dropped, look(database))
    assert finding.verdict == "warning"
    assert finding.found == (
        "2,000 lines over the limit dropped (see [inputs]),"
        " 1 file removed before the end was read, of 2 sources"
    )
    assert "keep more rotated files" in (finding.fix or "")


def test_a_relay_that_is_far_behind_is_found(database: str, recorder: Recorder, look: Look) -> None:
    write(recorder, History().spawned("a"))
    assert found(kafka.relay, look(database, kafka="127.0.0.1:1")).verdict == "fine"
    execute(database, "update events set position = 20000")
    finding = found(kafka.relay, look(database, kafka="127.0.0.1:1"))
    assert (finding.verdict, finding.found) == ("warning", "20,000 events are not on Kafka yet")


def test_events_can_be_published_in_transactions(database: str, look: Look, kafka: str) -> None:
    from services.cli.checks import kafka as checks

    looked = look(database, kafka=kafka)
    assert checks.transactions(looked) is None
    assert checks.kafka(looked).verdict == "fine"
    assert found(checks.transactions, looked).verdict == "fine"


@pytest.fixture
def recorder(database: str) -> Iterator[Recorder]:
    with Recorder(database) as recorder:
        yield recorder


def execute_alone(database: str, sql: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.encode())
