"""Our events in the words of the contract's stream."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.events import EVENT_CLASSES, Event
from domain.events.cognition import ContextRef, Thinker, Usage
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.recorded import Recorded
from services.api.stream_events import TOPICS, messages
from services.api.stream_message import EXCERPT, Known

KNOWN = Known("Watcher", "analyst", Limits(token_budget_per_minute=7, compute_ms_per_minute=9))
ENVELOPE = {
    "event_id": "e1",
    "occurred_at": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    "swarm_id": "s1",
    "persona_id": "p1",
    "actor": "persona:p1",
    "correlation_id": "c1",
}


def told(topic: str, stream: str = "thoughts/p1/2", **body: Any) -> list[dict[str, Any]]:
    event = EVENT_CLASSES[topic].model_validate(ENVELOPE | body)
    found = messages(Recorded(4711, stream, 3, 5, event), KNOWN)
    json.dumps(found, allow_nan=False)
    return found


def payloads(topic: str, **body: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(each["event_type"], each["payload"]) for each in told(topic, **body)]


def test_an_event_is_told_with_its_envelope() -> None:
    [spawned] = told("vote.cast", proposal_id="x", vote="veto")
    assert list(spawned) == [
        "id", "event_type", "persona_id", "swarm_id", "timestamp", "payload",
    ]  # fmt: skip
    assert spawned["id"] == "e1"
    assert spawned["persona_id"] == "p1"
    assert spawned["swarm_id"] == "s1"
    assert spawned["timestamp"] == "2026-01-02T03:04:05.678901Z"


def test_a_thought() -> None:
    body = {
        "phase": "reflect",
        "content": "ünï",
        "impact": 0.5,
        "context_refs": (ContextRef(ref="1#0", tier="input"),),
        "thinker": Thinker(source="openai", model="m"),
        "usage": Usage(prompt_tokens=3, completion_tokens=4),
        "latency_ms": 12,
        "finish_reason": "stop",
    }
    assert payloads("thought.generated", **body) == [
        (
            "thought_generated",
            {
                "phase": "reflect",
                "thought_count": 2003,
                "persona": {"id": "p1", "name": "Watcher", "role": "analyst"},
                "context_event_count": 1,
                "thinking": "ünï",
                "source": "openai",
                "model": "m",
                "finish_reason": "stop",
                "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
                "latency_ms": 12,
                "error": None,
                "impact": 0.5,
            },
        )
    ]


THINKING = {
    "phase", "thought_count", "persona", "context_event_count", "thinking", "source", "model",
    "finish_reason", "usage", "latency_ms", "error",
}  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "body", "event_type", "phase"),
    [
        (
            "hypothesis.raised",
            {"hypothesis_id": "h", "belief_key": "k", "claim": "c", "confidence": 0.5},
            "hypothesis_raised",
            "reflect",
        ),
        (
            "check.requested",
            {"check_id": "k", "hypothesis_id": "h", "kind": "recount", "spec": '{"a":1}'},
            "check_requested",
            "test",
        ),
        (
            "snapshot.compressed",
            {
                "snapshot_id": "n",
                "persona_scope": ("p1",),
                "summary": "s",
                "from_position": 1,
                "to_position": 2,
                "thoughts_in": 2,
            },
            "snapshot_compressed",
            "compress",
        ),
    ],
)
def test_a_step_has_all_that_a_dashboard_asks_of_steps(
    topic: str, body: dict[str, Any], event_type: str, phase: str
) -> None:
    found, payload = payloads(topic, **body)[0]
    assert found == event_type
    assert payload["phase"] == phase
    assert set(payload) >= THINKING


def test_a_snapshot_also_moves_the_workspace_under_an_id_of_its_own() -> None:
    body: dict[str, Any] = {"snapshot_id": "n", "persona_scope": ("p1",), "summary": "s"}
    first, second = told(
        "snapshot.compressed", from_position=1, to_position=2, thoughts_in=1, **body
    )
    assert second["event_type"] == "workspace_updated"
    assert second["payload"] == {"updated": True}
    assert first["id"] != second["id"]


def test_an_ended_check_has_an_excerpt_cut_between_characters() -> None:
    (event_type, payload), _ = payloads(
        "check.result",
        check_id="k",
        hypothesis_id="h",
        outcome="passed",
        confidence_after=0.9,
        excerpt="日" * 1_000,
    )
    assert event_type == "check_result"
    assert payload["result_excerpt"] == "日" * EXCERPT
    assert set(payload) >= {"phase", "thought_count", "source", "model"}


def test_the_gate_in_the_words_of_the_stream() -> None:
    assert payloads("proposal.created", proposal_id="x", title="t", rationale="r", risk="low") == [
        (
            "proposal_created",
            {
                "proposal_id": "x",
                "title": "t",
                "rationale_excerpt": "r",
                "source": None,
                "model": None,
                "risk": "low",
            },
        )
    ]
    verified = payloads("proposal.verified", proposal_id="x", findings=(), assessed_risk="high")
    assert verified == [("proposal_verified", {"proposal_id": "x", "assessed_risk": "high"})]
    [(rejected, why)] = payloads("proposal.rejected", proposal_id="x", stage="vote", reasons=("r",))
    assert (rejected, why["stage"]) == ("proposal_rejected", "vote")
    (executed, receipt), _ = payloads(
        "action.executed",
        proposal_id="x",
        action_id="a",
        idempotency_key="a",
        outcome="failure",
        result='{"error":"disk full"}',
        shown_hash="h",
        ran_hash="h",
        duration_ms=1,
    )
    assert executed == "action_executed"
    assert receipt == {
        "receipt_id": "a",
        "proposal_id": "x",
        "outcome": "failure",
        "summary": "failure: disk full",
    }


def test_lives_in_the_words_of_the_stream() -> None:
    identity = Identity(name="n", role="r", charter="c", depth=2)
    spawned = payloads("persona.spawned", identity=identity, limits=Limits(), spawned_by="user:ann")
    assert spawned == [("persona_spawned", {"name": "n", "role": "r", "depth": 2})]
    assert payloads("persona.reaped", reason="manual", final_snapshot_id="n", note="enough") == [
        ("persona_reaped", {"reason": "enough", "cascade": False})
    ]
    reaped = payloads("persona.reaped", reason="cascade", final_snapshot_id="n", cascade_root="p0")
    assert reaped == [("persona_reaped", {"reason": "cascade", "cascade": True})]
    assert payloads("persona.reaped", reason="idle", final_snapshot_id="n") == [
        ("idle_reaped", {"reason": "idle_ttl_expired"}),
        ("persona_reaped", {"reason": "idle", "cascade": False}),
    ]


def test_a_pause_is_told_only_where_a_budget_is_its_reason() -> None:
    paused = payloads("persona.paused", reason="overspent", tokens_used=8, cpu_ms_used=1)
    assert paused == [
        (
            "budget_paused",
            {
                "budget_paused": True,
                "tokens_used": 8,
                "compute_ms_used": 1,
                "token_budget": 7,
                "compute_budget": 9,
            },
        )
    ]
    assert payloads("persona.paused", reason="manual") == []


def test_a_stop_with_a_reason_belongs_to_no_persona() -> None:
    fabric: dict[str, Any] = {"persona_id": None, "swarm_id": "fabric", "epoch": 1}
    [stopped] = told("cognition.stopped", stream="fabric", **fabric, reason="maintenance")
    assert stopped["event_type"] == "check_result"
    assert stopped["persona_id"] is None
    assert stopped["swarm_id"] is None
    assert stopped["payload"] == {"stopped": True, "reason": "maintenance"}
    assert told("cognition.stopped", stream="fabric", **fabric) == []


def test_what_is_no_news_to_a_dashboard_is_not_even_read() -> None:
    silent = set(EVENT_CLASSES) - set(TOPICS)
    assert silent == {
        "observation.received", "swarm.created", "budget.leased", "budget.settled",
        "persona.resumed", "policy.decided", "approval.granted", "approval.denied",
        "action.started", "cognition.started", "work.claimed", "work.released",
        "observation.dropped",
    }  # fmt: skip
    assert issubclass(EVENT_CLASSES["action.started"], Event)
