"""References to evidence: an event id, a position, or lines of an observation batch.

`POSITION#LINES` names lines of the observation at a position, counted from 0 in the batch:
`1234#0,4,7-9`. Each reference is at most 128 characters; many lines take several.

A line of a snapshot names what it is about in its first two words: `proposal ID` or
`hypothesis ID:`, so that it can be told which of them a snapshot carries on.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from domain.vocabulary import MAX_ID_LENGTH

MOST_LINES = 1_000_000
"""Lines told of all references together; what is named beyond is passed over."""
_LINES = re.compile(r"(\d{1,18})#(\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)", re.ASCII)
_NAMED = re.compile(r"(?:proposal (\S+)|hypothesis (\S+):)(?: |$)")


def position_of(ref: str) -> int | None:
    """Return the position a reference names; None for an event id."""
    head = ref.partition("#")[0]
    return int(head) if head.isascii() and head.isdecimal() and len(head) <= 18 else None


def highest_position(refs: Iterable[str]) -> int:
    """Return the highest position named, 0 if none is."""
    return max((position_of(ref) or 0 for ref in refs), default=0)


def lines_of(refs: Iterable[str]) -> dict[int, list[int]]:
    """Return the lines named, by position, each once and in order.

    References of other kinds are passed over.
    """
    spans: dict[int, list[tuple[int, int]]] = {}
    for ref in refs:
        match = _LINES.fullmatch(ref)
        if match:
            spans.setdefault(int(match[1]), []).extend(_spans(match[2]))
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


def _spans(text: str) -> Iterable[tuple[int, int]]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield int(first), int(last or first)


def _lines(spans: Iterable[tuple[int, int]], most: int) -> list[int]:
    """Return the numbers in spans, each once, in order; at most so many."""
    numbers: list[int] = []
    for first, last in sorted(spans):
        start = max(first, numbers[-1] + 1) if numbers else first
        numbers.extend(range(start, min(last + 1, start + most - len(numbers))))
    return numbers
