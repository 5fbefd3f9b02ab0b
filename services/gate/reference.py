"""What a reference to evidence names, read without trusting it: no range is ever written out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINES = re.compile(r"(\d{1,18})#(\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)", re.ASCII)
_POSITION = re.compile(r"\d{1,18}", re.ASCII)

Span = tuple[int, int]
"""First and last line, counted from 0."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference, taken apart: `POSITION#LINES`, `POSITION`, or the id of an event or snapshot."""

    text: str
    position: int | None = None
    spans: Sequence[Span] = ()

    def fault(self, line_count: int) -> str | None:
        """Tell what is wrong with its lines, given how many there are; None if nothing is."""
        for first, last in self.spans:
            if last < first:
                return f"{first}-{last} are no lines"
            if last >= line_count:
                return f"there is no line {last}, only {line_count} from 0"
        return None

    def lines(self) -> Iterator[int]:
        """The lines it names, as they come."""
        for first, last in self.spans:
            yield from range(first, last + 1)

    @property
    def line_count(self) -> int:
        """How many lines it names, each mention counted."""
        return sum(last - first + 1 for first, last in self.spans)


def read_reference(text: str) -> Reference:
    """Take a reference apart; what is no position is an id."""
    if match := _LINES.fullmatch(text):
        parts = (part.partition("-") for part in match[2].split(","))
        spans = tuple((int(first), int(last or first)) for first, _, last in parts)
        return Reference(text, int(match[1]), spans)
    if _POSITION.fullmatch(text):
        return Reference(text, int(text))
    return Reference(text)
