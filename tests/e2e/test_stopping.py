"""Ctrl-C, and what keeps the command from starting: one line, and nothing left behind."""

import os
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from services.store.embedded import EmbeddedPostgres
from services.store.recorder import Recorder
from tests.checks import check_positions, check_reaped_are_distilled, history
from tests.e2e.process import PERPETUA, Perpetua, until

PROMPT_SECS = 8.0
"""Two seconds are the promise; the machine of a test may be busy."""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A log that takes a while."""
    log = tmp_path / "large.log"
    line = "Nov 23 10:00:00 host app[{}]: request {} took {} ms for user {}\n"
    log.write_text("".join(line.format(n, n * 7, n % 977, n % 31) for n in range(400_000)))
    return log


def test_ctrl_c_ends_a_run_at_once_and_in_good_order(embedded: Perpetua, large: Path) -> None:
    process = embedded.start("run", large)
    until(lambda: has_events(EmbeddedPostgres(embedded.home).conninfo), "it reads")
    assert process.poll() is None
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert time.monotonic() - began < PROMPT_SECS
    assert embedded.errors == "perpetua: interrupted\n"
    server = EmbeddedPostgres(embedded.home)
    assert server.pid is None, "the server was left behind"
    with Recorder(server.start()) as recorder:
        events = history(recorder)
    server.stop_if_last_user()
    check_positions(events)
    check_reaped_are_distilled(events)
    topics = [each.event.topic for each in events]
    assert topics.count("persona.reaped") == topics.count("persona.spawned")


def test_a_second_ctrl_c_ends_it_at_once(
    perpetua: Perpetua, large: Path, empty_database: str
) -> None:
    process = perpetua.start("run", large)
    until(lambda: has_events(empty_database), "it reads")
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(20) in (130, -signal.SIGINT)  # the same to a shell: it was at the very end
    assert time.monotonic() - began < PROMPT_SECS / 2
    assert "Traceback" not in perpetua.errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_up_in_good_order_also_with_a_client_listening(
    perpetua: Perpetua, stored: Recorder, number: signal.Signals
) -> None:
    with (
        perpetua.up() as up,
        up.client() as client,
        client.stream("GET", "/v1/cognition/stream") as stream,
    ):
        assert stream.is_success
        began = time.monotonic()
        up.process.send_signal(number)
        assert up.process.wait(20) == 0
        assert time.monotonic() - began < PROMPT_SECS
    assert perpetua.errors == ""
    assert [each.event.topic for each in history(stored)][-1] == "cognition.stopped"
    assert not (perpetua.home / "up.json").exists()


def test_a_second_up_on_the_same_home_is_told_who_runs_it(perpetua: Perpetua) -> None:
    with perpetua.up() as up:
        line = perpetua.refused("up", "--port", "0")
        assert f"process {up.process.pid} serves {up.url}" in line
        up.kill()
    with perpetua.up() as up:  # what a killed one left is in nobody's way
        assert up.interrupt() < PROMPT_SECS


def test_a_taken_port_is_told_before_anything_is_made(perpetua: Perpetua) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} of 127.0.0.1 is taken" in perpetua.refused("up", "--port", port)
    assert not perpetua.home.exists()


@pytest.mark.parametrize(
    ("command", "name", "value", "said"),
    [
        ("up", "PERPETUA_PORT", "many", "setting port"),
        ("run", "PERPETUA_LIMITS__SWARM__MAX_LIVE_PERSONAS", "few", "max_live_personas"),
        ("up", "PERPETUA_DATABASE_URL", "postgresql://127.0.0.1:1/x", "Connection refused"),
        ("run", "PERPETUA_DATABASE_URL", "postgresql://127.0.0.1:1/x", "Connection refused"),
        ("status", "PERPETUA_DATABASE_URL", "nonsense", "PERPETUA_DATABASE_URL"),
    ],
)
def test_wrong_settings_are_one_line(
    tmp_path: Path, command: str, name: str, value: str, said: str
) -> None:
    perpetua = Perpetua(tmp_path / "home", **{name: value})
    arguments = {"run": [__file__], "up": ["--port", "0"] if "PORT" not in name else []}
    assert said in perpetua.refused(command, *arguments.get(command, []))


def test_a_broken_settings_file_is_one_line(tmp_path: Path) -> None:
    perpetua = Perpetua(tmp_path)
    (tmp_path / "perpetua.toml").write_text("port = \n")
    assert "perpetua.toml" in perpetua.refused("status")


def test_who_reads_no_further_is_no_error(tmp_path: Path) -> None:
    perpetua = Perpetua(tmp_path)
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [PERPETUA, "topics"], stdout=theirs, stderr=subprocess.PIPE, env=perpetua.env, check=False
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_token_is_shown_once_and_kept_for_its_owner_only(perpetua: Perpetua) -> None:
    del perpetua.env["PERPETUA_TOKEN"]
    process = perpetua.start("up", "--port", "0")
    kept = perpetua.home / "token"
    until((perpetua.home / "up.json").exists, "it serves")
    until(lambda: "end " in (perpetua.home / "out").read_text(), "it says where to look")
    assert kept.read_text().strip() in (perpetua.home / "out").read_text()
    for name in ("token", "agents.secret", "up.json", "perpetua.log"):
        assert stat.S_IMODE((perpetua.home / name).stat().st_mode) == 0o600
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    (perpetua.home / "out").write_text("")
    process = perpetua.start("up", "--port", "0")
    until(lambda: "end " in (perpetua.home / "out").read_text(), "it says where to look")
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert kept.read_text().strip() not in (perpetua.home / "out").read_text()


def has_events(database: str) -> bool:
    with (
        suppress(psycopg.OperationalError, psycopg.errors.UndefinedTable),
        psycopg.connect(database) as connection,
    ):
        return bool(connection.execute("select from events limit 1").fetchall())
    return False
