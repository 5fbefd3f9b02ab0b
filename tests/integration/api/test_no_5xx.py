"""Whatever a client sends, the fault is never said to be ours."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.api.serving import Served, persona, policy

PROPOSALS = "/v1/cognition/proposals"
ODD_TEXT = st.one_of(
    st.sampled_from(
        ["", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u2028", "fabric", "..", "%00", "日本"]
    ),
    st.sampled_from(["x" * 129, "x" * 1_001, "x" * 200_000, "1#0", "1#0-999999999", "9" * 18]),
    st.sampled_from(["p1", "observe", "reflect", "high", "low", "passed", "file.append"]),
    st.text(max_size=20),
)
ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, -1, 1, 2**31, 2**53, 2**53 + 1, 2**63, -(2**63), 10**400]),
        st.integers(),
        st.floats(),
        ODD_TEXT,
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=8,
)
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "cpu_ms": 1, "cost_micro_usd": 1}
RIGHT: dict[str, dict[str, Any]] = {
    "/v1/swarm/personas": persona("odd", swarm_id="s", parent_id="p1", policy=policy(), tags=["t"]),
    "/v1/swarm/personas/p1/spawn": persona("odd", swarm_id="s", policy=policy()),
    "/v1/swarm/personas/odd/reap": {"cascade": True, "reason": "r"},
    "/v1/swarm/personas/p1/observations": {"source": "s", "content": "c"},
    "/v1/swarm/personas/p1/thoughts": {
        "phase": "observe",
        "content": "c",
        "impact": 0.5,
        "context_refs": [{"ref": "1#0", "tier": "input", "score": 0.1}],
        "usage": USAGE,
        "reservation_id": None,
        "thinker": {"source": "s", "model": "m", "prompt_hash": "h"},
        "latency_ms": 1,
        "finish_reason": "stop",
        "error": None,
    },
    "/v1/swarm/personas/p1/hypotheses": {
        "hypothesis_id": "h",
        "belief_key": "k",
        "claim": "c",
        "confidence": 0.5,
        "evidence_refs": ["1#0"],
        "contradicts": ["k"],
    },
    "/v1/memory/search": {"query": "q", "count": 3, "kinds": ["thought"], "supports": True},
    "/v1/swarm/personas/p1/memory/search": {
        "query": "q",
        "count": 3,
        "kinds": None,
        "since": "2026-08-01T00:00:00Z",
        "until": None,
        "persona_ids": ["p1"],
        "supports": False,
    },
    "/v1/swarm/personas/p1/checks": {
        "check_id": "c",
        "hypothesis_id": "h",
        "kind": "k",
        "spec": {"a": [1]},
        "outcome": "passed",
        "confidence_after": 0.5,
        "evidence_refs": ["1#0"],
        "excerpt": "e",
    },
    "/v1/swarm/personas/p1/proposals": {
        "title": "t",
        "rationale": "r",
        "risk": "low",
        "evidence_refs": ["1#0"],
        "action": {"tool": "notify", "target": "t", "arguments": {"line": "l"}},
    },
    "/v1/swarm/personas/p1/ask": {"question": "q", "wait_secs": 0},
    "/v1/swarm/personas/p1/reservations": {"call_id": "c", "tokens": 1, "cpu_ms": 1},
    "/v1/swarm/personas/p1/reservations/r/settle": {"usage": USAGE},
    "/v1/swarm/sw/claims": {"persona_id": "p1", "topic": "t", "ttl_secs": 1},
    "/v1/cognition/stop": {"reason": "r"},
    "/v1/cognition/proposals/x/approve": {"shown_hash": "h"},
    "/v1/cognition/proposals/x/votes": {"persona_id": "p1", "vote": "veto", "reason": "r"},
    "/v1/cognition/proposals/x/reject": {"reason": "r"},
    "/v1/cognition/proposals/x/settle": {"outcome": "success", "note": "n"},
}
"""Every path that takes a body, and one it takes."""
NO_WAIT = {"wait_secs": 0}
KEYS = st.one_of(st.sampled_from(["limit", "after", "swarm", "status", "tag", "wait"]), ODD_TEXT)
FUZZ = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def target(shared_client: httpx.Client) -> httpx.Client:
    wide = policy(max_branching_factor=1_000, allowed_tools=["notify"])
    shared_client.post("/v1/swarm/personas", json=persona("p1", policy=wide)).raise_for_status()
    return shared_client


def sent(client: httpx.Client, path: str, body: Any) -> httpx.Response:
    text = json.dumps(body)  # lone surrogates, NaN and all
    return client.post(path, content=text, headers={"Content-Type": "application/json"})


def waits(body: dict[str, Any]) -> bool:
    """Tell whether a question would be waited for, which nobody answers here."""
    given = body.get("wait_secs", 30)
    return isinstance(given, int | float) and 0 < given <= 120


def told(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    if response.status_code != 200:
        body = response.json()
        assert isinstance(body["detail"], str)
        assert isinstance(body["code"], str)


def test_every_body_of_the_document_is_tried(shared: Served) -> None:
    with_body = {
        path
        for path, methods in shared.api.openapi()["paths"].items()
        for operation in methods.values()
        if "requestBody" in operation
    } - {"/v1/cognition/start"}  # would think all through the test
    tried = {
        path.replace("/x/", "/{proposal_id}/")
        .replace("/r/", "/{reservation_id}/")
        .replace("/odd/", "/{persona_id}/")
        .replace("/p1/", "/{persona_id}/")
        .replace("/sw/", "/{swarm_id}/")
        for path in RIGHT
    }
    assert tried == with_body


@pytest.mark.parametrize("path", RIGHT)
@FUZZ
@given(data=st.data())
def test_a_right_body_with_odd_parts(target: httpx.Client, path: str, data: st.DataObject) -> None:
    body = dict(RIGHT[path])
    for name in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=3), "changed"):
        inner = body[name]
        if isinstance(inner, dict) and inner and data.draw(st.booleans(), "inside"):
            part = data.draw(st.sampled_from(sorted(inner)), "part")
            body[name] = inner | {part: data.draw(ODD, "odd")}
        else:
            body[name] = data.draw(ODD, "odd")
    for name in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=1), "left out"):
        del body[name]
    body = body | NO_WAIT if path.endswith("/ask") and waits(body) else body
    target.post("/v1/swarm/personas/p1/resume")  # else one overspent call pauses it for good
    told(sent(target, path, body))


@FUZZ
@given(path=st.sampled_from(sorted(RIGHT)), body=ODD)
def test_any_json_at_all(target: httpx.Client, path: str, body: Any) -> None:
    told(sent(target, path, body))


@FUZZ
@given(path=st.sampled_from(sorted(RIGHT)), body=st.binary(max_size=200))
def test_any_bytes_at_all(target: httpx.Client, path: str, body: bytes) -> None:
    told(target.post(path, content=body, headers={"Content-Type": "application/json"}))


@FUZZ
@given(
    path=st.sampled_from(
        [
            "/v1/swarm/personas",
            "/v1/cognition/proposals",
            "/v1/cognition/receipts",
            "/v1/cognition/beliefs",
            "/v1/cognition/attention",
            "/v1/swarm/s/blackboard",
        ]
    ),
    query=st.lists(st.tuples(KEYS, ODD_TEXT), max_size=4),
)
def test_any_query_at_all(target: httpx.Client, path: str, query: list[tuple[str, str]]) -> None:
    pairs = [f"{_quoted(name)}={_quoted(value)}" for name, value in query]
    told(target.get(f"{path}?{'&'.join(pairs)[:8_000]}"))


@FUZZ
@given(
    before=st.sampled_from(
        ["/v1/swarm/personas/", f"{PROPOSALS}/", "/v1/cognition/beliefs/", "/v1/swarm/"]
    ),
    odd=ODD_TEXT,
    after=st.sampled_from(
        ["", "/why", "/reap", "/approve", "/token", "/thoughts", "/blackboard", "/claims/x/release"]
    ),
    method=st.sampled_from(["GET", "POST"]),
)
def test_any_id_at_all(
    target: httpx.Client, before: str, odd: str, after: str, method: str
) -> None:
    told(target.request(method, f"{before}{_quoted(odd)[:8_000]}{after}"))


@FUZZ
@given(
    name=st.sampled_from(["Idempotency-Key", "X-Correlation-ID", "Content-Type", "Accept"]),
    value=st.lists(st.integers(0x20, 0xFF).filter(lambda byte: byte != 0x7F)).map(bytes),
)
def test_any_header_at_all(target: httpx.Client, name: str, value: bytes) -> None:
    headers = [(b"Content-Type", b"application/json"), (name.encode(), value.strip())]
    told(target.post("/v1/swarm/personas", content=b"{}", headers=headers))


def test_it_still_works_after_all_that(target: httpx.Client) -> None:
    assert target.get("/health").json()["status"] == "ok"
    made = target.post("/v1/swarm/personas", json=persona("sane"))
    assert made.status_code == 200
    assert target.get("/v1/swarm/personas/sane").status_code == 200


def _quoted(text: str) -> str:
    return quote(text.encode(errors="surrogatepass"), safe="")
