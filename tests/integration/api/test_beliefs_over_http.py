"""Beliefs, attention, workspace and blackboard over HTTP, in the contract's own words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from domain.belief import belief_id
from tests.integration.api.agent import PERSONAS
from tests.integration.api.serving import APPROVER, VIEWER, Served, persona, policy

COGNITION = "/v1/cognition"
SWARM = "/v1/swarm/believers"
OF_BELIEF = {
    "id", "belief_key", "claim", "confidence", "evidence_refs", "asserted_by", "confirmed_by",
    "contested_by", "contradicts", "created_at", "updated_at", "review_after", "status",
}  # fmt: skip
OF_ATTENTION = {
    "id", "topic", "topic_tags", "priority", "source_type", "source_id", "assigned_persona",
    "created_at", "resolved_at",
}  # fmt: skip


@dataclass(frozen=True)
class Believers:
    """Two personas of one swarm, `open` who shares and `hidden` who does not, and a stranger."""

    served: Served
    operator: httpx.Client

    def agent(self, name: str) -> httpx.Client:
        token = self.operator.post(f"{PERSONAS}/{name}/token").json()["token"]
        return self.served.client(token)

    def believed(self, client: httpx.Client, **query: str) -> dict[str, dict[str, Any]]:
        told = client.get(f"{COGNITION}/beliefs", params={"swarm": "believers", **query})
        return {each["belief_key"]: each for each in told.raise_for_status().json()}


@pytest.fixture(scope="module")
def believers(shared: Served, shared_client: httpx.Client) -> Iterator[Believers]:
    for name, swarm, shares in (
        ("open", "believers", True), ("hidden", "believers", False), ("stranger", "others", False),
    ):  # fmt: skip
        body = persona(name, swarm_id=swarm, policy=policy(share_memory=shares), charter="Watch.")
        shared_client.post(PERSONAS, json=body).raise_for_status()
    suppose(shared_client, "open", "Disk Full", 0.8, hypothesis_id="h-open")
    suppose(shared_client, "open", "net slow", 0.4)
    suppose(shared_client, "hidden", "disk full", 0.9, claim="a secret")
    suppose(shared_client, "hidden", "all well", 0.5, contradicts=["disk-full"])
    check = {"hypothesis_id": "h-open", "outcome": "failed", "excerpt": "it is not"}
    shared_client.post(f"{PERSONAS}/hidden/checks", json=check).raise_for_status()
    yield Believers(shared, shared_client)


def suppose(client: httpx.Client, who: str, key: str, confidence: float, **more: Any) -> None:
    body = {"belief_key": key, "claim": f"{key}!", "confidence": confidence} | more
    client.post(f"{PERSONAS}/{who}/hypotheses", json=body).raise_for_status()


def test_beliefs_are_told_as_the_contract_has_them_the_surest_first(believers: Believers) -> None:
    told = believers.operator.get(f"{COGNITION}/beliefs", params={"swarm": "believers"}).json()
    assert [each["belief_key"] for each in told] == ["disk-full", "all-well", "net-slow"]
    first = told[0]
    assert set(first) == OF_BELIEF | {"swarm_id"}
    assert first["id"] == belief_id("believers", "disk-full")
    assert (first["asserted_by"], first["confirmed_by"]) == ("open", [])
    assert (first["contested_by"], first["status"]) == (["hidden"], "active")
    assert first["created_at"].endswith("Z")
    assert believers.operator.get(f"{COGNITION}/beliefs/{first['id']}").json() == first


def test_beliefs_are_filtered_and_paged(believers: Believers) -> None:
    assert believers.believed(believers.operator, persona="hidden").keys() == {"all-well"}
    assert believers.believed(believers.operator, status="stale") == {}
    whole = list(believers.believed(believers.operator))
    first = believers.believed(believers.operator, limit="2")
    last = list(first.values())[-1]["id"]
    rest = believers.believed(believers.operator, after=last)
    assert [*first, *rest] == whole


def test_a_status_no_belief_has_is_refused(believers: Believers) -> None:
    response = believers.operator.get(f"{COGNITION}/beliefs", params={"status": "open"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert "active, stale, invalidated, archived" in response.json()["detail"]


@pytest.mark.parametrize("unknown", ["nothing", "a%00b", "x" * 500])
def test_a_belief_nobody_has_is_not_found(believers: Believers, unknown: str) -> None:
    response = believers.operator.get(f"{COGNITION}/beliefs/{unknown}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_each_is_told_only_what_it_may_know(believers: Believers) -> None:
    with believers.served.client(VIEWER) as viewer:
        seen = believers.believed(viewer)
        assert seen.keys() == {"disk-full", "net-slow"}
        assert (seen["disk-full"]["confidence"], seen["disk-full"]["contested_by"]) == (0.8, [])
        for path in ("attention", "workspace", "beliefs"):
            assert "secret" not in viewer.get(f"{COGNITION}/{path}").text
        secret = belief_id("believers", "all-well")
        assert viewer.get(f"{COGNITION}/beliefs/{secret}").status_code == 404
    with believers.agent("hidden") as agent:
        assert believers.believed(agent).keys() == {"disk-full", "net-slow", "all-well"}
        assert agent.get(f"{COGNITION}/workspace").status_code == 403
        assert agent.get(f"{COGNITION}/attention").status_code == 403
    with believers.agent("stranger") as agent:
        assert believers.believed(agent) == {}


def test_attention_is_told_as_the_contract_has_it_open_items_first(believers: Believers) -> None:
    query = {"swarm": "believers"}
    told = believers.operator.get(f"{COGNITION}/attention", params=query).json()
    assert [each["source_type"] for each in told] == ["contested_belief", "failed_check"]
    assert [each["priority"] for each in told] == [0.7, 0.5]
    assert set(told[0]) == OF_ATTENTION | {"swarm_id"}
    assert told[0]["source_id"] == belief_id("believers", "disk-full")
    assert told[1]["assigned_persona"] == "hidden"
    only = believers.operator.get(
        f"{COGNITION}/attention", params=query | {"persona": "hidden", "open": "true"}
    )
    assert only.json() == told[1:]
    after = believers.operator.get(
        f"{COGNITION}/attention", params=query | {"after": told[0]["id"]}
    )
    assert after.json() == told[1:]


def test_the_workspace_is_told_as_the_contract_has_it(believers: Believers) -> None:
    told = believers.operator.get(f"{COGNITION}/workspace", params={"swarm": "believers"}).json()
    assert set(told) == {
        "top_beliefs", "top_uncertainties", "top_attention", "active_objectives", "updated_at",
    }  # fmt: skip
    assert {each["belief_key"] for each in told["top_beliefs"]} == {
        "disk-full", "all-well", "net-slow",
    }  # fmt: skip
    assert set(told["top_beliefs"][0]) >= OF_BELIEF
    assert told["top_uncertainties"] == ["[net-slow] net slow!"]
    assert set(told["top_attention"][0]) >= OF_ATTENTION
    assert told["active_objectives"] == ["Watch.", "Watch."]
    empty = believers.operator.get(f"{COGNITION}/workspace", params={"swarm": "none"}).json()
    assert empty["top_beliefs"] == []
    assert empty["updated_at"].endswith("Z")


def test_the_blackboard_is_for_the_swarm_and_for_who_may_look_at_it(believers: Believers) -> None:
    whole = believers.operator.get(f"{SWARM}/blackboard").json()
    assert set(whole) == {
        "swarm_id", "beliefs", "findings", "open_questions", "claims", "decisions",
    }  # fmt: skip
    assert {each["belief_key"] for each in whole["open_questions"]} == {
        "disk-full", "net-slow", "all-well",
    }  # fmt: skip
    assert [each["outcome"] for each in whole["findings"]] == ["failed"]
    with believers.served.client(VIEWER) as viewer:
        seen = viewer.get(f"{SWARM}/blackboard").json()
        assert {each["belief_key"] for each in seen["open_questions"]} == {"disk-full", "net-slow"}
        assert seen["findings"] == []
        assert viewer.get("/v1/swarm/nowhere/blackboard").json()["code"] == "swarm_not_found"
        assert viewer.get("/v1/swarm/a%00b/blackboard").status_code == 404
    with believers.agent("open") as agent:
        assert "secret" not in agent.get(f"{SWARM}/blackboard").text
    with believers.agent("stranger") as agent:
        assert agent.get(f"{SWARM}/blackboard").status_code == 403
        assert agent.get("/v1/swarm/others/blackboard").status_code == 200


def test_a_topic_is_claimed_renewed_refused_and_released(believers: Believers) -> None:
    body = {"topic": "the logs", "ttl_secs": 60}
    with believers.agent("open") as first, believers.agent("hidden") as second:
        made = first.post(f"{SWARM}/claims", json=body | {"persona_id": "open"})
        assert made.status_code == 200, made.text
        held = made.json()
        assert set(held) == {"topic", "persona_id", "claimed_at", "expires_at"}
        again = first.post(f"{SWARM}/claims", json=body | {"persona_id": "open"}).json()
        assert again["claimed_at"] == held["claimed_at"]
        assert again["expires_at"] > held["expires_at"]
        taken = second.post(f"{SWARM}/claims", json=body | {"persona_id": "hidden"})
        assert (taken.status_code, taken.json()["code"]) == (409, "topic_claimed")
        assert taken.json()["holder"] == "open"
        shown = believers.operator.get(f"{SWARM}/blackboard").json()["claims"]
        assert [each["persona_id"] for each in shown] == ["open"]
        for_another = second.post(f"{SWARM}/claims", json=body | {"persona_id": "open"})
        assert for_another.status_code == 403
        not_its_own = second.post(f"{SWARM}/claims/the%20logs/release")
        assert (not_its_own.status_code, not_its_own.json()["code"]) == (409, "topic_claimed")
        assert first.post(f"{SWARM}/claims/the%20logs/release").json() == again
        gone = first.post(f"{SWARM}/claims/the%20logs/release")
        assert (gone.status_code, gone.json()["code"]) == (404, "claim_not_found")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"ttl_secs": 0}, 422, "invalid_input"),
        ({"ttl_secs": 86_401}, 422, "invalid_input"),
        ({"ttl_secs": "1"}, 422, "invalid_request"),
        ({"topic": ""}, 422, "invalid_input"),
        ({"topic": "x" * 129}, 422, "invalid_input"),
        ({"persona_id": "nobody"}, 404, "persona_not_found"),
        ({"persona_id": "stranger"}, 403, "foreign_claimant"),
    ],
)
def test_a_claim_that_can_not_be_says_why(
    believers: Believers, body: dict[str, Any], status: int, code: str
) -> None:
    right = {"persona_id": "open", "topic": "t", "ttl_secs": 1}
    response = believers.operator.post(f"{SWARM}/claims", json=right | body)
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("odd", "status"),
    [
        ({"claim": "x" * 500_000}, 200),
        ({"claim": "\U0001f600" * 100_000}, 200),
        ({"evidence_refs": [f"{number}#0" for number in range(5_000)]}, 200),
        ({"contradicts": [f"k{number}" for number in range(5_000)]}, 200),
        ({"confidence": 5e-324}, 200),
        ({"confidence": 1e308}, 422),
        ({"claim": "a\0b"}, 422),
        ({"claim": "\ud800"}, 400),
        ({"belief_key": "\udfff"}, 400),
        ({"belief_key": "k" * 200_000}, 422),
        ({"hypothesis_id": "h" * 129}, 422),
        ({"claim": "x" * 530_000}, 413),
    ],
    ids=lambda odd: next(iter(odd)) if isinstance(odd, dict) else None,
)
def test_an_odd_hypothesis_is_believed_or_refused_and_stops_nobody(
    believers: Believers, odd: dict[str, Any], status: int
) -> None:
    right = {"hypothesis_id": "h", "belief_key": "odd", "claim": "c", "confidence": 0.5}
    body: dict[str, Any] = right | odd
    path, as_json = f"{PERSONAS}/stranger/hypotheses", {"Content-Type": "application/json"}
    sent = believers.operator.post(path, content=json.dumps(body), headers=as_json)
    assert sent.status_code == status, sent.text[:500]
    suppose(believers.operator, "stranger", "even", 0.5)
    seen = believers.believed(believers.operator, swarm="others")
    assert seen["even"]["claim"] == "even!"
    if status == 200:
        assert seen["odd"]["claim"] == body["claim"][:1_000]


def test_who_decides_or_looks_claims_nothing(believers: Believers) -> None:
    body = {"persona_id": "open", "topic": "t", "ttl_secs": 1}
    for token in (VIEWER, APPROVER):
        with believers.served.client(token) as client:
            assert client.post(f"{SWARM}/claims", json=body).status_code == 403
