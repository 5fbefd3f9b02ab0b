"""A persona that is spoken for by Kafka."""

from typing import Any
from uuid import uuid4

from tests.e2e.process import until
from tests.integration.api.proposing import LOG
from tests.integration.api.serving import persona, policy
from tests.integration.ingest.conftest import House
from tests.integration.ingest.speaking import Reply


class Agent:
    """Speaks for a new persona, by its own token."""

    def __init__(self, house: House, **more: Any) -> None:
        self.house = house
        self.id = f"p-{uuid4()}"
        tools = policy(allowed_tools=["file.append", "notify"])
        told = {"swarm_id": f"s-{self.id}", "policy": tools} | more
        spawned = house.speaker.ask("spawn", **persona(self.id, **told))
        assert spawned.status == 200, spawned.told
        self.token = house.served.app.tokens.issue(self.id)

    def ask(self, command: str, **fields: Any) -> Reply:
        told = {"persona_id": self.id, **fields}
        return self.house.speaker.ask(command, self.token, **told)

    def evidence(self) -> str:
        """Observe something; return a reference to it."""
        seen = self.ask("observe", source="sshd", content=LOG)
        assert seen.status == 200, seen.told
        return f"{seen.body['position']}#0"

    def proposal(self, body: dict[str, Any], stage: str) -> dict[str, Any]:
        """Propose; return what a person is shown once the gate has brought it so far."""
        made = self.ask("propose", **body)
        assert made.status == 200, made.told
        path = f"/v1/cognition/proposals/{made.body['id']}"
        shown: dict[str, Any] = {}

        def is_there() -> bool:
            shown.update(self.house.operator.get(path).json())
            return bool(shown["stage"] == stage)

        until(is_there, f"the gate has brought it to {stage}")
        return shown
