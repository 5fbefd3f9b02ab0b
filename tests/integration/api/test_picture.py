"""The fabric at a glance, over HTTP: what is in it, for whom, and the same as elsewhere."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.api.serving import APPROVER, VIEWER, Served, persona, policy
from tests.minute import early_in_a_minute

PATH = "/v1/picture"
PRIVATE, SHARED = "only ann may know", "all of the swarm may know"


@pytest.fixture(scope="module")
def pictured(shared: Served, shared_client: httpx.Client) -> Iterator[httpx.Client]:
    """A fabric in which `ann` keeps to herself, and `bob`, in a swarm her child founded, shares."""
    people = "/v1/swarm/personas"
    limits = policy(allowed_tools=["file.append"], token_budget_per_minute=900)
    for path, body in (
        (people, persona("ann", policy=limits)),
        (f"{people}/ann/spawn", persona("kid", swarm_id="kids")),
        (people, persona("bob", policy=policy(share_memory=True), swarm_id="others")),
        (f"{people}/ann/observations", {"source": "a.log", "content": "one\ntwo\nthree"}),
        (f"{people}/ann/hypotheses", supposed("h1", PRIVATE)),
        (f"{people}/bob/hypotheses", supposed("h2", SHARED)),
        (f"{people}/bob/thoughts", {"phase": "reflect", "content": "x"}),
        (f"{people}/ann/checks", checked("h1")),
        (f"{people}/kid/pause", {}),
    ):
        shared_client.post(path, json=body).raise_for_status()
    yield shared_client


def supposed(hypothesis_id: str, claim: str) -> dict[str, Any]:
    return {
        "hypothesis_id": hypothesis_id,
        "belief_key": hypothesis_id,
        "claim": claim,
        "confidence": 0.6,
        "evidence_refs": [],
    }


def checked(hypothesis_id: str) -> dict[str, Any]:
    return {
        "check_id": "c",
        "hypothesis_id": hypothesis_id,
        "kind": "recount",
        "spec": {},
        "outcome": "passed",
        "confidence_after": 0.9,
        "excerpt": "so it is",
    }


def asked(client: httpx.Client, **parameters: Any) -> dict[str, Any]:
    told: dict[str, Any] = client.get(PATH, params=parameters).raise_for_status().json()
    return told


def test_it_has_everything_at_a_glance(pictured: httpx.Client) -> None:
    told = asked(pictured)
    minds = {each["persona_id"]: each for each in told["minds"]}
    assert set(minds) == {"ann", "bob", "kid"}
    assert told["live"] == 3
    assert (minds["bob"]["phase"], minds["bob"]["thoughts"]) == ("reflect", 1)
    assert 0 < minds["bob"]["thoughts_per_minute"] <= 1
    assert minds["kid"]["waits_for"] == "a resume: somebody paused it"
    assert (minds["kid"]["parent_id"], minds["kid"]["depth"]) == ("ann", 1)
    [source] = told["sources"]
    assert (source["source"], source["lines"], source["dropped_lines"]) == ("a.log", 3, 0)
    assert told["thinking"]["state"] == "elsewhere"
    assert told["store"]["behind"] == 0
    assert told["bus"] == {"servers": None, "lag": 0, "problem": None}
    assert told["at"].endswith("Z")


def test_what_is_left_is_what_the_lineage_says(pictured: httpx.Client) -> None:
    early_in_a_minute()
    call = {"call_id": "c", "tokens": 300, "cpu_ms": 10}
    pictured.post("/v1/swarm/personas/ann/reservations", json=call).raise_for_status()
    lineage = pictured.get("/v1/swarm/lineage", params={"credits": True}).json()
    left = {each["persona_id"]: each["credits_left"] for each in lineage["nodes"]}
    for each in asked(pictured)["minds"]:
        said = left[each["persona_id"]]
        assert (each["tokens_left"], each["cpu_ms_left"]) == (said["tokens"], said["cpu_ms"])
    assert left["ann"]["tokens"] == left["kid"]["tokens"] == 600


def test_of_few_the_busiest_come_first_with_those_above_them(pictured: httpx.Client) -> None:
    assert [each["persona_id"] for each in asked(pictured, limit=1)["minds"]] == ["bob"]
    assert asked(pictured, limit=1)["live"] == 3


@pytest.mark.parametrize(("token", "claims"), [(APPROVER, {PRIVATE, SHARED}), (VIEWER, {SHARED})])
def test_a_viewer_is_not_told_what_somebody_keeps_to_itself(
    token: str, claims: set[str], pictured: httpx.Client, shared: Served
) -> None:
    with shared.client(token) as client:
        answer = client.get(PATH)
    assert {each["claim"] for each in answer.json()["suppositions"]} == claims
    assert (PRIVATE in answer.text) == (PRIVATE in claims)


def test_a_hypothesis_comes_with_what_its_check_found(pictured: httpx.Client) -> None:
    told = {each["claim"]: each for each in asked(pictured)["suppositions"]}
    assert (told[PRIVATE]["outcome"], told[PRIVATE]["confidence"]) == ("passed", 0.9)
    assert (told[SHARED]["outcome"], told[SHARED]["confidence"]) == (None, 0.6)


def test_an_agent_is_refused_and_a_wrong_number_is_said_to_be_one(
    pictured: httpx.Client, shared: Served
) -> None:
    token = pictured.post("/v1/swarm/personas/ann/token").json()["token"]
    with shared.client(token) as agent, shared.client(None) as nobody:
        assert agent.get(PATH).status_code == 403
        assert nobody.get(PATH).status_code == 401
    for limit in ("0", "1001", "x"):
        assert pictured.get(PATH, params={"limit": limit}).status_code == 422
