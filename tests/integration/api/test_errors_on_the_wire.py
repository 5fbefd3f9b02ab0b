"""What a client may get wrong, and what it is told."""

import json
from typing import Any

import httpx
import pytest

from services.api.body import MAX_BODY_BYTES
from tests.integration.api.serving import persona, policy

PERSONAS = "/v1/swarm/personas"


def sent(client: httpx.Client, body: bytes | str, **headers: str) -> httpx.Response:
    return client.post(
        PERSONAS, content=body, headers={"Content-Type": "application/json", **headers}
    )


def code(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert isinstance(body["detail"], str)
    assert "Traceback" not in response.text
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'"\xff\xfe"',
        b"[" * 100_000 + b"]" * 100_000,
        b"9" * 10_000,
        '{"name": "n"}'.encode("utf-16"),
    ],
)
def test_what_is_no_json_is_400(shared_client: httpx.Client, body: bytes) -> None:
    assert code(sent(shared_client, body)) == (400, "malformed_json")


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"name": 7},
        {"role": ["r"]},
        {"charter": {}},
        {"tags": "t"},
        {"tags": [1]},
        {"policy": {"max_spawn_depth": 4}},
        {"policy": policy(max_spawn_depth="4")},
        {"policy": policy(max_spawn_depth=-1)},
        {"policy": policy(max_spawn_depth=1.5)},
        {"policy": policy(max_spawn_depth=True)},
        {"policy": policy(idle_ttl_secs=10**30)},
        {"policy": policy(share_memory=1)},
        {"policy": []},
        {"name": "a\0b"},
        {"persona_id": "a\nb"},
        {"persona_id": ""},
        {"persona_id": "x" * 129},
        {"swarm_id": "fabric"},
        {"swarm_id": ""},
        {"name": " "},
        {"charter": "x" * 100_001},
    ],
)
def test_a_field_that_is_wrong_is_422(shared_client: httpx.Client, change: dict[str, Any]) -> None:
    response = shared_client.post(PERSONAS, json=persona("p1") | change)
    assert response.status_code == 422, response.text
    assert shared_client.get(f"{PERSONAS}/p1").status_code == 404


def test_a_missing_field_is_422_and_named(shared_client: httpx.Client) -> None:
    response = shared_client.post(PERSONAS, json={"name": "n", "role": "r"})
    assert code(response) == (422, "invalid_request")
    assert response.json()["errors"] == [{"field": "body.charter", "message": "Field required"}]


@pytest.mark.parametrize("missing", [name for name in policy() if name != "allowed_tools"])
def test_a_policy_sent_in_part_is_422(shared_client: httpx.Client, missing: str) -> None:
    part = {name: value for name, value in policy().items() if name != missing}
    assert shared_client.post(PERSONAS, json=persona("p1", policy=part)).status_code == 422


def test_unknown_fields_are_ignored(shared_client: httpx.Client) -> None:
    response = shared_client.post(PERSONAS, json=persona(None, colour="red", policy=policy(x=1)))
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "json"])
def test_a_body_that_is_not_said_to_be_json_is_415(shared_client: httpx.Client, kind: str) -> None:
    response = sent(shared_client, json.dumps(persona(None)), **{"Content-Type": kind})
    assert code(response) == (415, "unsupported_media_type")
    assert shared_client.post(PERSONAS, content=b"{}").status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.x+json"])
def test_any_json_content_type_will_do(shared_client: httpx.Client, kind: str) -> None:
    response = sent(shared_client, json.dumps(persona(None)), **{"Content-Type": kind})
    assert response.status_code == 200


def test_an_optional_body_may_be_none_at_all(shared_client: httpx.Client) -> None:
    made = shared_client.post(PERSONAS, json=persona(None)).json()["identity"]["id"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert shared_client.post("/v1/cognition/stop").status_code == 200
    assert shared_client.post("/v1/cognition/stop", headers=form).status_code == 200
    assert sent(shared_client, b"").status_code == 400
    assert shared_client.post(f"{PERSONAS}/{made}/reap").status_code == 200


def test_an_optional_body_that_comes_is_held_to_the_same_rules(shared_client: httpx.Client) -> None:
    url, headers = "/v1/cognition/stop", {"Content-Type": "application/json"}
    assert shared_client.post(url, content=b"{", headers=headers).status_code == 400
    assert shared_client.post(url, content=b"[]", headers=headers).status_code == 422
    assert shared_client.post(url, content=b"reason=x").status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v1/swarm/personas/nobody", "persona_not_found"),
        ("GET", "/v1/cognition/personas/nobody", "persona_not_found"),
        ("POST", "/v1/swarm/personas/nobody/reap", "persona_not_found"),
        ("POST", "/v1/swarm/personas/nobody/pause", "persona_not_found"),
        ("POST", "/v1/swarm/personas/nobody/token", "persona_not_found"),
        ("GET", "/v1/swarm/personas/%00", "persona_not_found"),
        ("GET", "/v1/swarm/personas/%ff%fe", "persona_not_found"),
        ("GET", "/v1/swarm/personas/" + "x" * 5_000, "persona_not_found"),
        ("GET", "/v1/cognition/proposals/nothing", "proposal_not_found"),
        ("GET", "/v1/cognition/proposals/nothing/why", "proposal_not_found"),
        ("POST", "/v1/cognition/proposals/nothing/approve", "proposal_not_found"),
        ("GET", "/v1/cognition/proposals/%0a", "proposal_not_found"),
        ("GET", "/v1/cognition/beliefs/nothing", "not_found"),
        ("GET", "/v1/cognition/nothing", "not_found"),
        ("GET", "/v1/swarm/personas/", "not_found"),
        ("GET", "/", "not_found"),
    ],
)
def test_what_is_not_there_is_404(
    shared_client: httpx.Client, method: str, path: str, found: str
) -> None:
    assert code(shared_client.request(method, path)) == (404, found)


def test_another_method_is_405(shared_client: httpx.Client) -> None:
    response = shared_client.delete("/v1/swarm/personas")
    assert code(response) == (405, "method_not_allowed")
    assert response.headers["Allow"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "after=%00",
        "swarm=%00",
        "tag=%0a",
        "status=" + "x" * 300,
    ],
)
def test_a_wrong_parameter_is_422(shared_client: httpx.Client, query: str) -> None:
    assert code(shared_client.get(f"{PERSONAS}?{query}")) == (422, "invalid_request")


def test_a_body_over_the_limit_is_413(shared_client: httpx.Client) -> None:
    assert code(sent(shared_client, b" " * (MAX_BODY_BYTES + 1))) == (413, "payload_too_large")
    huge = (b" " * 65_536 for _ in range(MAX_BODY_BYTES // 65_536 + 1))
    chunked = shared_client.post(
        PERSONAS, content=huge, headers={"Content-Type": "application/json"}
    )
    assert code(chunked) == (413, "payload_too_large")
