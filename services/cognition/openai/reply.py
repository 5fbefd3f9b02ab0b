"""What a server sent, taken apart. Servers differ: only what is needed must be there."""

import json
from dataclasses import dataclass
from typing import Any, Final

MOST_BEGIN_BYTES: Final = 600


class NoCompletion(Exception):
    """What was sent is no chat completion; the message says what it is, not cut yet."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A chat completion."""

    content: str
    """What the model wrote, maybe nothing."""
    finish_reason: str | None
    """Why it stopped, in the server's word."""
    refusal: str | None
    """What it said instead of answering."""
    calls_tools: bool
    """Whether it wants a tool called, which nobody offered."""
    model: str | None
    """Model that answered, if the server says so."""
    usage: Any
    """What the server says it cost; not checked."""


def read_reply(body: bytes) -> Reply:
    """Take a body apart.

    Raises:
        NoCompletion: it is none.
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise NoCompletion(f"sent no JSON: {_begin(body)}") from None
    if not isinstance(sent, dict):
        raise NoCompletion(f"sent no chat completion: {_begin(body)}")
    if "choices" not in sent and sent.get("error"):
        raise NoCompletion(f"sent an error as if all were well: {_begin(body)}")
    try:
        choice = sent["choices"][0]
        message = choice["message"]
        content = _text(message.get("content"))
    except (KeyError, IndexError, TypeError, AttributeError):
        raise NoCompletion(f"sent no chat completion: {_begin(body)}") from None
    if choice.get("finish_reason") == "error":
        raise NoCompletion(f"broke off with an error: {_begin(body)}")
    return Reply(
        content=content,
        finish_reason=_word(choice.get("finish_reason")),
        refusal=_word(message.get("refusal")),
        calls_tools=bool(message.get("tool_calls") or message.get("function_call")),
        model=_word(sent.get("model")),
        usage=sent.get("usage"),
    )


def _text(content: Any) -> str:
    """Return the text of a message: one string or, by some servers, parts with their types."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(each["text"] for each in content if each.get("type") == "text")


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _begin(body: bytes) -> str:
    """Return how a body begins, long enough to find a key in it that is not to be told."""
    return repr(body[:MOST_BEGIN_BYTES].decode(errors="replace"))
