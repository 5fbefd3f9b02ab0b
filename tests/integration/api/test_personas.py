"""Personas over HTTP: create, spawn, list, reap, pause."""

import re
from typing import Any

import httpx
import pytest

from tests.integration.api.serving import POLICY, Served, persona, policy

PERSONAS = "/v1/swarm/personas"
OURS = {
    "token_budget_lifetime", "compute_ms_lifetime", "max_lifetime_spawns", "share_with",
}  # fmt: skip


def made(client: httpx.Client, persona_id: str, **more: Any) -> dict[str, Any]:
    response = client.post(PERSONAS, json=persona(persona_id, **more))
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def spawned(client: httpx.Client, parent: str, child_id: str, **more: Any) -> dict[str, Any]:
    response = client.post(f"{PERSONAS}/{parent}/spawn", json=persona(child_id, **more))
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def ids(response: httpx.Response) -> list[str]:
    return [each["identity"]["id"] for each in response.raise_for_status().json()]


def test_a_created_persona_is_told_as_the_contract_says(client: httpx.Client) -> None:
    told = made(client, "p1", tags=["a", "b"])
    assert set(told) == {
        "identity", "policy", "status", "thought_count", "last_tick_at", "updated_at",
        "tokens_this_window", "compute_ms_this_window", "window_started_at", "last_progress_at",
        "budget_paused",
    }  # fmt: skip
    identity = told["identity"]
    assert identity | {"created_at": ""} == {
        "id": "p1",
        "name": "N",
        "role": "r",
        "charter": "c",
        "swarm_id": "swarm-core",
        "parent_id": None,
        "depth": 0,
        "created_at": "",
        "tags": ["a", "b"],
    }
    assert {k: v for k, v in told["policy"].items() if k not in OURS} == POLICY
    assert (told["status"], told["thought_count"], told["budget_paused"]) == ("active", 0, False)
    assert told["last_tick_at"] is None
    for time in (identity["created_at"], told["updated_at"], told["window_started_at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", time)


def test_what_was_created_is_read_at_once_and_reads_the_same(client: httpx.Client) -> None:
    for number in range(20):
        told = made(client, f"p{number}")
        read = client.get(f"/v1/cognition/personas/p{number}")
        assert read.status_code == 200
        told["window_started_at"] = read.json()["window_started_at"]
        assert read.json() == told
        listed = client.get(PERSONAS, params={"limit": 1_000})
        assert ids(listed) == [f"p{each}" for each in range(number + 1)]


def test_an_id_is_made_where_none_is_given(client: httpx.Client) -> None:
    first = client.post(PERSONAS, json={"name": "n", "role": "r", "charter": "c"}).json()
    second = client.post(PERSONAS, json={"name": "n", "role": "r", "charter": "c"}).json()
    assert first["identity"]["id"] != second["identity"]["id"]


@pytest.mark.parametrize("odd", ["a/b", "a b?c#d", "%2F", "é日本", "..%", "p;v=1", "a+b&c"])
def test_any_printable_id_can_be_addressed(shared_client: httpx.Client, odd: str) -> None:
    made(shared_client, odd)
    path = "".join(f"%{byte:02X}" for byte in odd.encode())
    read = shared_client.get(f"{PERSONAS}/{path}")
    assert read.json()["identity"]["id"] == odd
    thought = {"phase": "observe", "content": "x"}
    sent = shared_client.post(f"{PERSONAS}/{path}/thoughts", json=thought)
    assert sent.status_code == 200


def test_the_seeds_words_for_budgets_are_taken_too(client: httpx.Client) -> None:
    seeds = policy()
    del seeds["token_budget_per_minute"], seeds["compute_ms_per_minute"]
    seeds |= {"token_credits_per_minute": 11, "cpu_credits_per_minute": 12}
    told = made(client, "p1", policy=seeds)
    assert told["policy"]["token_budget_per_minute"] == 11
    assert told["policy"]["compute_ms_per_minute"] == 12


def test_a_child_takes_swarm_and_policy_from_its_parent(client: httpx.Client) -> None:
    mine = policy(idle_ttl_secs=77, allowed_tools=["notify"])
    made(client, "p0", swarm_id="s9", policy=mine | {"max_lifetime_spawns": 3})
    child = spawned(client, "p0", "p1", parent_id="ignored", tags=["ignored"])
    assert child["identity"]["swarm_id"] == "s9"
    assert child["identity"]["parent_id"] == "p0"
    assert child["identity"]["depth"] == 1
    assert child["identity"]["tags"] == []
    assert child["policy"]["idle_ttl_secs"] == 77
    assert child["policy"]["max_lifetime_spawns"] == 3
    by_old_client = spawned(client, "p0", "p2", policy=policy(idle_ttl_secs=5))
    assert by_old_client["policy"]["max_lifetime_spawns"] == 3


def test_a_child_may_be_created_by_naming_its_parent(client: httpx.Client) -> None:
    made(client, "p0")
    child = made(client, "p1", parent_id="p0", tags=["x"])
    assert child["identity"]["depth"] == 1
    orphan = client.post(PERSONAS, json=persona("p2", parent_id="nobody"))
    assert (orphan.status_code, orphan.json()["code"]) == (404, "persona_not_found")


def test_personas_are_listed_by_filter_and_by_page(client: httpx.Client) -> None:
    made(client, "p0", swarm_id="s1", tags=["x"])
    made(client, "p1", swarm_id="s2", tags=["x", "y"])
    made(client, "p2", swarm_id="s2")
    client.post(f"{PERSONAS}/p2/reap").raise_for_status()
    assert ids(client.get(PERSONAS, params={"swarm": "s2"})) == ["p1", "p2"]
    assert ids(client.get(PERSONAS, params={"tag": "x"})) == ["p0", "p1"]
    assert ids(client.get(PERSONAS, params={"status": "reaped"})) == ["p2"]
    assert ids(client.get(PERSONAS, params={"status": "active"})) == ["p0", "p1"]
    assert ids(client.get(PERSONAS, params={"limit": 2})) == ["p0", "p1"]
    assert ids(client.get(PERSONAS, params={"limit": 2, "after": "p1"})) == ["p2"]
    assert ids(client.get(PERSONAS, params={"after": "nobody"})) == []


def test_lineage_shows_all_reaped_ones_included(client: httpx.Client) -> None:
    made(client, "p0")
    spawned(client, "p0", "p1")
    spawned(client, "p1", "p2")
    made(client, "q0")
    client.post(f"{PERSONAS}/p2/reap").raise_for_status()
    told = client.get("/v1/swarm/lineage").json()
    assert set(told) == {"nodes", "roots", "total_edges"}
    assert sorted(told["roots"]) == ["p0", "q0"]
    assert told["total_edges"] == 2
    nodes = {node["persona_id"]: node for node in told["nodes"]}
    assert nodes["p2"] == {
        "persona_id": "p2", "parent_id": "p1", "children": [], "depth": 2, "status": "reaped",
    }  # fmt: skip
    assert nodes["p0"]["children"] == ["p1"]


def test_a_cascade_takes_the_whole_subtree_leaves_first(client: httpx.Client) -> None:
    made(client, "p0")
    spawned(client, "p0", "p1")
    spawned(client, "p1", "p2")
    spawned(client, "p0", "p3")
    told = client.post(f"{PERSONAS}/p1/reap", json={"cascade": True, "reason": "over"}).json()
    assert told == {"reaped_ids": ["p2", "p1"], "count": 2}
    assert client.get(f"{PERSONAS}/p2").json()["reaped_reason"] == "cascade"
    assert client.get(f"{PERSONAS}/p3").json()["status"] == "active"


def test_reaping_a_reaped_one_is_200_and_no_second_event(
    served: Served, client: httpx.Client
) -> None:
    made(client, "p0")
    first = client.post(f"{PERSONAS}/p0/reap")
    assert first.json() == {"reaped_ids": ["p0"], "count": 1}
    assert client.get(f"{PERSONAS}/p0").json()["status"] == "reaped"
    head = served.app.recorder.head()
    again = client.post(f"{PERSONAS}/p0/reap", json={})
    assert (again.status_code, again.json()) == (200, {"reaped_ids": [], "count": 0})
    assert served.app.recorder.head() == head


def test_a_reaped_child_frees_its_place(client: httpx.Client) -> None:
    made(client, "p0", policy=policy(max_branching_factor=1))
    spawned(client, "p0", "p1")
    assert client.post(f"{PERSONAS}/p0/spawn", json=persona("p2")).status_code == 400
    client.post(f"{PERSONAS}/p1/reap").raise_for_status()
    spawned(client, "p0", "p2")


def test_a_paused_persona_is_idle_until_it_is_resumed(client: httpx.Client) -> None:
    made(client, "p0")
    assert client.post(f"{PERSONAS}/p0/pause").json()["status"] == "idle"
    thought = {"phase": "observe", "content": "x"}
    refused = client.post(f"{PERSONAS}/p0/thoughts", json=thought)
    assert (refused.status_code, refused.json()["code"]) == (409, "persona_paused")
    resumed = client.post(f"{PERSONAS}/p0/resume").json()
    assert (resumed["status"], resumed["paused_reason"]) == ("active", None)
    assert client.post(f"{PERSONAS}/p0/thoughts", json=thought).status_code == 200
    assert client.post(f"{PERSONAS}/p0/resume").status_code == 409


@pytest.mark.parametrize("tag", ["thinker:gtp", "thinker:"])
def test_a_tag_that_names_no_thinker_there_is_refused_with_those_there_are(
    client: httpx.Client, tag: str
) -> None:
    made(client, "p1", tags=["team:a", "thinker:external"])
    wrong = persona("p2", tags=["team:a", tag])
    for path, body in (
        (PERSONAS, wrong),
        (PERSONAS, wrong | {"parent_id": "p1"}),
        ("/v1/cognition/start", {"seed_persona": wrong}),
    ):
        if path.endswith("start"):
            client.post(f"{PERSONAS}/p1/reap", json={}).raise_for_status()
        answer = client.post(path, json=body)
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "unknown_thinker"), path
        assert (told["field"], told["known"]) == ("tags", ["statistical", "external"])
        assert told["thinker"] == tag.removeprefix("thinker:")
        assert "name one of statistical, external" in told["detail"]
    assert ids(client.get(PERSONAS)) == ["p1"]
