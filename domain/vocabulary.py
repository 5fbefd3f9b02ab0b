"""The closed words. Checked when something is decided, never when an event is loaded."""

from domain.errors import InvalidInput

PHASES = ("observe", "reflect", "test", "compress")
"""Steps of the cognition loop, in order."""
RISKS = ("low", "medium", "high", "critical")
"""Risks, from least to most."""
CHECK_OUTCOMES = ("passed", "failed", "inconclusive")
"""How a check may end."""
ACTION_OUTCOMES = ("success", "failure", "unknown")
"""How an action may end."""
REAP_REASONS = ("idle", "manual", "cascade", "quota")
"""Why a persona may end."""
PAUSE_REASONS = ("budget", "overspent", "manual")
"""Why a persona may be paused; only the first ends by itself, with its window."""
RESUME_REASONS = ("window", "manual")
"""Why a paused persona may go on."""
TIERS = ("hot", "warm", "cold", "input", "question")
"""Where a memory shown to a thinker may come from."""
VOTES = ("approve", "reject", "veto", "abstain")
"""What a persona may vote."""

MAX_ID_LENGTH = 128
"""Longest id, in characters."""


def one_of(word: str, words: tuple[str, ...], field: str) -> str:
    """Return the word.

    Raises:
        InvalidInput: it is none of the words.
    """
    if word not in words:
        raise InvalidInput(
            f"{field} must be one of {', '.join(words)}, not {word!r}", field=field, allowed=words
        )
    return word


def share(value: float, field: str) -> float:
    """Return the value.

    Raises:
        InvalidInput: it is not between 0 and 1.
    """
    if not 0 <= value <= 1:
        raise InvalidInput(f"{field} must be between 0 and 1, not {value}", field=field)
    return value


def checked_id(value: str, field: str) -> str:
    """Return the id.

    Raises:
        InvalidInput: it is empty, too long, or has control characters.
    """
    if not value or len(value) > MAX_ID_LENGTH or not value.isprintable():
        raise InvalidInput(
            f"{field} must be 1 to {MAX_ID_LENGTH} printable characters",
            field=field, limit=MAX_ID_LENGTH, actual=len(value),
        )  # fmt: skip
    return value


def worse(one: str, other: str) -> str:
    """Return the higher of two risks."""
    return max(one, other, key=RISKS.index)
