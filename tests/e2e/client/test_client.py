"""The Python client of `clients/python`, both kinds, against a real `up`."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from perpetua_client import (
    AsyncClient,
    BudgetExhausted,
    Conflict,
    NotAllowed,
    NotFound,
    PerpetuaError,
    is_decided,
)
from services.store.recorder import Recorder
from tests.e2e.client.cases import LINES, NOTIFY, USED, Network, begin, block, heard, now
from tests.e2e.client.kept import of, settled, topics
from tests.e2e.process import ROOT, TOKEN, Up, until
from tests.minute import early_in_a_minute

DENY = {"tool": "file.append", "target": "deny.list", "arguments": {"line": "192.0.2.7"}}


async def test_an_agent_thinks_supposes_checks_and_gets_what_it_proposed_done(
    network: Network, kept: Recorder
) -> None:
    me, agent = await begin(network)
    seen = await now(agent.observe(me, "sshd", LINES))
    ref = f"{seen['position']}#0"
    async with block(await now(agent.reserve(me, tokens=500, cpu_ms=100)), agent) as budget:
        budget.used(**USED)
        shown = [{"ref": ref, "tier": "input", "score": 0.5}]
        thought = await now(
            agent.think(me, "reflect", "A login failed.", budget=budget, context_refs=shown)
        )
    supposed = await now(
        agent.hypothesise(me, "root-guessed", "Somebody guesses.", 0.7, evidence_refs=[ref])
    )
    await now(
        agent.check(
            me,
            supposed["hypothesis_id"],
            kind="look",
            outcome="passed",
            evidence_refs=[thought["id"]],
        )
    )
    proposal = await now(
        agent.propose(
            me, wait_secs=60, title="Tell ops", rationale="It failed.", risk="low",
            evidence_refs=[ref], action=NOTIFY | {"target": me},
        )
    )  # fmt: skip
    assert is_decided(proposal)
    assert (proposal["stage"], proposal["outcome"]) == ("executed", "success")
    told = await now(agent.persona(me))
    assert told["identity"]["id"] == me
    assert told["policy"]["token_budget_per_minute"] == 1_000
    stored = of(me, kept)
    thinking: Any = next(each.event for each in stored if each.position == thought["position"])
    assert [each.ref for each in thinking.context_refs] == [ref]
    assert (thinking.usage.prompt_tokens, thinking.usage.completion_tokens) == (80, 20)
    assert settled(me, kept) == [100]  # by the thought, and not again by the block
    assert not [each for each in network.sent if each.url.path.endswith("/settle")]
    assert {"hypothesis.raised", "check.result", "action.executed"} <= set(topics(me, kept))


async def test_events_come_in_order_and_go_on_after_a_cursor(network: Network) -> None:
    me, agent = await begin(network)
    operator = network.client()
    for number in range(3):
        await now(agent.think(me, "observe", f"thought {number}"))
    spawned, *thoughts = await heard(operator, "0", 4, me)
    assert spawned["event_type"] == "persona_spawned"
    assert [each["payload"]["thinking"] for each in thoughts] == [
        f"thought {number}" for number in range(3)
    ]
    assert await heard(operator, thoughts[0]["cursor"], 2, me) == thoughts[1:]


async def test_a_budget_is_refused_before_the_call_and_settled_after_it(network: Network) -> None:
    await asyncio.to_thread(early_in_a_minute)
    me, agent = await begin(network)
    impatient = network.client(network.token_of(agent), patience_secs=0)

    async def left_over() -> object:
        with pytest.raises(BudgetExhausted) as refused:
            await now(impatient.reserve(me, tokens=1_000))
        assert (refused.value.status, refused.value.code) == (429, "budget_exhausted")
        assert 0 < (refused.value.retry_after or 0) <= 60
        return refused.value.details["left"]

    async with block(await now(agent.reserve(me, tokens=600, call_id="one")), agent) as budget:
        again = await now(agent.reserve(me, tokens=600, call_id="one"))
        assert again.id == budget.id
        assert await left_over() == 400
        budget.used(prompt_tokens=100)
    assert await left_over() == 900
    with pytest.raises(ZeroDivisionError):
        async with block(await now(agent.reserve(me, tokens=500)), agent) as budget:
            budget.used(prompt_tokens=200)
            raise ZeroDivisionError
    assert await left_over() == 700
    with pytest.raises(ZeroDivisionError):
        async with block(await now(agent.reserve(me, tokens=300)), agent):
            raise ZeroDivisionError  # nobody knows what was used by then: all of it stays counted
    assert await left_over() == 400
    async with block(await now(agent.reserve(me, tokens=50)), agent) as budget:
        assert (await now(agent.think(me, "reflect", "Who counts?", budget=budget)))["position"]
    assert await left_over() == 350  # nor here
    never = pytest.raises(BudgetExhausted)
    with never as refused:
        await now(agent.reserve(me, tokens=1_001))
    assert refused.value.retry_after is None


async def test_what_a_person_must_approve_is_waited_for(network: Network, up: Up) -> None:
    me, agent = await begin(network)
    seen = await now(agent.observe(me, "sshd", LINES))

    def propose(wait_secs: float) -> Any:
        return agent.propose(
            me, wait_secs=wait_secs, title="Deny it", rationale="It guesses.", risk="high",
            evidence_refs=[f"{seen['position']}#0"], action=DENY | {"arguments": {"line": me}},
        )  # fmt: skip

    def approve() -> None:
        """Be a person who sees it and says yes."""
        path = f"/v1/cognition/proposals?persona={me}&status=waiting"
        until(lambda: up.get(path), "it waits for a person")
        shown = up.get(f"/v1/cognition/proposals/{up.get(path)[0]['id']}")
        with up.client() as person:
            body = {"shown_hash": shown["shown_hash"]}
            url = f"/v1/cognition/proposals/{shown['id']}/approve"
            person.post(url, json=body).raise_for_status()

    person = asyncio.create_task(asyncio.to_thread(approve))
    decided = await (propose(60) if network.kind is AsyncClient else asyncio.to_thread(propose, 60))
    await person
    assert (decided["stage"], decided["outcome"]) == ("executed", "success")
    operator = network.client()
    assert is_decided(await now(operator.proposal(decided["id"])))
    began = time.monotonic()
    intent: dict[str, Any] = {"title": "t", "rationale": "r", "risk": "low"}
    refs = [f"{seen['position']}#1"]
    waits = await now(
        agent.propose(me, wait_secs=0.6, action=DENY | {"arguments": {"line": f"{me}2"}},
                      evidence_refs=refs, **intent | {"risk": "high"})
    )  # fmt: skip
    assert not is_decided(waits)
    assert not is_decided(await now(operator.proposal(waits["id"], wait_secs=0.6)))
    assert time.monotonic() - began > 1.0  # both waited
    intention = await now(agent.propose(me, wait_secs=60, evidence_refs=refs, **intent))
    assert (intention["stage"], is_decided(intention)) == ("verified", True)


async def test_what_is_refused_says_why(network: Network) -> None:
    me, agent = await begin(network)
    operator = network.client()
    with pytest.raises(Conflict) as taken:
        await now(operator.spawn("N", "r", "c", persona_id=me))
    assert (taken.value.code, taken.value.status) == ("id_taken", 409)
    assert taken.value.details == {"kind": "persona", "id": me}
    with pytest.raises(NotFound, match="persona_not_found"):
        await now(operator.persona("no/body"))
    with pytest.raises(NotFound):
        await now(operator.ask("nobody", "what?"))
    with pytest.raises(NotAllowed) as foreign:
        await now(agent.persona("root-thinker"))
    assert (foreign.value.code, foreign.value.details["role"]) == ("forbidden", "agent")
    with pytest.raises(NotAllowed, match="unauthenticated"):
        await now(network.client("nobody's").think(me, "observe", "x"))
    with pytest.raises(NotAllowed, match="forbidden"):
        await heard(agent, "", 1, me)
    with pytest.raises(PerpetuaError, match="phase") as wrong:
        await now(agent.think(me, "dream", "x"))
    assert (type(wrong.value), wrong.value.status) == (PerpetuaError, 422)


def test_the_example_of_an_agent_tells_the_night_shift(up: Up, kept: Recorder) -> None:
    program = ROOT / "examples" / "agent.py"
    assert len(program.read_text().splitlines()) < 60
    paths = {"PYTHONPATH": str(ROOT / "clients" / "python")}
    where = {"PERPETUA_URL": up.url, "PERPETUA_TOKEN": TOKEN}
    for ending in ("executed: success (", "rejected: consistency: the same action"):
        done = subprocess.run(
            [sys.executable, str(program)],
            env=os.environ | paths | where,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(ending)
    assert "never succeeded" in done.stdout
    counted = Counter(topics("night-watch", kept))
    assert counted["budget.leased"] == len(settled("night-watch", kept))
    assert counted["action.executed"] == 1
