"""What a call cost: as the server says, else counted by what it can have been at most."""

from typing import Any, Final

from domain.limits import LARGEST

TOKENS_A_MESSAGE: Final = 16
"""What a server may put around each message: roles and separators."""


def most_tokens(sent_bytes: int, messages: int) -> int:
    """Return the most tokens a prompt can have: no token is shorter than a byte."""
    return sent_bytes + TOKENS_A_MESSAGE * messages


def counted(told: Any, prompt_most: int, completion_most: int) -> tuple[int, int]:
    """Return tokens read and written.

    What a server does not say, or can't mean, counts as the most it can be. Some tell of tokens
    that a model thought with only in the total: these count as written.

    Args:
        told: the `usage` of the answer, whatever it is.
        prompt_most: most tokens the prompt can have had.
        completion_most: most tokens the answer was allowed.
    """
    said = told if isinstance(told, dict) else {}
    read = _count(said.get("prompt_tokens"))
    written = _count(said.get("completion_tokens"))
    if read is None or written is None:
        return read or prompt_most, written or completion_most
    total = _count(said.get("total_tokens")) or 0
    return read, max(written, total - read)


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value <= LARGEST else None
