"""The Python client over a network that breaks, to servers that die, and to none at all."""

import asyncio
from collections import Counter
from http.server import HTTPServer, SimpleHTTPRequestHandler
from threading import Thread
from typing import Any

import pytest

from perpetua_client import (
    AsyncClient,
    Client,
    PerpetuaError,
    Unavailable,
)
from services.store.recorder import Recorder
from tests.checks import history
from tests.e2e.client.cases import LINES, NOTIFY, USED, Network, begin, block, now
from tests.e2e.client.kept import settled, topics
from tests.e2e.process import Perpetua, until


async def test_a_wait_that_the_network_breaks_goes_on_for_the_same_proposal(
    network: Network, kept: Recorder
) -> None:
    me, agent = await begin(network)
    seen = await now(agent.observe(me, "sshd", LINES))
    network.lose = 2
    proposal = await now(
        agent.propose(
            me, wait_secs=60, title="Tell ops", rationale="It failed.", risk="low",
            evidence_refs=[f"{seen['position']}#0"], action=NOTIFY | {"target": me},
        )
    )  # fmt: skip
    assert proposal["outcome"] == "success"
    assert topics(me, kept).count("proposal.created") == 1
    assert topics(me, kept).count("action.executed") == 1


async def test_an_answer_that_gets_lost_never_makes_a_second_effect(
    network: Network, kept: Recorder
) -> None:
    network.lose = 1
    me, agent = await begin(network)
    network.lose = 1
    seen = await now(agent.observe(me, "sshd", LINES))
    network.lose = 1
    budget = await now(agent.reserve(me, tokens=500, cpu_ms=100))
    budget.used(**USED)
    network.lose = 1
    thought = await now(agent.think(me, "reflect", "Once.", budget=budget))
    network.lose = 1
    supposed = await now(agent.hypothesise(me, "k", "c", 0.5, evidence_refs=[thought["id"]]))
    network.lose = 1
    await now(agent.check(me, supposed["hypothesis_id"]))
    network.lose = 1
    async with block(await now(agent.reserve(me, tokens=400)), agent) as budget:
        budget.used(prompt_tokens=10)
        network.lose = 1
    proposal = await now(
        agent.propose(me, title="t", rationale="r", risk="low", wait_secs=60,
                      evidence_refs=[f"{seen['position']}#0"])
    )  # fmt: skip
    network.lose = 1
    voted = await now(agent.vote(proposal["id"], me, "approve", reason="mine"))
    assert voted["votes"] == {me: "approve"}
    assert network.lose == 0
    counted = Counter(topics(me, kept))
    assert counted.pop("thought.generated") == 2  # a proposal is one too
    once = ("persona.spawned", "observation.received", "hypothesis.raised", "check.requested",
            "proposal.created", "proposal.verified", "vote.cast")  # fmt: skip
    assert {topic: counted[topic] for topic in once} == dict.fromkeys(once, 1)
    assert (await now(agent.persona(me)))["status"] == "active"


async def test_a_thought_without_an_answer_is_told_as_such_and_settled_once(
    network: Network, kept: Recorder
) -> None:
    me, agent = await begin(network)
    impatient = network.client(network.token_of(agent), patience_secs=0)
    for is_stored in (True, False):
        with pytest.raises(Unavailable):
            async with block(await now(impatient.reserve(me, tokens=200)), impatient) as budget:
                budget.used(prompt_tokens=100)
                network.lose, network.refuse = int(is_stored), int(not is_stored)
                await now(impatient.think(me, "reflect", "Was it stored?", budget=budget))
    assert settled(me, kept) == [100, 100]
    assert topics(me, kept).count("thought.generated") == 1


@pytest.mark.parametrize("kind", [Client, AsyncClient])
async def test_an_address_where_no_fabric_is_says_so(kind: type[Client | AsyncClient]) -> None:
    class Page(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        elsewhere = kind(f"http://127.0.0.1:{server.server_port}", trust_env=False)
        with pytest.raises(PerpetuaError, match="is no fabric"):
            await now(elsewhere.persona("p"))
        server.shutdown()
        thread.join()
    await now(elsewhere.close())
    nowhere = kind(f"http://127.0.0.1:{server.server_port}", patience_secs=0.3, trust_env=False)
    with pytest.raises(Unavailable, match="unreachable"):
        await now(nowhere.persona("p"))
    await now(nowhere.close())


async def test_a_server_that_is_killed_and_comes_back_is_gone_on_with(
    perpetua: Perpetua, stored: Recorder
) -> None:
    with perpetua.up() as first:
        url = first.url
        network = Network(url, AsyncClient)
        me, agent = await begin(network)
        operator = Client(url, network.token_of(network.made[0]), patience_secs=60)
        hearing = asyncio.create_task(asyncio.to_thread(thoughts, operator, me, 40))
        thinking = asyncio.create_task(think(agent, me, 40))
        until_thought = f"/v1/swarm/personas/{me}"
        await asyncio.to_thread(
            until, lambda: first.get(until_thought)["thought_count"] > 5, "it thinks"
        )
        first.kill()
    with perpetua.up("--port", url.rpartition(":")[2]):
        placed = await thinking
        heard_of = await hearing
        operator.close()
        for client in network.made:
            await now(client.close())
    events = [each for each in history(stored) if each.event.topic == "thought.generated"]
    assert [each.position for each in events] == placed
    assert heard_of == [f"thought {number}" for number in range(40)]


async def think(agent: Any, me: str, count: int) -> list[int]:
    """Think so many times; return where each thought was stored."""
    placed = []
    for number in range(count):
        placed.append((await agent.think(me, "observe", f"thought {number}"))["position"])
        await asyncio.sleep(0.02)
    return placed


def thoughts(operator: Client, me: str, count: int) -> list[str]:
    """Hear so many thoughts."""
    found: list[str] = []
    for event in operator.events("0"):
        if event["event_type"] == "thought_generated" and event["persona_id"] == me:
            found.append(event["payload"]["thinking"])
        if len(found) == count:
            break
    return found
