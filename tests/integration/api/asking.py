"""What the tests of questions share: an agent elsewhere that is asked, and replies."""

from typing import Any

import httpx

from tests.integration.api.agent import Agent
from tests.integration.api.serving import Served

LOG = "Failed password for root from 192.0.2.7\nAccepted password for ann\n"


class Asked(Agent):
    """An agent with its own token, whom the operator asks."""

    @classmethod
    def of(cls, served: Served, operator: httpx.Client, **more: Any) -> "Asked":
        new = Agent.of_new_persona(served, operator, **more)
        return cls(new.persona_id, new.client, new.operator)

    def see(self) -> str:
        """Observe a log; return a reference to its first line."""
        seen = self.post("observations", json={"source": "sshd", "content": LOG})
        return f"{seen.raise_for_status().json()['position']}#0"

    def ask(self, question: str, wait: float = 0, **more: Any) -> dict[str, Any]:
        body = {"question": question, "wait_secs": wait}
        response = self.operator.post(f"{self.path}/ask", json=body, **more)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def reply(self, question_id: str, answer: str, *refs: str, wait: float = 20) -> dict[str, Any]:
        """Propose an answer; return how the proposal stands once the gate has decided."""
        body = {
            "title": "Answer a question",
            "rationale": "I was asked.",
            "risk": "low",
            "evidence_refs": list(refs),
            "action": {"tool": "reply", "target": question_id, "arguments": {"answer": answer}},
        }
        response = self.post(f"proposals?wait={wait}", json=body)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def unanswered(self, wait: float = 0) -> list[dict[str, Any]]:
        found = self.client.get(f"{self.path}/questions?unanswered=true&wait={wait}")
        told: list[dict[str, Any]] = found.raise_for_status().json()
        return told

    def question(self, question_id: str, wait: float = 0) -> dict[str, Any]:
        found = self.client.get(f"{self.path}/questions/{question_id}?wait={wait}")
        told: dict[str, Any] = found.raise_for_status().json()
        return told
