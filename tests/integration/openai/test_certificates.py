"""A server whose certificate nobody trusts is told so, and is sent nothing."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.thinking import Unanswered
from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.settings import OpenAISettings
from services.cognition.openai.thinker import OpenAIThinker
from tests.integration.openai.server import Server, serving
from tests.unit.openai.asking import asked, line

REQUEST = asked(lines=[line()])


def self_signed(folder: Path, name: str) -> Path:
    """Make a key and its own certificate, both in one file."""
    made = folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{name}",
         "-keyout", made, "-out", made.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    made.write_text(made.read_text() + made.with_suffix(".crt").read_text())
    return made


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), "192.0.2.7")


@pytest.fixture
async def server(mine: Path) -> AsyncIterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(mine)
    async with serving(tls=context) as server:
        yield server


async def answer_of(server: Server, ca_file: Path | None) -> str:
    settings = OpenAISettings(base_url=server.url, model="m", timeout_secs=20, ca_file=ca_file)
    endpoint = Endpoint(settings.base_url, 1, ca_file=ca_file)
    try:
        return (await OpenAIThinker(settings, endpoint, {}).think(REQUEST)).content
    finally:
        await endpoint.close()


@pytest.mark.parametrize("trusts", ["the system's", "another"])
async def test_a_certificate_nobody_trusts_is_told_with_what_to_do(
    server: Server, foreign: Path, trusts: str
) -> None:
    with pytest.raises(Unanswered) as wrong:
        await answer_of(server, foreign if trusts == "another" else None)

    assert "its certificate is not trusted; if it should be, set ca_file" in str(wrong.value)
    assert not wrong.value.retryable
    assert wrong.value.usage is not None
    assert wrong.value.usage.tokens == 0
    assert server.seen == []


async def test_a_certificate_that_is_trusted_is(server: Server, mine: Path) -> None:
    assert "1 shown" in await answer_of(server, mine)
