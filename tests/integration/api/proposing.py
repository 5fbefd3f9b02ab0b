"""What the tests of proposals share: a persona with evidence, and proposals that rest on it."""

from typing import Any

import httpx

from tests.e2e.process import until
from tests.integration.api.serving import persona, policy

PERSONAS = "/v1/swarm/personas"
PROPOSALS = "/v1/cognition/proposals"
LOG = "Failed password for root from 192.0.2.7\nAccepted password for ann\n"


def begin(client: httpx.Client) -> str:
    """Make the persona p1 with tools; return a reference to what it observed."""
    tools = policy(allowed_tools=["file.append", "notify"])
    client.post(PERSONAS, json=persona("p1", policy=tools)).raise_for_status()
    seen = client.post(f"{PERSONAS}/p1/observations", json={"source": "sshd", "content": LOG})
    return f"{seen.raise_for_status().json()['position']}#0"


def deny(ref: str, line: str = "192.0.2.7") -> dict[str, Any]:
    """A proposal that a person must approve."""
    return {
        "title": f"Deny {line}",
        "rationale": "It fails again and again.",
        "risk": "high",
        "evidence_refs": [ref],
        "action": {"tool": "file.append", "target": "deny.list", "arguments": {"line": line}},
    }


def notify(ref: str) -> dict[str, Any]:
    """A proposal that needs nobody's approval."""
    return {
        "title": "Tell somebody",
        "rationale": "A login failed.",
        "risk": "low",
        "evidence_refs": [ref],
        "action": {"tool": "notify", "target": "ops", "arguments": {"line": "a login failed"}},
    }


def propose(client: httpx.Client, body: dict[str, Any], wait: float = 0) -> dict[str, Any]:
    response = client.post(f"{PERSONAS}/p1/proposals?wait={wait}", json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def show(client: httpx.Client, proposal_id: str) -> dict[str, Any]:
    response = client.get(f"{PROPOSALS}/{proposal_id}")
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def waiting(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """Propose, and return what a person is shown once the gate waits for one."""
    proposal_id = propose(client, body)["id"]
    until(
        lambda: show(client, proposal_id)["stage"] not in ("created", "verified"),
        "the gate is done with it",
    )
    shown = show(client, proposal_id)
    assert shown["stage"] == "waiting", shown
    return shown
