"""An agent of one persona, with its own token."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.api.serving import Served, persona

PERSONAS = "/v1/swarm/personas"


@dataclass
class Agent:
    """Speaks for a persona of its own, and can be helped by the operator."""

    persona_id: str
    client: httpx.Client
    operator: httpx.Client

    @classmethod
    def of_new_persona(cls, served: Served, operator: httpx.Client, **more: Any) -> "Agent":
        persona_id = f"p-{uuid4()}"
        body = persona(persona_id, swarm_id=f"s-{persona_id}", **more)
        operator.post(PERSONAS, json=body).raise_for_status()
        token = operator.post(f"{PERSONAS}/{persona_id}/token").json()["token"]
        return cls(persona_id, served.client(token), operator)

    @property
    def path(self) -> str:
        return f"{PERSONAS}/{self.persona_id}"

    def post(self, part: str, **more: Any) -> httpx.Response:
        return self.client.post(f"{self.path}/{part}", **more)

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get(self.path).raise_for_status().json()
        return told
