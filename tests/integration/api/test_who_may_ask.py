"""Who may ask whom, who may read what was answered, and which personas may reply."""

import httpx
import pytest

from tests.integration.api.asking import Asked
from tests.integration.api.serving import APPROVER, VIEWER, Served, persona, policy


@pytest.fixture
def asked(shared: Served, shared_client: httpx.Client) -> Asked:
    return Asked.of(shared, shared_client)


def test_a_persona_whose_policy_names_other_tools_may_not_reply(
    shared: Served, shared_client: httpx.Client
) -> None:
    asked = Asked.of(shared, shared_client, policy=policy(allowed_tools=["notify"]))
    told = asked.ask("Well?")
    asked.reply(told["question_id"], "well", str(told["position"]))
    again = asked.question(told["question_id"])
    assert (again["status"], again["answer"]) == ("refused", None)
    assert again["detail"] == "its persona may not use reply"


def test_no_child_replies_where_its_parent_may_not(
    shared: Served, shared_client: httpx.Client
) -> None:
    parent = Asked.of(shared, shared_client, policy=policy(allowed_tools=["notify"]))
    child = Asked.of(shared, shared_client)
    inside = persona(f"{child.persona_id}-below", parent_id=parent.persona_id, policy=policy())
    shared_client.post("/v1/swarm/personas", json=inside).raise_for_status()
    below = Asked(inside["persona_id"], shared_client, shared_client)
    told = below.ask("Well?")
    assert below.reply(told["question_id"], "well", str(told["position"]))["reasons"] == [
        "its persona may not use reply"
    ]


def test_who_may_ask_and_who_may_read(asked: Asked, shared: Served) -> None:
    told = asked.ask("Who may?")
    asked.reply(told["question_id"], "they", str(told["position"]))
    body = {"question": "May I?", "wait_secs": 0}
    for token in (APPROVER, VIEWER):
        with shared.client(token) as client:
            assert client.post(f"{asked.path}/ask", json=body).status_code == 403
            found = client.get(f"{asked.path}/questions/{told['question_id']}")
            assert found.json()["answer"] == "they"
    own = asked.post("ask", json=body)
    assert own.json()["asked_by"] == f"persona:{asked.persona_id}"


def test_an_agent_neither_asks_nor_reads_for_another(
    asked: Asked, shared: Served, shared_client: httpx.Client
) -> None:
    other = Asked.of(shared, shared_client)
    body = {"question": "May I?", "wait_secs": 0}
    assert other.client.post(f"{asked.path}/ask", json=body).status_code == 403
    assert other.client.get(f"{asked.path}/questions").status_code == 403


def test_what_an_answer_cites_is_told_only_to_who_may_read_it(asked: Asked, shared: Served) -> None:
    thought = asked.post("thoughts", json={"phase": "reflect", "content": "a secret"}).json()
    told = asked.ask("What do you think?")
    asked.reply(told["question_id"], "this", thought["id"], str(told["position"]))
    [memory] = asked.question(told["question_id"])["memories"]
    assert (memory["ref"], memory["text"]) == (thought["id"], "a secret")
    with shared.client(VIEWER) as client:
        found = client.get(f"{asked.path}/questions/{told['question_id']}").json()
    assert (found["answer"], found["memories"]) == ("this", [])
