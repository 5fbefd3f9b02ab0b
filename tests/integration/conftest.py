"""Real PostgreSQL for every test that needs one."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from services.store.embedded import EmbeddedPostgres
from services.store.migrate import migrate
from services.store.recorder import Recorder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a server: `PERPETUA_TEST_DATABASE_URL`, else one of our own for this session."""
    if given := os.environ.get("PERPETUA_TEST_DATABASE_URL"):
        yield given
        return
    home = Path(tempfile.mkdtemp(prefix="perpetua-test-"))
    home.chmod(0o711)
    server = EmbeddedPostgres(home)
    try:
        yield _without_waiting_for_the_disk(server.start())
    finally:
        if pid := server.pid:
            os.kill(pid, signal.SIGINT)
            while server.pid:
                time.sleep(0.02)
        server.leave()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """Name of a migrated database to copy."""
    with _database(postgres) as name:
        migrate(_url(postgres, name))
        yield name


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """URL of a new database without tables."""
    with _database(postgres) as name:
        yield _url(postgres, name)


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[str]:
    """URL of a new, migrated database."""
    with _database(postgres, template) as name:
        yield _url(postgres, name)


@pytest.fixture
def open_store(database: str) -> Iterator[Callable[[], Recorder]]:
    """Opens recorders on one new database, as many as asked for; closed at the end."""
    opened: list[Recorder] = []

    def open_one() -> Recorder:
        opened.append(Recorder(database, poll_seconds=0.5))
        return opened[-1]

    yield open_one
    for recorder in opened:
        recorder.close()


@pytest.fixture
def store(open_store: Callable[[], Recorder]) -> Recorder:
    """A recorder on a new database."""
    return open_store()


@pytest.fixture
def home() -> Iterator[Path]:
    """A new home folder that the server's user may enter; what runs there is killed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="perpetua-home-"))
    folder.chmod(0o711)
    yield folder
    if pid := EmbeddedPostgres(folder).pid:
        os.kill(pid, signal.SIGQUIT)
        while EmbeddedPostgres(folder).pid:
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _without_waiting_for_the_disk(server: str) -> str:
    """Let a server that nobody kills, on a machine that does not fail, not wait until all is safe.

    Making and dropping a database for each test waits for little else.
    """
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    return server


def _url(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


@contextmanager
def _database(server: str, template: str = "template0") -> Iterator[str]:
    """Make a database for as long as the block lasts, and give its name."""
    name = f"perpetua_test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}".encode())
    try:
        yield name
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())
