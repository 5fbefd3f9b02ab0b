"""Budget for calls made elsewhere: reserve, call, settle."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.integration.api.agent import Agent
from tests.integration.api.serving import Served, policy
from tests.minute import early_in_a_minute

THOUGHT = {"phase": "observe", "content": "x"}


@pytest.fixture(autouse=True)
def _within_one_minute() -> None:
    early_in_a_minute()


@pytest.fixture
def agent(shared: Served, shared_client: httpx.Client) -> Iterator[Agent]:
    narrow = policy(token_budget_per_minute=1_000, compute_ms_per_minute=500)
    agent = Agent.of_new_persona(shared, shared_client, policy=narrow)
    with agent.client:
        yield agent


def reserve(agent: Agent, call_id: str, **amounts: int) -> httpx.Response:
    return agent.post("reservations", json={"call_id": call_id, **amounts})


def reserved(agent: Agent, call_id: str, **amounts: int) -> str:
    response = reserve(agent, call_id, **amounts)
    assert response.status_code == 200, response.text
    return str(response.json()["reservation_id"])


def usage(tokens: int, cpu_ms: int = 0) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": tokens, "cpu_ms": cpu_ms}}


def refused(response: httpx.Response, status: int, code: str) -> bool:
    return (response.status_code, response.json()["code"]) == (status, code)


def test_the_same_call_is_answered_the_same(shared: Served, agent: Agent) -> None:
    first = reserve(agent, "call-1", tokens=600, cpu_ms=10)
    assert first.json()["tokens"] == 600
    head = shared.app.recorder.head()
    again = reserve(agent, "call-1", tokens=600, cpu_ms=10)
    assert again.json() == first.json()
    assert shared.app.recorder.head() == head
    assert refused(reserve(agent, "call-1", tokens=601, cpu_ms=10), 409, "idempotency_key_reused")


def test_a_call_is_answered_the_same_whoever_repeats_it(shared: Served, agent: Agent) -> None:
    first = reserve(agent, "call-1", tokens=600)
    body = {"call_id": "call-1", "tokens": 600}
    again = agent.operator.post(f"{agent.path}/reservations", json=body)
    assert again.json() == first.json()


def test_what_does_not_fit_is_429_and_says_when_to_come_back(agent: Agent) -> None:
    reserved(agent, "call-1", tokens=600)
    response = reserve(agent, "call-2", tokens=600)
    assert refused(response, 429, "budget_exhausted")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    told = response.json()
    assert (told["resource"], told["needed"], told["left"], told["limit"]) == (
        "token", 600, 400, 1_000,
    )  # fmt: skip
    assert refused(reserve(agent, "call-3", tokens=1, cpu_ms=501), 429, "budget_exhausted")
    reserved(agent, "call-2", tokens=400)


def test_what_can_never_fit_is_429_too_but_not_soon(agent: Agent) -> None:
    response = reserve(agent, "call-1", tokens=1_001)
    assert refused(response, 429, "budget_exhausted")
    assert response.json()["retry_after_secs"] is None
    assert int(response.headers["Retry-After"]) > 60


@pytest.mark.parametrize("amounts", [{}, {"tokens": 0}, {"tokens": -1}, {"tokens": 2**70}])
def test_a_wrong_amount_is_422(agent: Agent, amounts: dict[str, int]) -> None:
    assert reserve(agent, "call-1", **amounts).status_code == 422


def test_settling_gives_back_what_was_not_used_and_is_done_once(
    shared: Served, agent: Agent
) -> None:
    rid = reserved(agent, "call-1", tokens=1_000, cpu_ms=100)
    settled = agent.post(f"reservations/{rid}/settle", json=usage(300, 20))
    assert settled.json() == {
        "reservation_id": rid, "outcome": "settled", "tokens": 300, "cpu_ms": 20,
        "over_tokens": 0, "over_cpu_ms": 0, "paused": False,
    }  # fmt: skip
    head = shared.app.recorder.head()
    again = agent.post(f"reservations/{rid}/settle", json=usage(300, 20))
    assert again.json() == settled.json()
    assert shared.app.recorder.head() == head
    other = agent.post(f"reservations/{rid}/settle", json=usage(1))
    assert refused(other, 409, "idempotency_key_reused")
    reserved(agent, "call-2", tokens=700)
    assert reserve(agent, "call-3", tokens=1).status_code == 429


def test_releasing_gives_all_back_and_is_done_once(agent: Agent) -> None:
    rid = reserved(agent, "call-1", tokens=1_000)
    first = agent.post(f"reservations/{rid}/release")
    assert first.json()["outcome"] == "released"
    assert agent.post(f"reservations/{rid}/release").json() == first.json()
    reserved(agent, "call-2", tokens=1_000)


def test_nobody_ends_a_reservation_that_is_not_theirs(shared: Served, agent: Agent) -> None:
    other = Agent.of_new_persona(shared, agent.operator)
    rid = reserved(agent, "call-1", tokens=10)
    with other.client:
        for end in (f"{rid}/settle", "unknown/settle", "%00/settle"):
            response = other.post(f"reservations/{end}", json=usage(1))
            assert refused(response, 404, "reservation_not_found")
    assert agent.post(f"reservations/{rid}/settle", json=usage(1)).status_code == 200


def test_usage_beyond_a_reservation_is_charged_in_full_and_pauses(agent: Agent) -> None:
    rid = reserved(agent, "call-1", tokens=100)
    settled = agent.post(f"reservations/{rid}/settle", json=usage(150)).json()
    assert (settled["tokens"], settled["over_tokens"], settled["paused"]) == (150, 50, True)
    told = agent.told()
    assert (told["status"], told["budget_paused"], told["paused_reason"]) == (
        "idle", True, "overspent",
    )  # fmt: skip
    assert refused(agent.post("thoughts", json=THOUGHT), 409, "persona_paused")
    agent.operator.post(f"{agent.path}/resume").raise_for_status()
    response = reserve(agent, "call-2", tokens=900)
    assert (response.status_code, response.json()["left"]) == (429, 850)


def test_a_thought_settles_its_reservation(agent: Agent) -> None:
    rid = reserved(agent, "call-1", tokens=1_000)
    body = THOUGHT | usage(200) | {"reservation_id": rid}
    agent.post("thoughts", json=body).raise_for_status()
    reserved(agent, "call-2", tokens=800)
    assert refused(agent.post("thoughts", json=body), 404, "reservation_not_found")
    assert agent.told()["tokens_this_window"] == 200


def test_a_thought_that_cost_more_than_was_reserved_is_recorded_and_pauses(
    agent: Agent,
) -> None:
    rid = reserved(agent, "call-1", tokens=100)
    body = THOUGHT | usage(5_000) | {"reservation_id": rid}
    assert agent.post("thoughts", json=body).status_code == 200
    told = agent.told()
    assert (told["thought_count"], told["paused_reason"]) == (1, "overspent")
    assert told["tokens_this_window"] == 5_000


def test_a_thought_nobody_reserved_for_is_recorded_and_pauses(agent: Agent) -> None:
    assert agent.post("thoughts", json=THOUGHT | usage(1)).status_code == 200
    assert agent.told()["paused_reason"] == "overspent"


def test_many_at_once_never_reserve_more_than_there_is(agent: Agent) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: reserve(agent, f"call-{n}", tokens=90), range(40)))
    assert sum(each.status_code == 200 for each in answers) == 11
    assert {each.status_code for each in answers} == {200, 429}
