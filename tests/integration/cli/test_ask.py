"""`perpetua ask`: a question, its answer and what that rests on; said plainly if there is none."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from services.cli.ask import NOT_ANSWERED, PENDING
from tests.e2e.process import Perpetua, Up, until

NASTY = "\x1b[2J\x1b]0;owned\x07 \u202egnol [red]x[/red]"


class Agent:
    """Thinks elsewhere for a persona of its own, and answers what it is asked over HTTP."""

    def __init__(self, up: Up, persona_id: str, **more: Any) -> None:
        self.up = up
        self.path = f"/v1/swarm/personas/{persona_id}"
        who = {"persona_id": persona_id, "name": "N", "role": "r", "charter": "c"}
        self.post("/v1/swarm/personas", who | {"tags": ["thinker:external"]} | more)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.up.client() as client:
            told: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
            return told

    def open_questions(self) -> list[dict[str, Any]]:
        found = self.up.get(f"{self.path}/questions")
        return [each for each in found if each["proposal_id"] is None]

    def answer(self, text: str) -> dict[str, Any]:
        """Wait for a question; answer it, citing it and what was seen."""
        until(self.open_questions, "a question is asked")
        [asked] = self.open_questions()
        seen = self.post(f"{self.path}/observations", {"source": "s", "content": NASTY})
        body = {
            "title": "Answer",
            "rationale": "I was asked.",
            "risk": "low",
            "evidence_refs": [f"{seen['position']}#0", str(asked["position"])],
            "action": {
                "tool": "reply",
                "target": asked["question_id"],
                "arguments": {"answer": text},
            },
        }
        return self.post(f"{self.path}/proposals?wait=20", body)


@contextmanager
def answering(agent: Agent, text: str) -> Iterator[None]:
    with ThreadPoolExecutor() as pool:
        replied = pool.submit(agent.answer, text)
        yield
        replied.result()


@pytest.fixture(scope="module")
def agent(serving: Up) -> Agent:
    return Agent(serving, "seer")


def test_the_answer_is_printed_with_what_it_rests_on(digested: Perpetua, agent: Agent) -> None:
    with answering(agent, f"192.0.2.7,\nmost of all {NASTY}"):
        said = digested("ask", "seer", "Who guessed?").stdout
    lines = said.splitlines()
    assert lines[0] == "192.0.2.7,"
    assert lines[1].startswith(r"most of all \x1b[2J")
    assert "IT RESTS ON" in said
    assert "#0" in said
    assert "[red]x[/red]" in said
    assert not [char for char in said if not char.isprintable() and char != "\n"]
    [why] = [line.removeprefix("Why: perpetua ") for line in lines if line.startswith("Why: ")]
    chain = digested(*why.split()).stdout
    assert "Who guessed?" in chain
    assert "reply on" in chain
    assert "executed: success" in chain


def test_a_question_may_come_from_standard_input(digested: Perpetua, agent: Agent) -> None:
    with answering(agent, "yes"):
        done = digested("ask", "seer", "-", "--json", stdin="Are you\nthere?\n")
    told = json.loads(done.stdout)
    assert (told["question"], told["answer"]) == ("Are you\nthere?", "yes")


def test_no_answer_in_time_is_said_and_has_a_code_of_its_own(
    digested: Perpetua, agent: Agent
) -> None:
    said = digested("ask", "seer", "Soon?", "--wait", "0", code=PENDING).stdout
    assert said.startswith("No answer yet: seer has not answered yet\nThe question stays open: ")
    agent.answer("now")


def test_what_the_gate_refuses_is_said(digested: Perpetua, serving: Up) -> None:
    policy = digested.json("personas")[0]["policy"] | {"allowed_tools": ["notify"]}
    mute = Agent(serving, "mute", policy=policy)
    with answering(mute, "never"):
        said = digested("ask", "mute", "Well?", code=NOT_ANSWERED).stdout
    assert said.startswith("The gate refused the answer: its persona may not use reply\n")
    assert "never" not in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nobody-at-all", "Well?"], "there is no persona nobody-at-all"),
        (["seer", " "], "question must be 1 to 16,000 characters"),
        (["seer", "x" * 16_001], "question must be 1 to 16,000 characters"),
        (["seer", "Well?", "--wait", "-1"], "--wait"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    digested: Perpetua, agent: Agent, arguments: list[str], reason: str
) -> None:
    assert reason in digested.refused("ask", *arguments)


def test_without_an_up_it_says_so(digested: Perpetua, tmp_path_factory: Any) -> None:
    elsewhere = str(tmp_path_factory.mktemp("nobody"))
    refused = digested.refused("ask", "seer", "Well?", "--home", elsewhere)
    assert "start `perpetua up`" in refused
