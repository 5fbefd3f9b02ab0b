"""The doctor asks real servers for their models, and real personas for their thinkers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.limits import Limits
from services import clock
from services.cli.checks import store, thinkers
from services.cli.checks.catalogue import examined
from services.cli.checks.finding import Finding
from services.cognition.openai.settings import OpenAISettings
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.openai.broken import error, response
from tests.integration.openai.server import Server, serving
from tests.integration.views.writing import write
from tests.unit.cli.scenes import scene
from tests.unit.projections.given import History

KEY = "sk-very-secret"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


def model(url: str, **changes: Any) -> OpenAISettings:
    return OpenAISettings(**{"base_url": url, "model": "gpt-4o", "api_key": KEY} | changes)


def listing(*names: str) -> bytes:
    told = {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
    return response(200, json.dumps(told).encode())


async def asked(home: Path, **models: OpenAISettings) -> Sequence[Finding]:
    with scene(home, thinkers=models) as looked:
        return await asyncio.to_thread(thinkers.models, looked)


async def test_a_server_is_asked_with_the_key_and_nothing_is_spent(
    server: Server, tmp_path: Path
) -> None:
    server.models = listing("gpt-4o")
    [found] = await asked(tmp_path, large=model(server.url))
    assert (found.check, found.verdict) == ("thinker large", "fine")
    assert found.found == f"gpt-4o at {server.url} is reached"
    [headers] = server.asked_for_models
    assert headers["authorization"] == f"Bearer {KEY}"
    assert server.seen == []


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        (None, "fine", "is reached"),  # 404: some servers list nothing
        (error(401, f"bad key {KEY}"), "wrong", "refuses its api_key with status 401"),
        (error(403, "no"), "wrong", "refuses its api_key with status 403"),
        (error(500, "oops"), "warning", "answers with status 500"),
        (response(302, b"", "Location: http://192.0.2.7/\r\n"), "wrong", "sends callers elsewhere"),
        (listing("llama", "qwen"), "warning", "lists 2 models, and not gpt-4o"),
        (response(200, b"<html>"), "fine", "is reached"),
        (response(200, b'{"data": [7]}'), "fine", "is reached"),
        (response(200, b" " * 3_000_000), "fine", "is reached"),
    ],
)
async def test_what_a_server_answers_is_told_with_a_fix_and_no_key(
    server: Server, tmp_path: Path, answer: bytes | None, verdict: str, said: str
) -> None:
    server.models = answer
    [found] = await asked(tmp_path, large=model(server.url))
    assert found.verdict == verdict
    assert said in found.found
    assert (found.fix is None) == (verdict == "fine")
    assert KEY not in repr(found)


async def test_a_server_that_is_away_or_silent_is_a_warning_and_holds_up_no_other(
    server: Server, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        findings = await asked(
            tmp_path,
            away=model("http://127.0.0.1:1/v1"),
            mute=model(mute),
            well=model(server.url, model="llama3", structured="text", fallback=None),
        )
    away, silent_one, well = findings
    assert (away.verdict, "can't be reached" in away.found) == ("warning", True)
    assert (silent_one.verdict, "says nothing in 3 s" in silent_one.found) == ("warning", True)
    assert well.verdict == "fine"
    assert "asked for as text" in well.found
    assert "without a fallback" in well.found
    assert "its price is not known" in well.found
    assert KEY not in repr(findings)


async def test_without_a_model_it_says_who_thinks(tmp_path: Path) -> None:
    [found] = await asked(tmp_path)
    assert found.found == "no model is set: statistical thinks"


def of(name: str, **limits: int) -> dict[str, Any]:
    return {"tags": (f"thinker:{name}",), "limits": Limits(**limits)}


def looked_at(database: str, home: Path, history: History) -> dict[str, Finding]:
    with Recorder(database) as recorder:
        write(recorder, history)
        with closing(Views(recorder, database)) as views:
            views.catch_up()
    models = {"large": model("http://127.0.0.1:1/v1", timeout_secs=20)}
    with scene(home, database_url=database, port=0, thinkers=models) as looked:
        store.store(looked)
        return {each.check: each for each in examined(looked)}


def test_personas_that_will_never_think_or_cannot_pay_are_found(
    database: str, tmp_path: Path
) -> None:
    history = History(clock.now())
    history.spawned("rich", **of("large", token_budget_per_minute=60_000,
                                 compute_ms_per_minute=20_000))  # fmt: skip
    history.spawned("poor", **of("large", token_budget_per_minute=9_000,
                                 compute_ms_per_minute=20_000))  # fmt: skip
    history.spawned("hasty", **of("large", token_budget_per_minute=60_000,
                                  compute_ms_per_minute=10_000))  # fmt: skip
    history.spawned("lost", **of("larg")).spawned("agent", **of("external")).spawned("plain")
    findings = looked_at(database, tmp_path, history)
    names, tokens, time = (
        findings[f"thinker{each}"] for each in (" names", " tokens", " time")
    )  # fmt: skip
    assert (names.verdict, names.found) == (
        "wrong", "there is no thinker 'larg' for 1 persona: lost",
    )  # fmt: skip
    assert "add [thinkers.larg]" in (names.fix or "")
    assert (tokens.verdict, tokens.found.split()[0]) == ("warning", "poor")
    assert 10_000 < int(tokens.found.rpartition(" ")[2].replace(",", "")) < 16_000
    assert (time.verdict, time.found.split()[0]) == ("warning", "hasty")
    assert "(1 persona in all)" in time.found
    assert findings["thinker large"].verdict == "warning"


def test_personas_that_have_their_thinker_and_can_pay_it_are_not_told_of(
    database: str, tmp_path: Path
) -> None:
    history = History(clock.now()).spawned("plain")
    history.spawned("rich", **of("large", token_budget_per_minute=60_000,
                                 compute_ms_per_minute=20_000))  # fmt: skip
    assert not {"thinker names", "thinker tokens", "thinker time"} & set(
        looked_at(database, tmp_path, history)
    )
