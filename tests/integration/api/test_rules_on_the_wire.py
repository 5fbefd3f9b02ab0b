"""What the rules of the domain are on the wire."""

import httpx

from tests.integration.api.serving import persona, policy

PERSONAS = "/v1/swarm/personas"


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_an_event_over_its_limit_is_413_and_leaves_nothing(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p1")).raise_for_status()
    thought = {"phase": "observe", "content": "x" * 600_000}
    assert code(client.post(f"{PERSONAS}/p1/thoughts", json=thought)) == (413, "event_too_large")
    small = {"phase": "observe", "content": "x"}
    assert client.post(f"{PERSONAS}/p1/thoughts", json=small).status_code == 200
    assert client.get(f"{PERSONAS}/p1").json()["thought_count"] == 1


def test_limits_say_so_with_400(client: httpx.Client) -> None:
    narrow = policy(max_spawn_depth=1, max_branching_factor=1)
    client.post(PERSONAS, json=persona("p0", policy=narrow)).raise_for_status()
    client.post(f"{PERSONAS}/p0/spawn", json=persona("p1")).raise_for_status()
    deep = client.post(f"{PERSONAS}/p1/spawn", json=persona("p2"))
    assert code(deep) == (400, "spawn_depth_exceeded")
    assert "exceeds limit" in deep.json()["detail"]
    assert (deep.json()["actual"], deep.json()["limit"]) == (2, 1)
    broad = client.post(f"{PERSONAS}/p0/spawn", json=persona("p3"))
    assert code(broad) == (400, "branching_limit_exceeded")
    assert "branching limit" in broad.json()["detail"]


def test_a_child_wider_than_its_parent_is_400(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p0")).raise_for_status()
    wide = policy(token_budget_per_minute=20_001)
    response = client.post(f"{PERSONAS}/p0/spawn", json=persona("p1", policy=wide))
    assert code(response) == (400, "policy_wider_than_parent")
    assert "exceeds limit" in response.json()["detail"]
    assert response.json()["fields"] == {"token_budget_per_minute": [20_001, 20_000]}


def test_wrong_states_are_409(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p0")).raise_for_status()
    assert code(client.post(PERSONAS, json=persona("p0"))) == (409, "id_taken")
    client.post(f"{PERSONAS}/p0/reap").raise_for_status()
    assert code(client.post(PERSONAS, json=persona("p0"))) == (409, "id_taken")
    child = client.post(f"{PERSONAS}/p0/spawn", json=persona("p1"))
    assert code(child) == (409, "persona_reaped")
    assert code(client.post(f"{PERSONAS}/p0/pause")) == (409, "persona_reaped")


def test_what_a_client_sent_is_told_again_only_in_part(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p0")).raise_for_status()
    thought = {"phase": "x" * 1_000_000, "content": ""}
    response = client.post(f"{PERSONAS}/p0/thoughts", json=thought)
    assert response.status_code == 422
    assert len(response.text) < 5_000
