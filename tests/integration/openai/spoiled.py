"""Ways for a model to spoil its completion, by name."""

import json
from collections.abc import Callable
from typing import Any

Completion = dict[str, Any]


def _content(completion: Completion) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(completion["choices"][0]["message"]["content"])
    return read


def _say(completion: Completion, content: Any, finish: str = "stop") -> None:
    completion["choices"][0]["message"]["content"] = content
    completion["choices"][0]["finish_reason"] = finish


def _truncated(c: Completion) -> None:
    _say(c, c["choices"][0]["message"]["content"][:-20], "length")


def _broken_json(c: Completion) -> None:
    _say(c, c["choices"][0]["message"]["content"][:-20])


def _wrong_types(c: Completion) -> None:
    _say(c, json.dumps(_content(c) | {"thought": 7, "impact": "high"}))


def _out_of_range(c: Completion) -> None:
    _say(c, json.dumps(_content(c) | {"impact": 85}))


def _more_fields(c: Completion) -> None:
    _say(c, json.dumps(_content(c) | {"mood": "fine"}))


def _invented(c: Completion) -> None:
    said = _content(c)
    for each in said.get("hypotheses", []) + said.get("checks", []):
        each["evidence"] = ["e400"]
    if "answer" in said:
        said["evidence"] = ["e400"]
    _say(c, json.dumps(said))


def _foreign_tool(c: Completion) -> None:
    said = _content(c)
    for each in said.get("checks", []):
        each["proposal"] = (each["proposal"] or {}) | {"tool": "file.append"}
    _say(c, json.dumps(said))


def _fenced(c: Completion) -> None:
    _say(c, f"Here it is:\n```json\n{c['choices'][0]['message']['content']}\n```\nAnything else?")


def _empty(c: Completion) -> None:
    _say(c, None)


def _refusal(c: Completion) -> None:
    _say(c, None)
    c["choices"][0]["message"]["refusal"] = "I can't help with that."


def _filtered(c: Completion) -> None:
    _say(c, "", "content_filter")


def _calls_tool(c: Completion) -> None:
    _say(c, None, "tool_calls")
    called = {"name": "rm", "arguments": "{}"}
    calls = [{"id": "call_1", "type": "function", "function": called}]
    c["choices"][0]["message"]["tool_calls"] = calls


def _no_usage(c: Completion) -> None:
    del c["usage"]


def _negative_usage(c: Completion) -> None:
    c["usage"] = {"prompt_tokens": -5, "completion_tokens": "many", "total_tokens": None}


def _greedy_usage(c: Completion) -> None:
    c["usage"] |= {"prompt_tokens": 1_000_000}


def _hidden_usage(c: Completion) -> None:
    c["usage"]["total_tokens"] += 50


def _no_choices(c: Completion) -> None:
    c["choices"] = []


def _huge(c: Completion) -> None:
    _say(c, json.dumps(_content(c) | {"thought": "x" * 3_000_000}))


SPOILED: dict[str, Callable[[Completion], None]] = {
    "truncated": _truncated,
    "broken-json": _broken_json,
    "wrong-types": _wrong_types,
    "out-of-range": _out_of_range,
    "more-fields": _more_fields,
    "invented": _invented,
    "foreign-tool": _foreign_tool,
    "fenced": _fenced,
    "empty": _empty,
    "refusal": _refusal,
    "filtered": _filtered,
    "calls-tool": _calls_tool,
    "no-usage": _no_usage,
    "negative-usage": _negative_usage,
    "greedy-usage": _greedy_usage,
    "hidden-usage": _hidden_usage,
    "no-choices": _no_choices,
    "huge": _huge,
}
