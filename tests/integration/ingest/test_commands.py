"""What can be asked for over HTTP can be asked for by Kafka, with the same rights."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from domain.events import Event
from services.store.codec import decode
from tests.integration.api.proposing import deny
from tests.integration.api.serving import APPROVER, persona
from tests.integration.ingest.agents import Agent
from tests.integration.ingest.conftest import House
from tests.unit.ingest.commands import avro

SIMPLE: dict[str, tuple[str, dict[str, Any]]] = {
    "observe": ("observation.received", {"source": "s", "content": "one\n"}),
    "think": ("thought.generated", {"phase": "reflect", "content": "hm"}),
    "hypothesise": ("hypothesis.raised", {"belief_key": "k", "claim": "c", "confidence": 0.5}),
    "check": ("check.result", {"hypothesis_id": "h", "outcome": "passed"}),
    "propose": ("proposal.created", {"title": "t", "rationale": "r", "risk": "low"}),
}
"""What agents send most, and the event that comes of it."""


@pytest.fixture(scope="module")
def agent(house: House) -> Agent:
    return Agent(house)


def last(house: House, topic: str) -> Event:
    return decode(house.served.app.recorder.read(0, 10_000, topics=[topic])[-1].state)


@pytest.mark.parametrize("encoding", ["json", "avro"])
@pytest.mark.parametrize("command", SIMPLE)
def test_an_agent_does_by_kafka_what_it_does_over_http(
    house: House, agent: Agent, command: str, encoding: str
) -> None:
    topic, fields = SIMPLE[command]
    told = {
        **fields, "persona_id": agent.id, "command_id": f"agent/{uuid4()}",
        "correlation_id": f"c-{uuid4()}",
    }  # fmt: skip
    in_json = json.dumps({"command": command, **told}).encode()
    value = in_json if encoding == "json" else avro(command, told)
    reply = house.speaker.answer(house.speaker.send(value, token=agent.token))
    assert (reply.status, reply.told["command_id"]) == (200, told["command_id"]), reply.told
    stored = last(house, topic)
    assert stored.actor == f"persona:{agent.id}"
    assert stored.correlation_id == reply.headers["ce_correlationid"] == told["correlation_id"]
    assert reply.body["id"] in (stored.event_id, getattr(stored, "proposal_id", None))


def test_a_reply_is_a_cloud_event_beside_its_command(house: House, agent: Agent) -> None:
    value = json.dumps({"command": "think", "persona_id": agent.id, **SIMPLE["think"][1]}).encode()
    for key in (b"p", b"\xff\0", None):
        sent = house.speaker.send(value, token=agent.token, key=key)
        reply = house.speaker.answer(sent)
        assert (reply.record.partition, reply.record.key) == (sent.partition, key)
        assert reply.told.keys() == {"command_id", "command", "status", "body"}
        assert reply.told["command_id"] == reply.headers["ce_commandid"]
        assert reply.told["command_id"].startswith(f"kafka-{sent.id}-")
        datetime.fromisoformat(reply.headers.pop("ce_time"))
        store_id = house.served.app.recorder.store_id()
        assert reply.headers == {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": sent.id,
            "ce_type": "perpetua.reply",
            "ce_source": f"/perpetua/{store_id}",
            "ce_subject": "think",
            "ce_commandid": reply.told["command_id"],
            "ce_correlationid": last(house, "thought.generated").correlation_id,
        }


def test_the_operator_spawns_and_reaps(house: House) -> None:
    root, child = Agent(house), f"p-{uuid4()}"
    spawned = house.speaker.ask("spawn", **persona(child, parent_id=root.id))
    assert (spawned.status, spawned.body["identity"]["parent_id"]) == (200, root.id)
    assert last(house, "persona.spawned").actor == "user:operator"
    reaped = house.speaker.ask("reap", persona_id=root.id, cascade=True, reason="over")
    assert (reaped.status, reaped.body["count"]) == (200, 2)
    assert root.ask("think", phase="reflect", content="still here?").status == 409


def test_an_approver_approves_what_was_shown_and_it_is_done(house: House, agent: Agent) -> None:
    line = f"192.0.2.{uuid4().int % 250}"
    shown = agent.proposal(deny(agent.evidence(), line), "waiting")
    fields = {"proposal_id": shown["id"], "shown_hash": shown["shown_hash"]}
    file = house.home / "actions" / "deny.list"
    assert house.speaker.ask("approve", agent.token, **fields).status == 403
    assert house.speaker.ask("approve", APPROVER, proposal_id=shown["id"]).status == 428
    other = house.speaker.ask("approve", APPROVER, **fields | {"shown_hash": "0" * 64})
    assert other.body["code"] == "shown_hash_mismatch"
    assert not file.exists() or line not in file.read_text()
    approved = house.speaker.ask("approve", APPROVER, **fields)
    assert approved.status == 200, approved.told
    assert approved.body == {"approved": True, "proposal_id": shown["id"]}
    assert line in file.read_text()
    assert last(house, "approval.granted").actor == "user:ann"
    assert (
        last(house, "action.executed").correlation_id
        == last(house, "proposal.created").correlation_id
    )


def test_an_agent_votes_for_itself_and_for_nobody_else(house: House, agent: Agent) -> None:
    other = Agent(house, swarm_id=f"s-{agent.id}")
    proposal_id = agent.proposal({"title": "t", "rationale": "r", "risk": "low"}, "rejected")["id"]
    shown = agent.proposal(deny(agent.evidence(), str(uuid4())), "waiting")
    vote = {"proposal_id": shown["id"], "vote": "approve"}
    voted = other.ask("vote", **vote, reason="so")
    assert (voted.status, voted.body["votes"]) == (200, {other.id: "approve"}), voted.told
    assert last(house, "vote.cast").actor == f"persona:{other.id}"
    head = house.head
    for_another = other.ask("vote", **vote | {"persona_id": agent.id})
    assert (for_another.status, for_another.body["code"]) == (403, "forbidden")
    too_late = other.ask("vote", **vote | {"proposal_id": proposal_id})
    assert (too_late.status, too_late.body["code"]) == (409, "proposal_wrong_state")
    assert house.head == head
