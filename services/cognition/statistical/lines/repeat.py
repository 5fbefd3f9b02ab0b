"""syslog's own counting: `message repeated N times: [ ... ]` and `last message repeated N times`.

Only right after the line's head, so that no quoted text can pass for it.
"""

import re
from dataclasses import dataclass

_HEAD = r"^(?:(?:\S*[^\s:]\s+){0,7}\S+[:\]]\s+)?"
_MESSAGE = re.compile(
    _HEAD + r"message repeated (?P<times>\d{1,9}) times: \[\s?(?P<text>.*?)\]?\s*$"
)
_LAST = re.compile(_HEAD + r"last message repeated (?P<times>\d{1,9}) times?\s*$")


@dataclass(frozen=True, slots=True)
class Repeat:
    """A line that stands for several.

    Attributes:
        times: how many.
        text: the head and the message it repeats; empty for that of the line before it.
    """

    times: int
    text: str


def repeat(text: str, most: int) -> Repeat | None:
    """What `text` repeats, `times` at least 1 and at most `most`; None if it repeats nothing."""
    if "message repeated " not in text:
        return None
    match = _MESSAGE.match(text) or _LAST.match(text)
    if match is None:
        return None
    times = max(1, min(int(match["times"]), most))
    if "text" not in match.groupdict():
        return Repeat(times, "")
    return Repeat(times, text[: match.start("times") - len("message repeated ")] + match["text"])
