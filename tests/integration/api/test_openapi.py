"""The OpenAPI document is right, and its page works without the internet."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from services.api.server import NOUNS
from tests.integration.api.serving import Served, persona, serving, settings_for

READING = {"search_memory", "search_all_memory"}
"""Operations that read, and take what they are asked as a body."""


@pytest.fixture(scope="module")
def document(shared_client: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = shared_client.get("/openapi.json").json()
    return told


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_operations_have_names_of_their_own_and_a_summary(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) > 25
    assert all(operation["description"] for _, _, operation in operations(document))


def test_everything_but_health_wants_a_token(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {(each["type"], each.get("in")) for each in schemes.values()} == {
        ("http", None), ("apiKey", "query"),
    }  # fmt: skip
    open_to_all = {path for _, path, op in operations(document) if not op.get("security")}
    assert open_to_all == {"/health"}


def test_every_error_has_the_one_shape(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if status == "200" or path == "/health":
                continue
            content = response["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, (method, path)
            assert set(content["example"]) >= {"detail", "code"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_errors_are_told_where_they_may_come(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        told = set(operation["responses"])
        if path != "/health":
            assert told >= {"200", "401", "403", "422", "503"}
        if "{" in path:
            assert "404" in told, path
        if "requestBody" in operation:
            assert told >= {"400", "413", "415"}, (method, path)
            assert "409" in told or operation["operationId"] in READING, (method, path)
    approve = document["paths"]["/v1/cognition/proposals/{proposal_id}/approve"]["post"]
    assert "428" in approve["responses"]
    reserve = document["paths"]["/v1/swarm/personas/{persona_id}/reservations"]["post"]
    assert "429" in reserve["responses"]


def test_commands_take_an_idempotency_key(document: dict[str, Any]) -> None:
    without = {
        operation["operationId"]
        for method, _, operation in operations(document)
        if method == "POST"
        and "Idempotency-Key" not in {each["name"] for each in operation.get("parameters", ())}
    }
    assert without == {"issue_token"} | READING


def test_only_the_bodies_the_contract_marks_are_optional(document: dict[str, Any]) -> None:
    optional = {
        operation["operationId"]
        for _, _, operation in operations(document)
        if "requestBody" in operation and not operation["requestBody"].get("required")
    }
    assert optional == {"start_cognition", "stop_cognition", "reap_persona", "approve_proposal"}


def test_the_stream_is_said_to_be_one(document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/cognition/stream"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"text/event-stream"}


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    for name in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert name in document["components"]["schemas"]


def test_no_route_is_left_out(document: dict[str, Any]) -> None:
    routed = {
        route.path for noun in NOUNS for route in noun.router.routes if isinstance(route, APIRoute)
    }
    assert len(routed) > 20
    assert routed == set(document["paths"]) - {"/health"}


def test_the_page_needs_nothing_from_elsewhere(shared_client: httpx.Client) -> None:
    page = shared_client.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    assert "validatorUrl" in page.text
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert shared_client.get(path).status_code == 200
    assert shared_client.get("/redoc").status_code == 404


def test_health_is_told_to_everybody(shared: Served) -> None:
    with shared.client(None) as client:
        told = client.get("/health")
    assert told.status_code == 200
    assert told.json() == {"status": "ok", "store": "ok", "views": "ok", "cognition": "stopped"}


def test_browsers_elsewhere_are_let_in_only_by_setting(
    shared_client: httpx.Client, shared_database: str, tmp_path: Path
) -> None:
    asked = {
        "Origin": "https://board.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    refused = shared_client.options("/v1/swarm/personas", headers=asked)
    assert "Access-Control-Allow-Origin" not in refused.headers
    settings = settings_for(tmp_path, shared_database, cors_origins=("https://board.example",))
    with serving(settings) as served, served.client() as client, served.client(None) as nobody:
        allowed = nobody.options("/v1/swarm/personas", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://board.example"
        origin = {"Origin": "https://board.example"}
        made = client.post("/v1/swarm/personas", json=persona(None), headers=origin)
        assert made.headers["Access-Control-Allow-Origin"] == "https://board.example"
        stranger = nobody.get("/v1/swarm/personas", headers={"Origin": "https://evil.example"})
        assert stranger.status_code == 401
        assert "Access-Control-Allow-Origin" not in stranger.headers
