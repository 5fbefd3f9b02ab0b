"""What a thinker is told, cut to what may be spent on it.

A prompt's worst case in tokens is its UTF-8 bytes plus 16 a message: the only safe bound without
the model's tokenizer. It is cut between code points, so that a long charter thinks on.
"""

from collections.abc import Sequence

from domain.budget import Credits
from domain.events.lifecycle import Identity
from domain.ports import Memory, ObservedLine

TOKENS_A_MESSAGE = 16
CHARTER_SHARE = 0.5
"""Largest part of a prompt the charter may take; the rest is for what it thinks about."""


def build(
    phase: str,
    identity: Identity,
    memories: Sequence[Memory],
    lines: Sequence[ObservedLine],
    limit_bytes: int,
) -> str:
    """Return the prompt of one step, at most `limit_bytes` long."""
    head = f"You are {identity.name}, {identity.role}. Step: {phase}.\n"
    charter = cut(identity.charter, int(limit_bytes * CHARTER_SHARE))
    shown = [f"[{m.tier} {m.ref}] {m.text}" for m in memories]
    read = [f"[{line.position}#{line.number}] {line.text}" for line in lines]
    return cut("\n".join([head + charter, *shown, *read]), limit_bytes)


def worst_case(prompt: str, messages: int, max_tokens: int, timeout_ms: int) -> Credits:
    """Return the most a call with this prompt may use."""
    return Credits(len(prompt.encode()) + TOKENS_A_MESSAGE * messages + max_tokens, timeout_ms)


def cut(text: str, limit_bytes: int) -> str:
    """Return the longest beginning of a text that fits, cut between code points."""
    data = text.encode(errors="replace")
    if len(data) <= limit_bytes:
        return text
    return data[: max(0, limit_bytes)].decode(errors="ignore")
