"""What memory keeps: rules of compaction as data, decided by facts alone.

The same rules make warm memory and the counts that a snapshot tells. Nothing here depends on when
it is asked: a value halves with age, so the moment it falls below what is worth keeping is known
from the beginning, and what is worth less is what falls earlier (ADR 15).
"""

import math
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final

HALF_LIFE: Final = timedelta(days=7)
"""Time in which a memory loses half its value."""
FLOOR: Final = 0.1
"""Value below which a memory is let go at the next compaction."""
MOST: Final = 10_000
"""Memories one persona keeps beside what its decisions rest on; of observations, one swarm."""
MOST_SHOWN: Final = 200
"""Links a thought has to what was shown to its thinker; its event tells all."""
MOST_LINKS: Final = 20
"""Links up to which a thought gathers those of what is folded into it."""
OBSERVATION_VALUE: Final = 0.2
REQUEST_VALUE: Final = 0.2
"""What a check is worth that has not ended."""
ACTION_VALUE: Final = 1.0
"""What an action is worth, whatever came of it."""
_CHECK_VALUES: Final = {"passed": 0.7, "failed": 0.7, "inconclusive": 0.3}
_PROPOSAL_VALUES: Final = {"low": 0.6, "medium": 0.7, "high": 0.85, "critical": 1.0}

_LEAST: Final = 2.0**-10
_MARKED: Final = str.maketrans("123456789", "0" * 9)


def expires_at(value: float, seen_at: datetime) -> datetime:
    """Return when a memory last seen then falls below `FLOOR`; before that if it never was above.

    Args:
        value: what it was worth then, 0 to 1.
        seen_at: when it was seen last.
    """
    return seen_at + _lasts(value)


@lru_cache(maxsize=1_000)
def _lasts(value: float) -> timedelta:
    return HALF_LIFE * math.log2(max(value, _LEAST) / FLOOR)


def thought_value(impact: float, error: str | None) -> float:
    """Return what a thought is worth, 0 to 1: its impact; nothing if it failed."""
    return impact if error is None else 0.0


def check_value(outcome: str) -> float:
    """Return what a check is worth, 0 to 1: what was refuted teaches as much as what was found."""
    return _CHECK_VALUES.get(outcome, REQUEST_VALUE)


def proposal_value(risk: str) -> float:
    """Return what a proposal is worth by its risk, 0 to 1."""
    return _PROPOSAL_VALUES.get(risk, ACTION_VALUE)


def masked(text: str) -> str:
    """Return a text without what differs between repetitions: case, spaces, words with digits.

    Those are numbers, times, addresses and ids.
    """
    words = text.lower().translate(_MARKED).split()
    return " ".join(["#" if "0" in word else word for word in words])


def fingerprint(persona_id: str, text: str) -> int:
    """Return 63 bits that thoughts of one persona share if one repeats the other."""
    digest = sha256(f"{persona_id}\0{masked(text)}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1
