"""One fabric that has digested the example, asked with and without an `up` that answers."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from tests.e2e.process import EXAMPLE, Perpetua, Up


@pytest.fixture(scope="module")
def digested(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Perpetua]:
    """The command on a database that has digested the example."""
    name = f"perpetua_test_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
        url = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
        home = tmp_path_factory.mktemp("home")
        perpetua = Perpetua(home, url, PERPETUA_MEMORY__EMBEDDER="minilm")
        perpetua("run", EXAMPLE)
        yield perpetua
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture(scope="module")
def serving(digested: Perpetua) -> Iterator[Up]:
    """An `up` on that database."""
    with digested.up() as up:
        yield up


@pytest.fixture
def proposal_ids(digested: Perpetua) -> list[str]:
    """Ids of the proposals that wait, newest first."""
    return [each["id"] for each in digested.json("proposals", "--waiting")]


@pytest.fixture
def deny_list(digested: Perpetua) -> Path:
    """What approving appends to."""
    return digested.home / "actions" / "deny.list"
