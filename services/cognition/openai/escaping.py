"""Text as JSON. What can't be seen is escaped, so that nothing hides in what a model reads."""

import json
import re
import unicodedata
from typing import Any, Final

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ASCII: Final = re.compile(r"[ -~]*\Z")
LONGEST_ESCAPE: Final = 12
"""Bytes that one character takes at most: those beyond 16 bits are escaped as two."""
_UNSEEN: Final = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Controls, formats (zero width, direction, tags), private use, unassigned, line separators."""


def encoded(value: Any) -> str:
    """Return compact JSON; every character that can't be seen as its escape."""
    text = _ENCODER.encode(value)
    if _ASCII.match(text):
        return text
    return "".join(each if each.isascii() else _shown(each) for each in text)


def size(value: Any) -> int:
    """Return the bytes a value takes within a list or an object: itself and a comma."""
    return len(encoded(value).encode()) + 1


def cut(text: str, limit_bytes: int) -> str:
    """Return the longest beginning of a text whose JSON fits, cut between code points."""
    beginning = text[: max(0, limit_bytes)]  # no character takes less than a byte
    if len(encoded(beginning).encode()) <= limit_bytes:
        return beginning
    room = limit_bytes - len(encoded(""))
    for count, character in enumerate(beginning):
        room -= len(encoded(character).encode()) - len(encoded(""))
        if room < 0:
            return beginning[:count]
    return beginning


def _shown(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return json.dumps(character)[1:-1]
    return character
