"""Votes over HTTP: an agent casts its own persona's, before an action begins."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.api.agent import Agent
from tests.integration.api.proposing import LOG, PROPOSALS, begin, notify, propose
from tests.integration.api.serving import APPROVER, VIEWER, Served, persona

INTENTION = {"title": "t", "rationale": "r", "risk": "low"}


@pytest.fixture
def author(shared: Served, shared_client: httpx.Client) -> Iterator[Agent]:
    agent = Agent.of_new_persona(shared, shared_client)
    with agent.client:
        yield agent


@pytest.fixture
def other(shared: Served, author: Agent) -> Iterator[Agent]:
    """An agent of the same swarm."""
    persona_id = f"p-{uuid4()}"
    body = persona(persona_id, swarm_id=f"s-{author.persona_id}")
    author.operator.post("/v1/swarm/personas", json=body).raise_for_status()
    token = author.operator.post(f"/v1/swarm/personas/{persona_id}/token").json()["token"]
    with shared.client(token) as client:
        yield Agent(persona_id, client, author.operator)


@pytest.fixture
def foreigner(shared: Served, shared_client: httpx.Client) -> Iterator[Agent]:
    agent = Agent.of_new_persona(shared, shared_client)
    with agent.client:
        yield agent


@pytest.fixture
def proposal_id(author: Agent) -> str:
    """An intention: it ends verified, with its votes."""
    seen = author.post("observations", json={"source": "s", "content": LOG}).json()
    body = INTENTION | {"evidence_refs": [f"{seen['position']}#0"]}
    made = author.post("proposals?wait=20", json=body).raise_for_status().json()
    assert made["stage"] == "verified"
    return str(made["id"])


def vote(agent: Agent, proposal_id: str, choice: str = "approve", **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    body = {"persona_id": agent.persona_id, "vote": choice, **more}
    return agent.client.post(f"{PROPOSALS}/{proposal_id}/votes", json=body, headers=headers)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_an_agent_casts_its_own_vote_and_it_is_shown(
    author: Agent, other: Agent, proposal_id: str
) -> None:
    first = vote(author, proposal_id, "abstain", reason="mine")
    assert (first.status_code, first.json()["votes"]) == (200, {author.persona_id: "abstain"})
    second = vote(other, proposal_id, "reject").json()
    assert second["votes"] == {author.persona_id: "abstain", other.persona_id: "reject"}
    told = author.operator.get(f"{PROPOSALS}/{proposal_id}").json()
    assert told["votes"] == second["votes"]
    assert {name: told[name] for name in second} == second
    assert second["stage"] == "verified"


def test_the_last_vote_counts(author: Agent, proposal_id: str) -> None:
    for choice in ("approve", "veto", "reject"):
        assert vote(author, proposal_id, choice).json()["votes"] == {author.persona_id: choice}


def test_nobody_votes_for_another_but_the_operator(
    shared: Served, author: Agent, other: Agent, proposal_id: str
) -> None:
    body = {"persona_id": author.persona_id, "vote": "approve"}
    url = f"{PROPOSALS}/{proposal_id}/votes"
    assert code(other.client.post(url, json=body)) == (403, "forbidden")
    for token in (VIEWER, APPROVER):
        with shared.client(token) as client:
            assert code(client.post(url, json=body)) == (403, "forbidden")
    assert author.operator.get(f"{PROPOSALS}/{proposal_id}").json()["votes"] == {}
    assert author.operator.post(url, json=body).json()["votes"] == {author.persona_id: "approve"}


def test_an_agent_sees_its_own_proposal_and_no_other(
    author: Agent, other: Agent, proposal_id: str
) -> None:
    path = f"{PROPOSALS}/{proposal_id}"
    own, operators = author.client.get(path), author.operator.get(path)
    assert (own.status_code, own.json()) == (200, operators.json())
    assert own.json()["evidence"][0]["lines"]
    assert author.client.get(path, params={"wait": 20}).json() == own.json()  # decided: at once
    assert code(other.client.get(path)) == (403, "forbidden")
    assert code(author.client.get(f"{PROPOSALS}/nothing")) == (404, "proposal_not_found")
    assert code(author.client.get(PROPOSALS)) == (403, "forbidden")


def test_who_looks_may_wait_for_the_decision(client: httpx.Client) -> None:
    made = propose(client, notify(begin(client)))
    shown = client.get(f"{PROPOSALS}/{made['id']}", params={"wait": 20}).json()
    assert (shown["stage"], shown["outcome"]) == ("executed", "success")


def test_a_persona_of_another_swarm_has_no_vote(foreigner: Agent, proposal_id: str) -> None:
    assert code(vote(foreigner, proposal_id)) == (403, "foreign_voter")


def test_there_is_no_vote_on_what_there_is_not(author: Agent) -> None:
    assert code(vote(author, "nothing")) == (404, "proposal_not_found")


def test_there_is_no_vote_of_who_there_is_not(author: Agent, proposal_id: str) -> None:
    nobody = Agent("nobody", author.operator, author.operator)
    assert code(vote(nobody, proposal_id)) == (404, "persona_not_found")


def test_once_an_action_has_begun_or_all_is_over_it_is_too_late(
    client: httpx.Client, author: Agent, proposal_id: str
) -> None:
    done = propose(client, notify(begin(client)), wait=20)
    assert done["status"] == "executed"
    body = {"persona_id": "p1", "vote": "veto"}
    too_late = client.post(f"{PROPOSALS}/{done['id']}/votes", json=body)
    assert code(too_late) == (409, "proposal_wrong_state")
    reason = {"reason": "no"}
    author.operator.post(f"{PROPOSALS}/{proposal_id}/reject", json=reason)
    assert code(vote(author, proposal_id)) == (409, "proposal_wrong_state")


@pytest.mark.parametrize(
    "wrong", [{"vote": "maybe"}, {"vote": 1}, {"persona_id": ""}, {"reason": "x" * 10_001}]
)
def test_a_vote_that_nobody_can_mean_is_422(
    author: Agent, proposal_id: str, wrong: dict[str, Any]
) -> None:
    body = {"persona_id": author.persona_id, "vote": "approve"} | wrong
    url = f"{PROPOSALS}/{proposal_id}/votes"
    assert author.operator.post(url, json=body).status_code == 422


def test_a_vote_sent_again_is_cast_once_and_answered_as_the_first_time(
    shared: Served, author: Agent, other: Agent, proposal_id: str
) -> None:
    first = vote(author, proposal_id, key="k").json()
    vote(other, proposal_id, "veto").raise_for_status()
    head = shared.app.recorder.head()
    again = vote(author, proposal_id, key="k")
    assert (again.status_code, again.json()) == (200, first)
    assert shared.app.recorder.head() == head
    assert code(vote(author, proposal_id, "veto", key="k")) == (409, "idempotency_key_reused")
