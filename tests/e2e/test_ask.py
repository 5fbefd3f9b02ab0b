"""`perpetua ask` of a persona that thinks here: an answer through the gate, that cites memories."""

import json
from typing import Any

from tests.e2e.process import EXAMPLE, Perpetua, Up, until

ROOT = "root-thinker"
PATH = f"/v1/swarm/personas/{ROOT}"
QUESTION = "who guessed passwords?"


def until_it_has_read(up: Up) -> None:
    """Wait until the root, which may not be there yet, has thought a while about the log."""
    everybody = "/v1/swarm/personas"
    until(
        lambda: any(
            each["identity"]["id"] == ROOT and each["thought_count"] >= 3
            for each in up.get(everybody)
        ),
        "the root has thoughts",
    )


def asked(up: Up, question: str) -> dict[str, Any]:
    with up.client() as client:
        answer = client.post(f"{PATH}/ask", json={"question": question, "wait_secs": 25})
        told: dict[str, Any] = answer.raise_for_status().json()
        return told


def test_an_answer_cites_memories_passes_the_gate_and_why_tells_it(perpetua: Perpetua) -> None:
    with perpetua.up(EXAMPLE) as up:
        until_it_has_read(up)
        told = perpetua.json("ask", ROOT, QUESTION, "--wait", "60")
        why = perpetua.json("why", told["proposal_id"])
        said = perpetua("why", told["proposal_id"]).stdout
        again = [asked(up, f"{QUESTION} {n}") for n in range(12)]
    assert told["status"] == "answered"
    assert "password" in told["answer"].lower()
    cited, [position, *refs] = told["memories"], told["evidence_refs"]
    assert [each["ref"] for each in cited] == refs != []
    assert all(each["text"] for each in cited)

    proposal = why["proposal"]
    findings = {finding["rule"]: finding["passed"] for finding in proposal["findings"]}
    assert (proposal["stage"], proposal["outcome"]) == ("executed", "success")
    assert proposal["action"]["target"] == told["question_id"]
    assert findings == dict.fromkeys(("evidence", "consistency", "question", "risk"), True)
    topics = [each["topic"] for each in why["events"]]
    assert topics == [
        "observation.received", "thought.generated", "proposal.created", "proposal.verified",
        "policy.decided", "policy.decided", "action.started", "action.executed",
    ]  # fmt: skip
    assert why["events"][0]["position"] == told["position"]
    tiers = {each["ref"]: each["tier"] for each in why["events"][1]["body"]["context_refs"]}
    assert tiers[position] == "question"
    assert set(refs) < set(tiers)
    assert QUESTION in said
    assert [each["detail"] for each in again] == [None] * 12, "earlier answers are memories too"


def test_a_question_asked_before_a_crash_is_answered_once_after_it(perpetua: Perpetua) -> None:
    with perpetua.up(EXAMPLE) as up:
        until_it_has_read(up)
        with up.client() as client:
            client.post("/v1/cognition/stop").raise_for_status()
        asked = json.loads(perpetua("ask", ROOT, QUESTION, "--wait", "0", "--json", code=3).stdout)
        up.kill()
    with perpetua.up() as up:
        told = up.get(f"{PATH}/questions/{asked['question_id']}?wait=25")
        every = up.get(f"{PATH}/questions")
        replies = [p for p in up.get("/v1/cognition/proposals") if QUESTION in p["title"]]
    assert (told["status"], len(every), len(replies)) == ("answered", 1, 1)
