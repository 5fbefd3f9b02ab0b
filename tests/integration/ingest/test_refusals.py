"""Commands by Kafka that are refused, or come again."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.api.serving import VIEWER, persona, policy
from tests.integration.ingest.agents import Agent
from tests.integration.ingest.conftest import House
from tests.integration.ingest.speaking import Reply, reason

THOUGHT: dict[str, Any] = {"phase": "reflect", "content": "hm"}


@pytest.fixture(scope="module")
def agent(house: House) -> Agent:
    return Agent(house)


def told(command: str, **fields: Any) -> bytes:
    return json.dumps({"command": command, **fields}).encode()


def is_no_letter(house: House, reply: Reply) -> bool:
    """What comes with a reply comes in the same transaction: a letter would be there by now."""
    house.speaker.listen(0.3)
    partition, offset = reply.id.split("-")
    return not [
        each for each in house.speaker.letters
        if dict(each.headers)["source-partition"] == partition.encode()
        and dict(each.headers)["source-offset"] == offset.encode()
    ]  # fmt: skip


@pytest.mark.parametrize("token", [None, "unknown token", "tökén of nobody", "x\r\ny", "z" * 9_999])
def test_who_has_no_right_token_is_told_so_and_nothing_is_done(
    house: House, agent: Agent, token: str | None
) -> None:
    head = house.head
    reply = house.speaker.ask("think", token, persona_id=agent.id, **THOUGHT)
    assert (reply.status, reply.body["code"]) == (401, "unauthenticated")
    assert is_no_letter(house, reply)
    assert house.head == head


def test_a_token_is_good_for_what_it_is_over_http(house: House, agent: Agent) -> None:
    other, head = Agent(house), house.head
    for token in (VIEWER, other.token):
        reply = house.speaker.ask("think", token, persona_id=agent.id, **THOUGHT)
        assert (reply.status, reply.body["code"]) == (403, "forbidden")
    assert house.speaker.ask("spawn", agent.token, **persona(None)).status == 403
    assert house.head == head


def test_a_token_may_come_under_any_spelling_of_its_header(house: House, agent: Agent) -> None:
    bearer = [("Authorization", f"bearer {agent.token}".encode())]
    value = told("think", persona_id=agent.id, **THOUGHT)
    assert house.speaker.answer(house.speaker.send(value, token=None, headers=bearer)).status == 200


def test_a_limit_that_refuses_is_a_reply_and_no_dead_letter(house: House) -> None:
    parent = Agent(house, policy=policy(max_branching_factor=0))
    reply = house.speaker.ask("spawn", **persona(None, parent_id=parent.id))
    assert (reply.status, reply.body["code"]) == (400, "branching_limit_exceeded")
    assert is_no_letter(house, reply)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"phase": "dream", "content": "x"}, 422, "invalid_input"),
        ({"phase": "reflect"}, 422, "invalid_request"),
        ({"phase": "reflect", "content": "x" * 600_000}, 413, "event_too_large"),
    ],
)
def test_what_nobody_can_mean_is_answered_and_a_dead_letter_too(
    house: House, agent: Agent, fields: dict[str, Any], status: int, code: str
) -> None:
    value = told("think", persona_id=agent.id, **fields)
    sent = house.speaker.send(value, token=agent.token, headers=[("trace", b"1")])
    reply, letter = house.speaker.answer(sent), house.speaker.letter(sent)
    assert (reply.status, reply.body["code"], reason(letter)) == (status, code, code)
    assert (letter.partition, letter.key, letter.value) == (sent.partition, b"k", value)
    assert dict(letter.headers)["trace"] == b"1"


def test_a_command_that_comes_twice_is_done_once_and_answered_the_same(
    house: House, agent: Agent
) -> None:
    for fields in (
        {"command": "think", **THOUGHT},
        {"command": "observe", "source": "s", "content": "x"},
    ):
        value = json.dumps({**fields, "persona_id": agent.id, "command_id": uuid4().hex}).encode()
        first = house.speaker.answer(house.speaker.send(value, token=agent.token))
        head = house.head
        again = house.speaker.answer(house.speaker.send(value, token=agent.token))
        assert (first.status, again.told) == (200, first.told)
        assert house.head == head


def test_a_command_that_comes_twice_at_once_on_two_partitions_is_done_once(
    house: House, agent: Agent
) -> None:
    value = told("spawn", command_id=uuid4().hex, **persona(None))
    sent = [house.speaker.send(value, key=bytes([n])) for n in range(20)]
    assert len({each.partition for each in sent}) > 1
    replies = [house.speaker.answer(each) for each in sent]
    assert [each.told for each in replies] == [replies[0].told] * 20
    assert replies[0].status == 200


def test_a_key_that_comes_with_another_command_is_409(house: House, agent: Agent) -> None:
    key, head = uuid4().hex, house.head
    assert agent.ask("think", **THOUGHT, command_id=key).status == 200
    reply = agent.ask("think", **THOUGHT | {"content": "other"}, command_id=key)
    assert (reply.status, reply.body["code"]) == (409, "idempotency_key_reused")
    assert is_no_letter(house, reply)
    assert house.head == head + 1


@pytest.mark.parametrize("odd", ["größe", "x" * 129, "a\nb", ""])
def test_a_correlation_id_that_http_would_not_take_is_replaced(
    house: House, agent: Agent, odd: str
) -> None:
    reply = agent.ask("think", **THOUGHT, correlation_id=odd)
    assert reply.status == 200
    assert reply.headers["ce_correlationid"] not in ("", odd)


@pytest.mark.parametrize("odd", ["..", ".", "a/b", "№ 1", "{persona_id}", "?token=x"])
def test_an_odd_id_is_that_of_a_persona_like_any_other(house: House, odd: str) -> None:
    unique = odd if odd in ("..", ".") else f"{odd}-{uuid4()}"
    house.speaker.ask("spawn", **persona(unique))
    assert house.speaker.ask("think", persona_id=unique, **THOUGHT).status == 200
