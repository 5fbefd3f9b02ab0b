"""Proposals over HTTP: agents make them, people see and decide on them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from domain.events import ActionExecuted, ApprovalGranted
from services.gate.settings import GateSettings
from services.store.codec import decode
from tests.e2e.process import until
from tests.integration.api.proposing import (
    PROPOSALS,
    begin,
    deny,
    notify,
    propose,
    show,
    waiting,
)
from tests.integration.api.serving import APPROVER, Served, serving, settings_for

CONTRACT = {
    "id", "persona_id", "title", "rationale", "evidence_refs", "risk", "status", "created_at",
    "votes", "vote_deadline", "votes_requested", "quorum_needed",
}  # fmt: skip


@pytest.fixture
def lenient(database: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """The operator's client of a server that lets old clients approve unseen."""
    gate = GateSettings(unseen_approvals=True)
    with serving(settings_for(tmp_path, database, gate=gate)) as served, served.client() as client:
        yield client


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_proposals_are_told_as_the_contract_says(client: httpx.Client) -> None:
    ref = begin(client)
    made = propose(client, deny(ref))
    assert set(made) > CONTRACT
    assert (made["status"], made["votes"], made["quorum_needed"]) == ("created", {}, 0)
    second = propose(client, notify(ref))
    listed = client.get(PROPOSALS).json()
    assert [each["id"] for each in listed] == [second["id"], made["id"]]
    assert set(listed[0]) == CONTRACT
    page = client.get(PROPOSALS, params={"after": second["id"], "limit": 1}).json()
    assert [each["id"] for each in page] == [made["id"]]
    assert client.get(PROPOSALS, params={"persona": "p2"}).json() == []


def test_a_person_is_shown_everything_with_its_hash(client: httpx.Client) -> None:
    ref = begin(client)
    shown = waiting(client, deny(ref))
    assert shown["status"] == "verified"
    assert len(shown["shown_hash"]) == 64
    assert shown["action"]["arguments"] == {"line": "192.0.2.7"}
    assert {each["rule"] for each in shown["findings"]} == {"evidence", "consistency", "risk"}
    [cited] = shown["evidence"]
    assert cited["lines"] == [{"number": 0, "text": "Failed password for root from 192.0.2.7"}]
    assert shown["policy_decision"] == "require_approval"


def test_an_approval_of_what_was_shown_acts_once_and_leaves_a_receipt(
    served: Served, client: httpx.Client, tmp_path: Path
) -> None:
    shown = waiting(client, deny(begin(client)))
    url, body = f"{PROPOSALS}/{shown['id']}/approve", {"shown_hash": shown["shown_hash"]}
    with served.client(APPROVER) as approver:
        response = approver.post(url, json=body)
        assert response.json() == {"approved": True, "proposal_id": shown["id"]}
        again = approver.post(url, json=body)
        assert code(again) == (409, "proposal_wrong_state")
    after = show(client, shown["id"])
    assert (after["status"], after["stage"], after["outcome"]) == (
        "executed",
        "executed",
        "success",
    )
    assert after["approved_by"] == "user:ann"
    assert (tmp_path / "actions" / "deny.list").read_text().count("192.0.2.7") == 1
    [receipt] = client.get("/v1/cognition/receipts").json()
    assert set(receipt) == {
        "id", "proposal_id", "inputs", "governance_decision", "capability_leases",
        "tool_invocations", "outcome", "created_at",
    }  # fmt: skip
    assert receipt["proposal_id"] == shown["id"]
    assert receipt["outcome"]["type"] == "success"
    assert "user:ann" in receipt["governance_decision"]
    [invocation] = receipt["tool_invocations"]
    assert (invocation["tool_name"], invocation["success"]) == ("file.append", True)


def test_an_approval_without_a_hash_is_428(client: httpx.Client) -> None:
    shown = waiting(client, deny(begin(client)))
    url = f"{PROPOSALS}/{shown['id']}/approve"
    assert code(client.post(url)) == (428, "shown_hash_required")
    assert code(client.post(url, json={})) == (428, "shown_hash_required")
    assert code(client.post(url, json={"shown_hash": None})) == (428, "shown_hash_required")
    assert show(client, shown["id"])["stage"] == "waiting"


def test_an_approval_of_another_hash_is_409(client: httpx.Client) -> None:
    ref = begin(client)
    first, second = waiting(client, deny(ref)), waiting(client, deny(ref, "192.0.2.8"))
    for wrong in ("0" * 64, "", second["shown_hash"]):
        response = client.post(f"{PROPOSALS}/{first['id']}/approve", json={"shown_hash": wrong})
        assert code(response) == (409, "shown_hash_mismatch")
    assert show(client, first["id"])["stage"] == "waiting"


def test_an_approval_that_is_not_due_is_409(client: httpx.Client) -> None:
    done = propose(client, notify(begin(client)), wait=20)
    assert done["status"] == "executed"
    shown_hash = show(client, done["id"])["shown_hash"]
    url = f"{PROPOSALS}/{done['id']}/approve"
    assert code(client.post(url, json={"shown_hash": shown_hash})) == (409, "proposal_wrong_state")


def test_a_setting_lets_old_clients_approve_unseen(lenient: httpx.Client) -> None:
    shown = waiting(lenient, deny(begin(lenient)))
    assert lenient.post(f"{PROPOSALS}/{shown['id']}/approve").status_code == 200
    assert show(lenient, shown["id"])["status"] == "executed"


def test_of_many_approvals_at_once_one_counts(served: Served, client: httpx.Client) -> None:
    shown = waiting(client, deny(begin(client)))
    url, body = f"{PROPOSALS}/{shown['id']}/approve", {"shown_hash": shown["shown_hash"]}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.post(url, json=body).status_code, range(8)))
    assert sorted(found) == [200] + [409] * 7
    for topic in (ApprovalGranted.topic, ActionExecuted.topic):
        assert len(served.app.recorder.read(0, 10, topics=[topic])) == 1


def test_an_approval_sent_again_with_its_key_is_answered_the_same(client: httpx.Client) -> None:
    shown = waiting(client, deny(begin(client)))
    url, body = f"{PROPOSALS}/{shown['id']}/approve", {"shown_hash": shown["shown_hash"]}
    answers = [client.post(url, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]


def test_a_refusal_ends_a_proposal_and_says_who_and_why(
    served: Served, client: httpx.Client
) -> None:
    shown = waiting(client, deny(begin(client)))
    url = f"{PROPOSALS}/{shown['id']}/reject"
    assert client.post(url).status_code in (415, 422)
    assert client.post(url, json={"reason": ""}).status_code == 422
    with served.client(APPROVER) as approver:
        told = approver.post(url, json={"reason": "a friend of ours"}).json()
    assert (told["status"], told["reject_stage"]) == ("rejected", "approval")
    assert told["reasons"] == ["a friend of ours"]
    assert code(client.post(url, json={"reason": "again"})) == (409, "proposal_wrong_state")
    denied = served.app.recorder.read(0, 10, topics=["approval.denied"])
    assert decode(denied[0].state).actor == "user:ann"


def test_an_agent_that_waits_is_told_the_decision(client: httpx.Client) -> None:
    ref = begin(client)
    baseless = propose(client, deny("999999#0"), wait=20)
    assert (baseless["status"], baseless["reject_stage"]) == ("rejected", "verification")
    assert baseless["reasons"]
    assert propose(client, notify(ref), wait=20)["outcome"] == "success"
    intention = {"title": "I mean to", "rationale": "so", "risk": "low", "evidence_refs": [ref]}
    assert propose(client, intention, wait=20)["status"] == "verified"


def test_an_agent_that_waits_too_short_waits_on_with_the_same_key(client: httpx.Client) -> None:
    ref = begin(client)
    url = "/v1/swarm/personas/p1/proposals?wait=0.3"
    key = {"Idempotency-Key": "k"}
    first = client.post(url, json=deny(ref), headers=key).json()
    assert first["status"] in ("created", "verified")
    reason = {"reason": "no"}
    client.post(f"{PROPOSALS}/{first['id']}/reject", json=reason).raise_for_status()
    second = client.post(url, json=deny(ref), headers=key).json()
    assert (second["id"], second["status"]) == (first["id"], "rejected")


def test_a_wait_that_is_no_number_of_seconds_is_422(client: httpx.Client) -> None:
    begin(client)
    for wait in ("nan", "-1", "601", "inf", "x"):
        url = f"/v1/swarm/personas/p1/proposals?wait={wait}"
        assert client.post(url, json=deny("1#0")).status_code == 422, wait
    assert client.get(PROPOSALS).json() == []


def test_why_tells_the_whole_chain_with_the_cited_lines(client: httpx.Client) -> None:
    ref = begin(client)
    me = "/v1/swarm/personas/p1"
    raised = client.post(
        f"{me}/hypotheses",
        json={
            "belief_key": "brute force",
            "claim": "root is guessed at",
            "confidence": 0.8,
            "evidence_refs": [ref],
        },
    ).json()
    client.post(
        f"{me}/checks",
        json={
            "hypothesis_id": raised["hypothesis_id"],
            "kind": "recount",
            "spec": {},
            "outcome": "passed",
            "confidence_after": 0.9,
            "evidence_refs": [ref],
            "excerpt": "1 of 2 lines",
        },
    ).raise_for_status()
    client.post(f"{me}/thoughts", json={"phase": "observe", "content": "unrelated"})
    done = propose(client, notify(ref), wait=20)
    told = client.get(f"{PROPOSALS}/{done['id']}/why").json()
    assert [each["topic"] for each in told["events"]] == [
        "hypothesis.raised", "check.requested", "check.result", "thought.generated",
        "proposal.created", "proposal.verified", "policy.decided", "policy.decided",
        "action.started", "action.executed",
    ]  # fmt: skip
    positions = [each["position"] for each in told["events"]]
    assert positions == sorted(positions)
    thought, created = told["events"][3:5]
    assert created["causation_id"] == thought["id"]
    assert told["events"][0]["body"]["claim"] == "root is guessed at"
    assert told["proposal"]["evidence"][0]["lines"][0]["text"].startswith("Failed password")


def test_why_goes_back_to_the_input_that_made_a_persona_think(client: httpx.Client) -> None:
    client.post("/v1/cognition/start").raise_for_status()
    log = "".join(f"Failed password for root from 192.0.2.7 port {n} ssh2\n" for n in range(40))
    content = {"source": "sshd", "content": log}
    seen = client.post("/v1/swarm/personas/root-thinker/observations", json=content).json()
    due = {"status": "waiting"}
    until(lambda: client.get(PROPOSALS, params=due).json(), "a person is waited for")
    found = client.get(PROPOSALS, params=due).json()
    told = client.get(f"{PROPOSALS}/{found[0]['id']}/why").json()
    first, second = told["events"][:2]
    assert (first["topic"], first["position"]) == ("observation.received", seen["position"])
    assert "content" not in first["body"]
    assert second["causation_id"] == first["id"]
    topics = {each["topic"] for each in told["events"]}
    assert topics > {"thought.generated", "hypothesis.raised", "check.result", "proposal.created"}
