"""Requests as the loop makes them, and answers as a model may give them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.events.cognition import Thinker, Usage
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.thinking import Memory, ObservedLine, OpenHypothesis, Question, ThinkRequest
from services.cognition.openai.document import Document, Tool, compose
from services.cognition.openai.fitting import Frame

TOOLS = [Tool("notify", "Tells the operator a line."), Tool("file.append", "Appends a line.")]
FRAME = Frame(TOOLS, "json_schema")
MODEL = Thinker(source="openai", model="m", prompt_hash="0" * 64)
FREE = Usage()


def line(number: int = 0, text: str = "Accepted key for ada", **changes: Any) -> ObservedLine:
    return replace(ObservedLine("auth.log", 7, number, text), **changes)


def memory(ref: str = "21", text: str = "It was quiet.", tier: str = "hot") -> Memory:
    return Memory(ref, tier, text)


def hypothesis(name: str = "H", refs: Sequence[str] = ("7#0",), key: str = "k") -> OpenHypothesis:
    return OpenHypothesis(name, key, "Somebody guesses passwords.", 0.6, tuple(refs))


def asked(
    phase: str = "observe",
    *,
    charter: str = "Watch the log.",
    room: int = 10_000,
    tools: Sequence[str] = ("notify",),
    parent_id: str | None = None,
    **changes: Any,
) -> ThinkRequest:
    identity = Identity(name="Ada", role="watcher", charter=charter, parent_id=parent_id, depth=0)
    limits = Limits(allowed_tools=tuple(tools))
    return ThinkRequest(phase, "p", "s", identity, limits, room, **changes)


def asked_about(text: str = "What is new?", **changes: Any) -> ThinkRequest:
    return asked("reflect", question=Question("E", 99, text, "user:ada"), **changes)


def sent(request: ThinkRequest, structured: str = "json_schema") -> Document:
    return compose(request, TOOLS, structured)


def data_of(document: Document) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(document.messages[1]["content"])
    return read
