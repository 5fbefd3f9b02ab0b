"""A fabric that runs for all tests of a file, what it stored, and a network to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from perpetua_client import AsyncClient, Client
from services.store.recorder import Recorder
from tests.e2e.client.cases import Network, now
from tests.e2e.process import EXAMPLE, Perpetua, Up
from tests.integration.api.conftest import shared_database  # noqa: F401  (fixture)


@pytest.fixture(scope="module")
def up(
    shared_database: str,  # noqa: F811  the fixture above
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Up]:
    with Perpetua(tmp_path_factory.mktemp("client") / "home", shared_database).up(EXAMPLE) as up:
        yield up


@pytest.fixture(scope="module")
def kept(up: Up, shared_database: str) -> Iterator[Recorder]:  # noqa: F811  the fixture above
    with Recorder(shared_database) as recorder:
        yield recorder


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
async def network(up: Up, request: pytest.FixtureRequest) -> AsyncIterator[Network]:
    network = Network(up.url, request.param)
    yield network
    for client in network.made:
        await now(client.close())
