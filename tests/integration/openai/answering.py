"""A model that is no model: sensible, and always the same for the same prompt."""

import json
import re
from typing import Any

BYTES_A_TOKEN = 4
"""What its tokenizer makes of text."""


def tokens(text: str) -> int:
    return -(-len(text.encode()) // BYTES_A_TOKEN)


def prompt_tokens(body: dict[str, Any]) -> int:
    """What a prompt truly is: its messages with 4 tokens around each, and the schema."""
    messages = sum(tokens(each["content"]) + 4 for each in body["messages"])
    form = body.get("response_format")
    return messages + (tokens(json.dumps(form)) if form else 0)


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Answer what is asked for from what is shown."""
    system, user = body["messages"][0]["content"], json.loads(body["messages"][1]["content"])
    step = re.findall(r"^Step: (\w+)\.", system, re.MULTILINE)[-1]
    persona = json.loads(system[system.rindex("\n{") + 1 :])
    lines, memories = user.get("lines", []), user.get("memories", [])
    most = max(lines, key=lambda line: line.get("alike", 1), default=None)
    told = f"{most.get('alike', 1)} lines like {most['text'][:80]!r}." if most else "No lines."
    shown = [each["label"] for each in ([most] if most else memories[-1:])]
    match step:
        case "observe":
            return {"thought": f"{len(lines)} shown: {told}", "impact": 0.3}
        case "reflect":
            supposed = [_hypothesis(told, most["text"] if most else "thoughts", shown)]
            hypotheses = supposed if shown else []
            return {"thought": told, "impact": 0.5, "hypotheses": hypotheses}
        case "test":
            tools = [each["tool"] for each in persona.get("tools", [])]
            checks = [_check(each, tools) for each in user.get("hypotheses", [])]
            return {"thought": f"{len(checks)} tested.", "impact": 0.7, "checks": checks}
        case "answer":
            text = f"To {user['question']['text'][:80]!r}: {told}"
            return {"answer": text, "evidence": shown}
    return {"thought": f"{len(user.get('known', []))} known. {told}"}


def _hypothesis(told: str, about: str, shown: list[str]) -> dict[str, Any]:
    words = re.findall(r"[a-z]{3,}", about.lower())[:5]
    return {
        "claim": f"What happens most: {told}",
        "belief_key": "-".join(["most", *words]),
        "confidence": 0.6,
        "evidence": shown,
    }


def _check(hypothesis: dict[str, Any], tools: list[str]) -> dict[str, Any]:
    evidence = hypothesis["evidence"][:4]
    proposal = {
        "title": f"Tell of {hypothesis['belief_key']}",
        "rationale": hypothesis["claim"],
        "risk": "low",
        "tool": "notify",
        "target": "operator",
        "arguments": json.dumps({"line": hypothesis["claim"][:200]}),
        "evidence": evidence,
    }
    return {
        "hypothesis": hypothesis["label"],
        "outcome": "passed" if evidence else "inconclusive",
        "confidence_after": 0.8 if evidence else hypothesis["confidence"],
        "excerpt": "The lines show it." if evidence else "No lines are shown.",
        "evidence": evidence,
        "proposal": proposal if evidence and "notify" in tools else None,
    }
