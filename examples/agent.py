"""An agent of your own, beside a running fabric: it hears what others suppose, and tells somebody.

PERPETUA_TOKEN=... .venv/bin/python examples/agent.py
"""

import time
from contextlib import suppress

from perpetua_client import BudgetExhausted, Client, Conflict, is_decided

ME = "night-watch"
LIMITS = {
    "max_spawn_depth": 0, "max_branching_factor": 0, "idle_ttl_secs": 3_600, "share_memory": False,
    "token_budget_per_minute": 2_000, "compute_ms_per_minute": 20_000, "allowed_tools": ["notify"],
}  # fmt: skip


def model(prompt: str) -> tuple[str | None, dict[str, int]]:
    """Answer, and say what it took. Here goes the call of a model; this rule needs none."""
    began = time.monotonic()
    answer = f"Somebody should know: {prompt}" if "never succeeded" in prompt else None
    took_ms = round(1_000 * (time.monotonic() - began))
    return answer, {"prompt_tokens": len(prompt.split()), "completion_tokens": 0, "cpu_ms": took_ms}


def consider(agent: Client, claim: str, evidence: list[str]) -> bool:
    """Think about what somebody supposes, within budget; return whether something came of it."""
    with agent.reserve(ME, tokens=200 + len(claim.encode()), cpu_ms=5_000) as budget:
        answer, usage = model(claim)
        budget.used(**usage)
        shown = [{"ref": ref, "tier": "input"} for ref in evidence]
        agent.think(ME, "reflect", answer or "Nothing new.", budget=budget, context_refs=shown)
    if answer is None:
        return False
    agent.hypothesise(ME, "somebody-should-know", answer, 0.8, evidence_refs=evidence)
    action = {"tool": "notify", "target": "the night shift", "arguments": {"line": answer}}
    proposal = agent.propose(
        ME, wait_secs=30, title="Tell the night shift", rationale=answer, risk="low",
        evidence_refs=evidence, action=action,
    )  # fmt: skip
    decision = proposal["outcome"] or ", ".join(proposal["reasons"]) or "not yet"
    print(f"{proposal['stage'] if is_decided(proposal) else 'waits'}: {decision} ({answer})")
    return True


with Client() as operator:
    with suppress(Conflict):  # it lives since an earlier run
        operator.spawn("Night watch", "watch", "Tell people what they should know.", persona_id=ME,
                       swarm_id="swarm-core", tags=["thinker:external"], policy=LIMITS)  # fmt: skip
    with Client(token=operator.token(ME)) as agent:  # this one opens nothing but its own persona
        for event in operator.events(after="0"):
            said = event["payload"]
            if event["event_type"] == "hypothesis_raised" and event["persona_id"] != ME:
                with suppress(BudgetExhausted):  # too much for this minute: leave it
                    if consider(agent, said["claim"], said["evidence_refs"][:20]):
                        break
