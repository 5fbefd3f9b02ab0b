"""Served apps: one a test, and one a module for tests that leave nothing behind."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.integration.api.serving import Served, serving, settings_for


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    with serving(settings_for(tmp_path, database)) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """The operator's client."""
    with served.client() as client:
        yield client


@pytest.fixture(scope="module")
def shared_database(postgres: str, template: str) -> Iterator[str]:
    """URL of a new, migrated database for all tests of a module."""
    name = f"perpetua_test_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}".encode())
        yield urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture(scope="module")
def shared(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(settings_for(tmp_path_factory.mktemp("home"), shared_database)) as served:
        yield served


@pytest.fixture(scope="module")
def shared_client(shared: Served) -> Iterator[httpx.Client]:
    """The operator's client of the module's server."""
    with shared.client() as client:
        yield client
