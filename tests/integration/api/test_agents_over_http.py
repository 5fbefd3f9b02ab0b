"""What agents that think elsewhere send in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.events import CheckRequested, CheckResult, HypothesisRaised, ObservationReceived
from services.api.intake import MAX_CONTENT_BYTES
from services.store.codec import decode
from tests.integration.api.agent import Agent
from tests.integration.api.serving import Served, serving, settings_for


@pytest.fixture
def agent(shared: Served, shared_client: httpx.Client) -> Iterator[Agent]:
    agent = Agent.of_new_persona(shared, shared_client)
    with agent.client:
        yield agent


def observed(served: Served, agent: Agent) -> list[ObservationReceived]:
    stored = served.app.recorder.read(0, 10_000, topics=[ObservationReceived.topic])
    events = [decode(each.state) for each in stored]
    return [
        event
        for event in events
        if isinstance(event, ObservationReceived) and event.persona_id == agent.persona_id
    ]


def push(agent: Agent, content: str, source: str = "s") -> dict[str, Any]:
    response = agent.post("observations", json={"source": source, "content": content})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def test_pushed_lines_are_counted_on_from_push_to_push(shared: Served, agent: Agent) -> None:
    first = push(agent, "one\ntwo\n")
    second = push(agent, "three")
    push(agent, "elsewhere", source="other")
    push(agent, "four\r\nfive\r\n")
    found = [event for event in observed(shared, agent) if event.source == "s"]
    assert [(e.first_line, e.line_count, e.content) for e in found] == [
        (0, 2, "one\ntwo"), (2, 1, "three"), (3, 2, "four\nfive"),
    ]  # fmt: skip
    assert [e.offset for e in found] == [8, 14, 26]
    assert not any(e.unfinished or e.continues for e in found)
    assert {e.persona_id for e in found} == {agent.persona_id}
    assert first["position"] < second["position"]
    assert first["id"] == found[0].event_id
    assert first["lines"] == 2


def test_an_empty_push_stores_nothing(shared: Served, agent: Agent) -> None:
    told = push(agent, "")
    assert told == {"id": None, "position": 0, "positions": [], "lines": 0}
    assert observed(shared, agent) == []


def test_any_text_comes_back_as_it_was_sent(shared: Served, agent: Agent) -> None:
    odd = "\0 \x1b[31m \u2028 \ufffd 日本 \U0001f600\n\n\r\n\tx"
    push(agent, odd)
    [event] = observed(shared, agent)
    assert event.content == odd
    assert event.replaced_bytes == 0


def test_a_long_push_is_one_save_of_many_batches(shared: Served, agent: Agent) -> None:
    line = "x" * 99 + "\n"
    told = push(agent, line * 20_000)
    assert len(told["positions"]) == len(observed(shared, agent)) > 30
    assert told["lines"] == 20_000
    assert told["positions"] == list(range(told["positions"][0], told["position"] + 1))
    longest = push(agent, "é" * (MAX_CONTENT_BYTES // 2))
    assert longest["lines"] == 1
    joined = "".join(e.content for e in observed(shared, agent)[len(told["positions"]) :])
    assert joined == "é" * (MAX_CONTENT_BYTES // 2)


def test_a_push_too_long_for_one_save_is_413(shared: Served, agent: Agent) -> None:
    body = {"source": "s", "content": "x" * (MAX_CONTENT_BYTES + 1)}
    response = agent.post("observations", json=body)
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert observed(shared, agent) == []


def test_lines_are_counted_right_by_many_at_once(shared: Served, agent: Agent) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: push(agent, f"a{n}\nb{n}\n"), range(64)))
    found = observed(shared, agent)
    assert [event.first_line for event in found] == list(range(0, 128, 2))
    assert {event.content for event in found} == {f"a{n}\nb{n}" for n in range(64)}


def test_lines_are_counted_right_by_two_processes(
    shared: Served, shared_database: str, agent: Agent, tmp_path: Path
) -> None:
    with serving(settings_for(tmp_path, shared_database)) as other, other.client() as client:
        beside = Agent(agent.persona_id, client, client)
        with ThreadPoolExecutor(8) as pool:
            each = [(who, n) for n in range(20) for who in (agent, beside)]
            list(pool.map(lambda one: push(one[0], f"a{one[1]}\nb{one[1]}\n"), each))
    assert [event.first_line for event in observed(shared, agent)] == list(range(0, 80, 2))


def test_a_source_must_have_a_name(agent: Agent) -> None:
    for source in ("", "x" * 1_001):
        body = {"source": source, "content": "x"}
        assert agent.post("observations", json=body).status_code == 422


def test_a_thought_is_stored_with_all_that_was_said_of_it(shared: Served, agent: Agent) -> None:
    body = {
        "phase": "reflect",
        "content": "hm",
        "impact": 1,
        "context_refs": [{"ref": "1#0", "tier": "input", "score": 0.5}],
        "thinker": {"source": "langgraph", "model": "m"},
        "latency_ms": 7,
        "finish_reason": "stop",
    }
    told = agent.post("thoughts", json=body).json()
    assert set(told) == {"id", "position"}
    [stored] = shared.app.recorder.read_positions([told["position"]])
    thought = decode(stored.state)
    assert thought.event_id == told["id"]
    assert thought.actor == f"persona:{agent.persona_id}"
    dumped = thought.model_dump(mode="json")
    assert dumped["context_refs"] == body["context_refs"]
    assert dumped["thinker"] == {"source": "langgraph", "model": "m", "prompt_hash": None}
    assert agent.told()["thought_count"] == 1


def test_a_phase_there_is_not_is_422(agent: Agent) -> None:
    response = agent.post("thoughts", json={"phase": "dream", "content": "x"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert "observe, reflect, test, compress" in response.json()["detail"]


def test_a_hypothesis_and_its_check(shared: Served, agent: Agent) -> None:
    raised = agent.post(
        "hypotheses",
        json={"belief_key": "Disk Full", "claim": "it is full", "confidence": 0.7},
    ).json()
    body = {
        "hypothesis_id": raised["hypothesis_id"],
        "kind": "df",
        "spec": {"path": "/", "limit": 0.9},
        "outcome": "passed",
        "confidence_after": 0.95,
        "excerpt": "97 %",
    }
    checked = agent.post("checks", json=body).json()
    events = [decode(each.state) for each in shared.app.recorder.read(raised["position"] - 1, 10)]
    hypothesis, requested, result = events
    assert isinstance(hypothesis, HypothesisRaised)
    assert hypothesis.belief_key == "disk-full"
    assert isinstance(requested, CheckRequested)
    assert requested.spec == '{"limit":0.9,"path":"/"}'
    assert isinstance(result, CheckResult)
    assert (result.event_id, result.check_id) == (checked["id"], checked["check_id"])
    assert checked["position"] == raised["position"] + 2


def test_a_check_may_be_requested_first(shared: Served, agent: Agent) -> None:
    body = {"check_id": "c1", "hypothesis_id": "h1", "kind": "df", "spec": '{"a": 1}'}
    told = agent.post("checks", json=body).json()
    [stored] = shared.app.recorder.read_positions([told["position"]])
    assert stored.topic == CheckRequested.topic
    assert shared.app.recorder.head() == told["position"]


@pytest.mark.parametrize("spec", ['{"a": 1e999}', {"a": 2**60}, "[1]", "nonsense", [1], None])
def test_a_spec_that_has_no_canonical_form_is_422(agent: Agent, spec: Any) -> None:
    body = {"hypothesis_id": "h1", "kind": "df", "spec": spec}
    assert agent.post("checks", json=body).status_code == 422


def test_nobody_thinks_for_a_reaped_persona(agent: Agent) -> None:
    agent.operator.post(f"{agent.path}/reap").raise_for_status()
    thought = agent.post("thoughts", json={"phase": "observe", "content": "x"})
    assert (thought.status_code, thought.json()["code"]) == (409, "persona_reaped")
    seen = agent.post("observations", json={"source": "s", "content": "x"})
    assert (seen.status_code, seen.json()["code"]) == (409, "persona_reaped")
