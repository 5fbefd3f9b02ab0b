"""Searching memory over HTTP: for whom, with what, and how it is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.api.agent import PERSONAS, Agent
from tests.integration.api.serving import (
    VIEWER,
    Served,
    persona,
    policy,
    serving,
    settings_for,
)

SWARM = "night-shift"
CLAIM = "root logins fail from one address"


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    settings = settings_for(tmp_path, database, memory={"embedder": "hashing"})
    with serving(settings) as served:
        yield served


@pytest.fixture
def operator(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def spawned(operator: httpx.Client, persona_id: str, **policy_changes: Any) -> None:
    body = persona(persona_id, swarm_id=SWARM, policy=policy(**policy_changes))
    operator.post(PERSONAS, json=body).raise_for_status()


def thinks(operator: httpx.Client, persona_id: str, content: str) -> str:
    told = operator.post(
        f"{PERSONAS}/{persona_id}/thoughts", json={"phase": "reflect", "content": content}
    )
    return str(told.raise_for_status().json()["id"])


def search(client: httpx.Client, of: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"{PERSONAS}/{of}/memory/search", json={"query": CLAIM, **body})
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def found(client: httpx.Client, of: str, **body: Any) -> list[str]:
    return [hit["ref"] for hit in search(client, of, **body)["hits"]]


def test_a_thought_is_found_with_what_speaks_for_it(served: Served, operator: httpx.Client) -> None:
    spawned(operator, "ann")
    thought = thinks(operator, "ann", CLAIM)
    assert search(operator, "ann")["ranked_by"] == "text"

    served.app.indexer.catch_up()
    told = search(operator, "ann", query="failing logins of root")
    assert (told["embedder"], told["ranked_by"]) == ("hashing-1:384", "vectors")
    [hit] = told["hits"]
    assert (hit["ref"], hit["persona_id"], hit["kind"]) == (thought, "ann", "thought")
    assert (hit["text"], hit["tier"], hit["count"]) == (CLAIM, "warm", 1)
    assert all(0 < hit[part] <= 1 for part in ("score", "similarity", "recency", "value"))


def test_everybody_finds_only_what_they_may_read(served: Served, operator: httpx.Client) -> None:
    agent = Agent.of_new_persona(served, operator)
    spawned(operator, "private")
    spawned(operator, "open", share_memory=True)
    spawned(operator, "peer")
    own = thinks(operator, agent.persona_id, CLAIM)
    private, shared = thinks(operator, "private", CLAIM), thinks(operator, "open", CLAIM)
    served.app.indexer.catch_up()
    with served.client(VIEWER) as viewer, agent.client as client:
        assert found(client, agent.persona_id) == [own]
        assert found(client, agent.persona_id, persona_ids=["private", "open"]) == []
        assert found(operator, "private") == [shared, private]
        assert found(operator, "peer") == [shared]
        assert found(viewer, "peer") == found(viewer, "private") == [shared]
        assert found(viewer, "peer", persona_ids=["private"]) == []
        everywhere = operator.post("/v1/memory/search", json={"query": CLAIM}).json()
        assert {hit["ref"] for hit in everywhere["hits"]} == {own, private, shared}
        public = viewer.post("/v1/memory/search", json={"query": CLAIM}).json()
        assert [hit["ref"] for hit in public["hits"]] == [shared]
        assert client.post("/v1/memory/search", json={"query": CLAIM}).status_code == 403
        other = client.post(f"{PERSONAS}/open/memory/search", json={"query": CLAIM})
        assert (other.status_code, other.json()["code"]) == (403, "forbidden")


def test_a_hit_is_told_with_what_it_rests_on(served: Served, operator: httpx.Client) -> None:
    spawned(operator, "ann")
    thought = thinks(operator, "ann", "60 failed logins were counted")
    claim = {"belief_key": "b", "claim": CLAIM, "confidence": 0.7, "evidence_refs": [thought]}
    raised = operator.post(f"{PERSONAS}/ann/hypotheses", json=claim).raise_for_status().json()

    told = search(operator, "ann", supports=True, kinds=["hypothesis"])
    [hit] = told["hits"]
    evidence = {
        "source": raised["id"], "kind": "evidence", "ref": thought, "depth": 1,
        "text": "60 failed logins were counted",
    }  # fmt: skip
    assert hit["ref"] == raised["id"]
    assert evidence in hit["supports"]
    assert search(operator, "ann", kinds=["hypothesis"])["hits"][0]["supports"] is None


UNMEANT: tuple[Any, ...] = (
    {},
    {"query": ""},
    {"query": "x" * 4_001},
    {"query": "\0"},
    {"query": "x", "count": 0},
    {"query": "x", "count": 101},
    {"query": "x", "since": "yesterday"},
    {"query": "x", "since": "2026-08-01"},
    {"query": "x", "since": "2026-W31-6T12:00:00Z"},
    {"query": "x", "since": "2026-08-01T12:00:00"},
    {"query": "x", "since": 1_785_000_000},
    {"query": "x", "since": "2026-08-02T00:00:00Z", "until": "2026-08-01T00:00:00Z"},
    {"query": "x", "persona_ids": ["\0"]},
    [],
)


def test_what_cannot_be_meant_is_refused(operator: httpx.Client) -> None:
    spawned(operator, "ann")
    for body in UNMEANT:
        answer = operator.post(f"{PERSONAS}/ann/memory/search", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), body


def test_a_kind_that_is_none_is_refused_with_those_there_are(operator: httpx.Client) -> None:
    body = {"query": "x", "kinds": ["thought", "thoughts"]}
    answer = operator.post("/v1/memory/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert set(answer.json()["allowed"]) == {
        "thought", "hypothesis", "check", "proposal", "action", "observation",
    }  # fmt: skip


def test_an_unknown_persona_is_not_found(operator: httpx.Client) -> None:
    answer = operator.post(f"{PERSONAS}/nobody/memory/search", json={"query": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "persona_not_found")
