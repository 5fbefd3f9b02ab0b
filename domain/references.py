"""References to evidence: an event id, a position, or lines of an observation batch.

`POSITION#LINES` names lines of the observation at a position, counted from 0 in the batch:
`1234#0,4,7-9`. Each reference is at most 128 characters; many lines take several. They are read
without being trusted: no range is written out unless it is asked for. What is neither a position
nor has lines is an id; `12#x` is one that nothing has.

A line of a snapshot names what it is about in its first two words: `proposal ID` or
`hypothesis ID:`, so that it can be told which of them a snapshot carries on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from domain.vocabulary import MAX_ID_LENGTH

MOST_LINES = 1_000_000
"""Lines told of all references together; what is named beyond is passed over."""
_REFERENCE = re.compile(
    r"(\d{1,18})(?:#(\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*))?", re.ASCII
)
_NAMED = re.compile(r"(?:proposal (\S+)|hypothesis (\S+):)(?: |$)")


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
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return Reference(text)
    parts = (part.partition("-") for part in match[2].split(",")) if match[2] else ()
    spans = tuple((int(first), int(last or first)) for first, _, last in parts)
    return Reference(text, int(match[1]), spans)


def position_of(ref: str) -> int | None:
    """Return the position a reference names; None for an event id."""
    match = _REFERENCE.fullmatch(ref)
    return int(match[1]) if match else None


def highest_position(refs: Iterable[str]) -> int:
    """Return the highest position named, 0 if none is."""
    return max((position_of(ref) or 0 for ref in refs), default=0)


def lines_of(refs: Iterable[str]) -> dict[int, list[int]]:
    """Return the lines named, by position, each once and in order.

    References of other kinds are passed over.
    """
    spans: dict[int, list[Span]] = {}
    for ref in map(read_reference, refs):
        if ref.position is not None and ref.spans:
            spans.setdefault(ref.position, []).extend(ref.spans)
    room, found = MOST_LINES, dict[int, list[int]]()
    for position, named in spans.items():
        found[position] = _lines(named, room)
        room -= len(found[position])
    return found


def cite(lines: Mapping[int, Sequence[int]]) -> tuple[str, ...]:
    """Return references to lines, by position, as few as 128 characters each allow."""
    return tuple(ref for position, numbers in lines.items() for ref in _cite(position, numbers))


def proposal_line(proposal_id: str, status: str, title: str) -> str:
    """Return the line of a snapshot that carries a decision on."""
    return f"proposal {_word(proposal_id)} [{status}]: {title}"


def hypothesis_line(hypothesis_id: str, claim: str) -> str:
    """Return the line of a snapshot that carries an open question on."""
    return f"hypothesis {_word(hypothesis_id)}: {claim}"


def carried_in(lines: Iterable[str]) -> dict[str, str]:
    """Return the lines that carry something on, by the id of what they carry."""
    found = ((match, line) for line in lines if (match := _NAMED.match(line)))
    return {unquote(match[1] or match[2]): line for match, line in found}


def _word(ref: str) -> str:
    """Return an id as one word, so that it can be read back: ids may hold spaces."""
    return ref.replace("%", "%25").replace(" ", "%20")


def _cite(position: int, numbers: Sequence[int]) -> Iterable[str]:
    ref = ""
    for first, last in _runs(sorted(set(numbers))):
        part = str(first) if first == last else f"{first}-{last}"
        if not ref:
            ref = f"{position}#{part}"
        elif len(ref) + 1 + len(part) > MAX_ID_LENGTH:
            yield ref
            ref = f"{position}#{part}"
        else:
            ref = f"{ref},{part}"
    if ref:
        yield ref


def _runs(numbers: Sequence[int]) -> Iterable[tuple[int, int]]:
    start = previous = None
    for number in numbers:
        if start is not None and previous is not None and number != previous + 1:
            yield start, previous
            start = None
        start = number if start is None else start
        previous = number
    if start is not None and previous is not None:
        yield start, previous


def _lines(spans: Iterable[Span], most: int) -> list[int]:
    """Return the numbers in spans, each once, in order; at most so many."""
    numbers: list[int] = []
    for first, last in sorted(spans):
        start = max(first, numbers[-1] + 1) if numbers else first
        numbers.extend(range(start, min(last + 1, start + most - len(numbers))))
    return numbers
