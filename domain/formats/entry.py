"""One line that is a JSON object, and the message within."""

import json
import re
from typing import Any, Final

_HALF: Final = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parsed(text: str) -> Any:
    """Parse JSON. Half a surrogate pair, which JSON can say and no text can hold, becomes U+FFFD.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is too deep.
    """
    found = json.loads(text)
    if "\\u" in text and _ESCAPED_HALF.search(text):
        found = json.loads(_HALF.sub("\ufffd", json.dumps(found, ensure_ascii=False)))
    return found


def entry_of(line: str) -> dict[str, Any] | None:
    """Return the JSON object a line is; None if it is none."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = parsed(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def told(head: str, message: str) -> str:
    """Return a message in one line, after what is known of it.

    One that is a JSON object stands by itself: its fields tell when and who.
    """
    line = _in_one(message).rstrip()
    return line if entry_of(line) is not None else f"{_in_one(head)} {line}".rstrip()


def _in_one(text: str) -> str:
    return " ".join(text.split("\n"))
