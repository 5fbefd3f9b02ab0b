"""One of every command, and the records they come in."""

import json
from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_writer

from services import schemas
from services.bus.client import Incoming

USAGE: Final = {"prompt_tokens": 3, "completion_tokens": 2, "cpu_ms": 7, "cost_micro_usd": 11}
POLICY: Final = {
    "max_spawn_depth": 1,
    "max_branching_factor": 2,
    "token_budget_per_minute": 3,
    "compute_ms_per_minute": 4,
    "idle_ttl_secs": 5,
    "share_memory": True,
    "allowed_tools": ["notify"],
    "share_with": ["lineage"],
}
FULL: Final[dict[str, dict[str, Any]]] = {
    "spawn": {
        "persona_id": "größe/№ 1",
        "name": "N",
        "role": "r",
        "charter": "c",
        "swarm_id": "s",
        "parent_id": "root",
        "policy": POLICY,
        "tags": ["a", "b"],
    },
    "reap": {"persona_id": "p", "cascade": True, "reason": "over"},
    "observe": {"persona_id": "p", "source": "sshd", "content": "one\ntwo\n"},
    "think": {
        "persona_id": "p",
        "phase": "reflect",
        "content": "hm",
        "impact": 0.75,
        "context_refs": [{"ref": "1#0", "tier": "hot", "score": 0.5}],
        "usage": USAGE,
        "reservation_id": "r",
        "thinker": {"source": "s", "model": "m", "prompt_hash": "h"},
        "latency_ms": 12,
        "finish_reason": "stop",
        "error": "none",
    },
    "hypothesise": {
        "persona_id": "p",
        "hypothesis_id": "h",
        "belief_key": "disk-full",
        "claim": "it is",
        "confidence": 0.25,
        "evidence_refs": ["1#0"],
        "contradicts": ["disk-empty"],
    },
    "check": {
        "persona_id": "p",
        "check_id": "c",
        "hypothesis_id": "h",
        "kind": "df",
        "spec": '{"path":"/"}',
        "outcome": "passed",
        "confidence_after": 0.5,
        "evidence_refs": ["1#0"],
        "excerpt": "97 %",
    },
    "propose": {
        "persona_id": "p",
        "title": "t",
        "rationale": "r",
        "risk": "high",
        "evidence_refs": ["1#0"],
        "action": {"tool": "notify", "target": "ops", "arguments": '{"line":"l"}'},
    },
    "vote": {"proposal_id": "x", "persona_id": "p", "vote": "veto", "reason": "no"},
    "approve": {"proposal_id": "x", "shown_hash": "0" * 64},
}
"""Every command with every field it has in Avro."""


def avro(name: str, fields: dict[str, Any]) -> bytes:
    """Write a command in the single-object encoding, marker and fingerprint by hand."""
    schema = schemas.commands()[name]
    out = BytesIO()
    schemaless_writer(out, schema.parsed, {"command_id": "k-1", **fields})
    return schema.header + out.getvalue()


def as_json(command: str, **fields: Any) -> bytes:
    """Write a command in JSON."""
    return json.dumps({"command": command, **fields}).encode()


def record(value: bytes | None, **more: Any) -> Incoming:
    """Return a record as it is read from the topic of commands."""
    told: dict[str, Any] = {
        "topic": "perpetua.commands",
        "partition": 3,
        "offset": 44,
        "timestamp_ms": 1_785_585_600_123,
        "key": b"p",
        "value": value,
        "headers": [("authorization", b"Bearer secret")],
    }
    return Incoming(**told | more)
