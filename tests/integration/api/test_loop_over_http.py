"""The loop over HTTP: one, however many ask."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.process import until
from tests.integration.api.serving import Served, persona, serving, settings_for

STATUS = {
    "enabled", "running", "loop_interval_ms", "started_at", "last_tick_at", "persona_count",
    "active_persona_count", "events_buffered", "snapshots_buffered",
}  # fmt: skip


@pytest.fixture
def disabled(database: str, tmp_path: Path) -> Iterator[Served]:
    with serving(settings_for(tmp_path, database, cognition_enabled=False)) as served:
        yield served


def test_starting_seeds_the_root_thinker_where_there_is_no_persona(client: httpx.Client) -> None:
    before = client.get("/v1/cognition/status").json()
    assert set(before) == STATUS
    assert (before["running"], before["started_at"], before["persona_count"]) == (False, None, 0)
    status = client.post("/v1/cognition/start").json()
    assert (status["enabled"], status["running"], status["persona_count"]) == (True, True, 1)
    root = client.get("/v1/cognition/personas/root-thinker").json()
    assert root["identity"]["role"] == "orchestrator"
    assert root["identity"]["swarm_id"] == "swarm-core"


def test_starting_seeds_what_was_sent_instead(client: httpx.Client) -> None:
    seed = persona("mine", swarm_id="s7")
    status = client.post("/v1/cognition/start", json={"seed_persona": seed}).json()
    assert status["persona_count"] == 1
    assert client.get("/v1/swarm/personas/mine").json()["identity"]["swarm_id"] == "s7"


def test_nothing_is_seeded_where_somebody_lives(client: httpx.Client) -> None:
    client.post("/v1/swarm/personas", json=persona("p1")).raise_for_status()
    body = {"seed_persona": persona("mine")}
    assert client.post("/v1/cognition/start", json=body).json()["persona_count"] == 1


def test_a_start_while_running_takes_only_the_new_interval(client: httpx.Client) -> None:
    first = client.post("/v1/cognition/start", json={"loop_interval_ms": 250}).json()
    assert first["loop_interval_ms"] == 250
    again = client.post("/v1/cognition/start", json={"loop_interval_ms": 1}).json()
    assert again["loop_interval_ms"] == 100
    assert again["started_at"] == first["started_at"]


def test_fifty_starts_at_once_make_one_loop(served: Served, client: httpx.Client) -> None:
    def start(_: int) -> str:
        response = client.post("/v1/cognition/start")
        assert response.status_code == 200, response.text
        return str(response.json()["started_at"])

    with ThreadPoolExecutor(50) as pool:
        assert len(set(pool.map(start, range(50)))) == 1
    started = served.app.recorder.read(0, 100, topics=["cognition.started"])
    assert len(started) == 1
    assert client.get("/v1/cognition/status").json()["persona_count"] == 1


def test_a_stopped_loop_can_be_started_again(client: httpx.Client) -> None:
    first = client.post("/v1/cognition/start").json()
    stopped = client.post("/v1/cognition/stop", json={"reason": "maintenance"}).json()
    assert not stopped["running"]
    assert not client.post("/v1/cognition/stop").json()["running"]
    second = client.post("/v1/cognition/start").json()
    assert second["running"]
    assert second["started_at"] > first["started_at"]


def test_cognition_that_is_disabled_does_not_start(disabled: Served) -> None:
    with disabled.client() as client:
        response = client.post("/v1/cognition/start")
        assert (response.status_code, response.json()["code"]) == (400, "cognition_disabled")
        assert client.post("/v1/swarm/personas", json=persona("p1")).status_code == 200
        assert client.get("/v1/cognition/status").json()["enabled"] is False
        assert client.get("/health").json()["cognition"] == "disabled"


def test_the_latest_snapshot_is_that_of_whoever_compressed_last(client: httpx.Client) -> None:
    none = client.get("/v1/cognition/snapshots/latest")
    assert (none.status_code, none.json()["detail"]) == (404, "No snapshots available")
    client.post("/v1/swarm/personas", json=persona("p1")).raise_for_status()
    client.post("/v1/swarm/personas/p1/reap").raise_for_status()
    latest = client.get("/v1/cognition/snapshots/latest").json()
    assert set(latest) == {
        "id", "generated_at", "swarm_id", "persona_scope", "summary", "hot_event_count",
        "warm_fact_count", "cold_snapshot_count", "metadata",
    }  # fmt: skip
    assert latest["persona_scope"] == ["p1"]
    assert set(latest["metadata"]) == {"phase", "role", "source", "model", "completion_tokens"}
    assert latest["metadata"]["role"] == "r"


def test_a_thinking_fabric_says_when_it_thought_last(client: httpx.Client) -> None:
    client.post("/v1/cognition/start").raise_for_status()
    lines = "".join(f"Failed password for root from 192.0.2.7 port {n} ssh2\n" for n in range(30))
    client.post(
        "/v1/swarm/personas/root-thinker/observations", json={"source": "s", "content": lines}
    ).raise_for_status()
    root = "/v1/swarm/personas/root-thinker"
    until(lambda: client.get(root).json()["thought_count"], "it has thought")
    assert client.get("/v1/cognition/status").json()["last_tick_at"] is not None
