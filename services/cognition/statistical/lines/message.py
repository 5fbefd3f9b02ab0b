"""Where the message of a structured line is: the value of its message key."""

import re
from functools import cache

from services.cognition.statistical.lines.words import words


@cache
def _key() -> re.Pattern[str]:
    keys = "|".join(words().message_keys)
    return re.compile(rf"(?<![A-Za-z_.])(?:{keys})[\"']?\s?[=:]\s?(?P<quote>[\"']?)")


def message(shape: str, begin: int) -> tuple[int, int]:
    """From where to where the message goes; without such a key from `begin` to the end."""
    match = _key().search(shape)
    if match is None:
        return begin, len(shape)
    start = end = match.end()
    quote = match["quote"]
    while end < len(shape) and not (shape[end] == quote or (not quote and shape[end].isspace())):
        end += 2 if shape[end] == "\\" else 1
    return start, min(end, len(shape))
