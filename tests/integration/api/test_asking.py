"""Asking a persona over HTTP: its agent elsewhere replies through the gate."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from services.gate.settings import GateSettings, Rule
from tests.integration.api.asking import Asked
from tests.integration.api.serving import (
    Served,
    serving,
    settings_for,
)

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def asked(shared: Served, shared_client: httpx.Client) -> Asked:
    return Asked.of(shared, shared_client)


def test_a_question_waits_for_the_answer_that_cites_what_it_rests_on(asked: Asked) -> None:
    ref = asked.see()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(asked.ask, "Who guessed\npasswords?", 25)
        [open_] = asked.unanswered(wait=25)
        assert (open_["status"], open_["question"]) == ("pending", "Who guessed\npasswords?")
        assert open_["detail"] == f"{asked.persona_id} has not answered yet"
        made = asked.reply(open_["question_id"], "192.0.2.7 did", ref, str(open_["position"]))
        told = waiting.result()
    assert (made["stage"], made["outcome"]) == ("executed", "success")
    assert told == asked.question(open_["question_id"])
    assert told | {"answered_at": None} == open_ | {
        "status": "answered",
        "answer": "192.0.2.7 did",
        "proposal_id": made["id"],
        "evidence_refs": [ref, str(open_["position"])],
        "answered_at": None,
        "detail": None,
        "memories": [
            {
                "ref": ref,
                "what": "observation.received of sshd",
                "text": "Failed password for root from 192.0.2.7",
                "left_out": 0,
            }
        ],
    }
    assert told["answered_at"] > told["asked_at"]
    receipts = asked.operator.get("/v1/cognition/receipts").json()
    [receipt] = [each for each in receipts if each["proposal_id"] == made["id"]]
    assert receipt["tool_invocations"][0]["tool_name"] == "reply"
    assert receipt["tool_invocations"][0]["result"] == '{"answer":"192.0.2.7 did"}'


def test_a_question_nobody_answers_in_time_is_pending_and_can_be_looked_up(asked: Asked) -> None:
    began = time.monotonic()
    told = asked.ask("Anybody?", 0.5)
    assert time.monotonic() - began >= 0.5
    assert (told["status"], told["answer"], told["memories"]) == ("pending", None, [])
    assert asked.question(told["question_id"]) == told
    with ThreadPoolExecutor() as pool:
        later = pool.submit(asked.question, told["question_id"], 25)
        asked.reply(told["question_id"], "yes", str(told["position"]))
        assert later.result()["answer"] == "yes"


def test_the_same_key_asks_once_however_long_it_waits(asked: Asked) -> None:
    first = asked.ask("Once?", headers=KEY)
    asked.reply(first["question_id"], "once", str(first["position"]))
    again = asked.ask("Once?", 20, headers=KEY)
    assert (again["question_id"], again["answer"]) == (first["question_id"], "once")
    assert len(asked.client.get(f"{asked.path}/questions").json()) == 1
    body = {"question": "Twice?"}
    other = asked.operator.post(f"{asked.path}/ask", json=body, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    asked.operator.post(f"{asked.path}/reap").raise_for_status()
    assert asked.ask("Once?", headers=KEY) == again


def test_a_second_answer_is_refused_and_the_first_stands(asked: Asked) -> None:
    told = asked.ask("How many?")
    ref = str(told["position"])
    asked.reply(told["question_id"], "three", ref)
    second = asked.reply(told["question_id"], "four", ref)
    assert (second["stage"], second["reject_stage"]) == ("rejected", "verification")
    [reason] = second["reasons"]
    assert reason.startswith(f"question: {told['question_id']} has its answer")
    assert asked.question(told["question_id"])["answer"] == "three"


def test_of_many_answers_at_once_one_is_given(asked: Asked) -> None:
    told = asked.ask("Who is first?")
    with ThreadPoolExecutor(6) as pool:
        made = list(
            pool.map(
                lambda n: asked.reply(told["question_id"], f"{n}", str(told["position"])), "abcdef"
            )
        )
    stages = sorted(each["stage"] for each in made)
    assert stages == ["executed", *["rejected"] * 5]
    [first] = [n for n, each in zip("abcdef", made, strict=True) if each["stage"] == "executed"]
    assert asked.question(told["question_id"])["answer"] == first


def test_a_reply_answers_only_a_question_that_was_put_to_its_persona(
    asked: Asked, shared: Served, shared_client: httpx.Client
) -> None:
    other = Asked.of(shared, shared_client)
    ref = asked.see()
    others = other.ask("Who?")["question_id"]
    for target in (others, "no-such-question", ref):
        refused = asked.reply(target, "me", ref)
        assert refused["reject_stage"] == "verification"
        assert refused["reasons"] == [
            f"question: {target} is no question that was put to {asked.persona_id}"
        ]
    assert other.question(others)["status"] == "pending"


def test_a_refused_reply_is_told_and_another_may_follow(asked: Asked) -> None:
    told = asked.ask("Why?")
    refused = asked.reply(told["question_id"], " ", str(told["position"]))
    again = asked.question(told["question_id"])
    assert again["status"] == "refused"
    assert again["detail"] == "; ".join(refused["reasons"])
    assert (
        again["detail"] == "consistency: the answer must be 1 to 64,000 characters, not all blank"
    )
    asked.reply(told["question_id"], "because", str(told["position"]))
    assert asked.question(told["question_id"])["answer"] == "because"


def test_an_agent_waits_for_what_nobody_has_replied_to(asked: Asked) -> None:
    first = asked.ask("First?")
    assert [each["question_id"] for each in asked.unanswered()] == [first["question_id"]]
    asked.reply(first["question_id"], "first", str(first["position"]))
    assert asked.unanswered() == []
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(asked.unanswered, 25)
        second = asked.ask("Second?")
        assert [each["question_id"] for each in waiting.result()] == [second["question_id"]]


def test_questions_are_listed_newest_first_and_page_by_page(asked: Asked) -> None:
    ids = [asked.ask(f"{n}?")["question_id"] for n in range(3)]
    path = f"{asked.path}/questions"
    first = asked.client.get(path, params={"limit": 2}).json()
    assert [each["question_id"] for each in first] == [ids[2], ids[1]]
    rest = asked.client.get(path, params={"after": ids[1]}).json()
    assert [each["question_id"] for each in rest] == [ids[0]]
    assert asked.client.get(path, params={"after": "nothing"}).json() == []


@pytest.mark.parametrize("question", ["", " \n\t", "x" * 16_001])
def test_what_is_no_question_is_refused(asked: Asked, question: str) -> None:
    refused = asked.operator.post(f"{asked.path}/ask", json={"question": question})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert refused.json()["field"] == "question"


def test_the_longest_question_is_stored_whole(asked: Asked) -> None:
    longest = "\U0001f5dd" * 16_000
    assert asked.ask(longest)["question"] == longest


@pytest.mark.parametrize("wait", [-1, 121, "soon", float("inf")])
def test_a_wait_that_cannot_be_is_refused(asked: Asked, wait: object) -> None:
    text = f'{{"question": "q", "wait_secs": {wait!r}}}'.replace("'", '"').replace("inf", "1e999")
    headers = {"Content-Type": "application/json"}
    refused = asked.operator.post(f"{asked.path}/ask", content=text, headers=headers)
    assert refused.status_code in (400, 422)


def test_nobody_is_asked_who_is_not_or_is_no_more(asked: Asked) -> None:
    body = {"question": "There?", "wait_secs": 0}
    unknown = asked.operator.post("/v1/swarm/personas/nobody/ask", json=body)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "persona_not_found")
    open_ = asked.ask("Still there?")
    asked.operator.post(f"{asked.path}/reap").raise_for_status()
    reaped = asked.operator.post(f"{asked.path}/ask", json=body)
    assert (reaped.status_code, reaped.json()["code"]) == (409, "persona_reaped")
    ended = asked.operator.get(f"{asked.path}/questions/{open_['question_id']}").json()
    assert ended["status"] == "failed"
    assert ended["detail"] == f"{asked.persona_id} was reaped before it answered"


def test_who_waits_hears_that_the_persona_was_reaped(asked: Asked) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(asked.ask, "Still there?", 25)
        while not asked.client.get(f"{asked.path}/questions").json():
            time.sleep(0.02)
        asked.operator.post(f"{asked.path}/reap").raise_for_status()
        assert waiting.result()["status"] == "failed"


def test_a_paused_persona_may_be_asked_and_says_so(asked: Asked) -> None:
    asked.operator.post(f"{asked.path}/pause").raise_for_status()
    told = asked.ask("Asleep?")
    said = f"{asked.persona_id} is paused (manual) until somebody resumes it"
    assert (told["status"], told["detail"]) == ("pending", said)


@pytest.mark.parametrize("odd", ["nothing", "019b0000-0000-7000-8000-000000000000", "%20", "1%230"])
def test_an_unknown_question_is_404(asked: Asked, odd: str) -> None:
    found = asked.client.get(f"{asked.path}/questions/{odd}")
    assert (found.status_code, found.json()["code"]) == (404, "question_not_found")


def test_observations_never_pass_for_questions(asked: Asked) -> None:
    body = {"source": f"ask:{asked.persona_id}", "content": "a question nobody asked"}
    refused = asked.post("observations", json=body)
    assert (refused.status_code, refused.json()["field"]) == (422, "source")
    assert asked.client.get(f"{asked.path}/questions").json() == []


def test_a_reply_may_need_a_person(database: str, tmp_path: Path) -> None:
    gate = GateSettings(allow=(Rule(tool="reply", needs_approval=True),))
    with serving(settings_for(tmp_path, database, gate=gate)) as served, served.client() as client:
        asked = Asked.of(served, client)
        told = asked.ask("May you?")
        made = asked.reply(told["question_id"], "now I may", str(told["position"]), wait=0)
        path = f"/v1/cognition/proposals/{made['id']}"
        while (shown := client.get(path).json())["stage"] != "waiting":
            time.sleep(0.02)
        waiting = asked.question(told["question_id"])
        assert waiting["status"] == "pending"
        assert waiting["detail"] == f"the reply waits for a person: proposal {made['id']}"
        client.post(f"{path}/approve", json={"shown_hash": shown["shown_hash"]}).raise_for_status()
        assert asked.question(told["question_id"])["answer"] == "now I may"


def test_a_server_that_stops_answers_who_waits(served: Served, client: httpx.Client) -> None:
    asked = Asked.of(served, client)
    with ThreadPoolExecutor() as pool:
        began = time.monotonic()
        waiting = pool.submit(asked.ask, "Anybody?", 100)
        assert asked.unanswered(wait=25)
        served.loop.call_soon_threadsafe(served.api.state.streams.close)
        assert waiting.result()["status"] == "pending"
        assert time.monotonic() - began < 60
