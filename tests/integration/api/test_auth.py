"""Nobody gets in without a token, and nobody further than it reaches."""

import logging
from collections.abc import Iterator

import httpx
import pytest

from services.api.permissions import is_public
from tests.integration.api.serving import APPROVER, OPERATOR, VIEWER, Served, persona

PERSONAS = "/v1/swarm/personas"
FORGED = "agent.cDE.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def paths(served: Served) -> Iterator[tuple[str, str]]:
    for path, methods in served.api.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{persona_id}", "p1")


def test_every_path_but_public_ones_wants_a_token(served: Served) -> None:
    tried = 0
    for token in (None, "nobody's", FORGED, OPERATOR[:-1]):
        with served.client(token) as client:
            for method, path in paths(served):
                if is_public(path):
                    continue
                response = client.request(method, path)
                assert response.status_code == 401, (method, path, token)
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert response.json()["code"] == "unauthenticated"
                tried += 1
    assert tried > 100
    with served.client(None) as client:
        assert client.get("/v1/nothing/here").status_code == 401
        assert client.get("/health").status_code == 200
        assert client.get("/docs").status_code == 200
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Token x", f"bearer  {'x' * 9}"])
def test_another_kind_of_credentials_is_401(served: Served, header: str) -> None:
    with served.client(None) as client:
        response = client.get(PERSONAS, headers={"Authorization": header})
    assert response.status_code == 401


def test_a_viewer_reads_and_no_more(served: Served, client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p1")).raise_for_status()
    with served.client(VIEWER) as viewer:
        for method, path in paths(served):
            if path.endswith("/stream") or is_public(path):
                continue
            status = viewer.request(method, path).status_code
            expected = (403,) if method != "GET" else (200, 404)
            if path.endswith("/memory/search"):
                expected = (415,)  # a query is sent in a body
            elif "/memory/" in path or "/thoughts/" in path:
                expected = (403, 404)  # p1 shares none
            assert status in expected, (method, path)


def test_an_approver_decides_on_proposals_and_no_more(served: Served) -> None:
    decides = {"approve_proposal", "reject_proposal", "settle_proposal"}
    allowed = decides | {"search_memory", "search_all_memory"}
    with served.client(APPROVER) as approver:
        for path, methods in served.api.openapi()["paths"].items():
            for method, operation in methods.items():
                if method == "get":
                    continue
                status = approver.request(method, path.replace("{", "").replace("}", ""))
                expected = operation["operationId"] in allowed
                assert (status.status_code != 403) == expected, (method, path)


def test_an_agents_token_reaches_its_own_persona_only(served: Served, client: httpx.Client) -> None:
    for persona_id in ("p1", "p2"):
        client.post(PERSONAS, json=persona(persona_id)).raise_for_status()
    token = client.post(f"{PERSONAS}/p1/token").json()["token"]
    thought = {"phase": "observe", "content": "I see"}
    with served.client(token) as agent:
        assert agent.get(f"{PERSONAS}/p1").status_code == 200
        assert agent.get("/v1/cognition/personas/p1").status_code == 200
        assert agent.post(f"{PERSONAS}/p1/thoughts", json=thought).status_code == 200
        assert agent.post(f"{PERSONAS}/p2/thoughts", json=thought).status_code == 403
        assert agent.get(f"{PERSONAS}/p2").status_code == 403
        assert agent.get(PERSONAS).status_code == 403
        assert agent.get("/v1/cognition/stream").status_code == 403
        assert agent.get("/v1/cognition/proposals").status_code == 403
        assert agent.post("/v1/cognition/proposals/x/approve").status_code == 403
        assert agent.post(f"{PERSONAS}/p1/reap").status_code == 403
        assert agent.post(f"{PERSONAS}/p1/spawn", json=persona("p3")).status_code == 403
        assert agent.post(f"{PERSONAS}/p1/resume").status_code == 403
        assert agent.post(f"{PERSONAS}/p1/token").status_code == 403
        assert agent.post(f"{PERSONAS}/p1%2F..%2Fp2/thoughts", json=thought).status_code == 403
        raw = httpx.URL(f"{served.url}{PERSONAS}/p1/..%2fp2/thoughts")
        assert agent.post(raw, json=thought).status_code == 403
    [event] = served.app.recorder.read(0, 10, topics=["thought.generated"])
    assert b"persona:p1" in event.state


def test_a_token_is_issued_for_living_personas_and_stays_the_same(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p1")).raise_for_status()
    issued = [client.post(f"{PERSONAS}/p1/token").json()["token"] for _ in range(2)]
    assert issued[0] == issued[1]
    client.post(f"{PERSONAS}/p1/reap").raise_for_status()
    assert client.post(f"{PERSONAS}/p1/token").status_code == 409


def test_a_token_may_come_in_the_query(served: Served) -> None:
    with served.client(None) as client:
        assert client.get(f"/v1/cognition/status?token={OPERATOR}").status_code == 200
        assert client.get("/v1/cognition/status?token=x").status_code == 401
        assert client.get("/v1/cognition/status?token=%ff%fe&a=%").status_code == 401
        wrong = {"Authorization": "Bearer x"}
        header_first = client.get(f"/v1/cognition/status?token={OPERATOR}", headers=wrong)
        assert header_first.status_code == 401


def test_whoever_is_refused_leaves_a_trace_without_a_secret(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with served.client("a-wrong-secret") as client:
        client.get("/v1/cognition/status", headers={"X-Correlation-ID": "trace-1"})
    with served.client(VIEWER) as client:
        client.post(f"/v1/cognition/stop?token={VIEWER}", headers={"X-Correlation-ID": "trace-2"})
    refused = {
        record.__dict__["correlation_id"]: record
        for record in caplog.records
        if record.message == "request refused"
    }
    assert refused["trace-1"].__dict__["status"] == 401
    assert refused["trace-1"].__dict__["path"] == "/v1/cognition/status"
    assert refused["trace-2"].__dict__["status"] == 403
    assert refused["trace-2"].__dict__["who"] == "user:vic"
    ours = [record for record in caplog.records if record.name.startswith("services.")]
    everything = "".join(str(record.__dict__) for record in ours)
    assert "a-wrong-secret" not in everything
    assert VIEWER not in everything


def test_a_request_is_logged_once_with_its_correlation_id(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with served.client() as client:
        response = client.post(
            PERSONAS, json=persona("p1"), headers={"X-Correlation-ID": "my own id"}
        )
        made = client.get(PERSONAS, headers={"X-Correlation-ID": "not\tprintable"})
    assert response.headers["X-Correlation-ID"] == "my own id"
    assert made.headers["X-Correlation-ID"] != "not\tprintable"
    [line] = [r.__dict__ for r in caplog.records if r.__dict__.get("correlation_id") == "my own id"]
    assert (line["method"], line["path"], line["status"], line["who"]) == (
        "POST", PERSONAS, 200, "user:operator",
    )  # fmt: skip
    assert line["took_ms"] > 0
    for stored in served.app.recorder.read(0, 10):
        assert b"my own id" in stored.state
