"""References to evidence: an event id, a position, or lines of an observation batch.

`POSITION#LINES` names lines of the observation at a position, counted from 0 in the batch:
`1234#0,4,7-9`. Each reference is at most 128 characters; many lines take several.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from domain.vocabulary import MAX_ID_LENGTH

_LINES = re.compile(r"(\d{1,18})#(\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)")


def position_of(ref: str) -> int | None:
    """Return the position a reference names; None for an event id."""
    head = ref.partition("#")[0]
    return int(head) if head.isdecimal() and len(head) <= 18 else None


def highest_position(refs: Iterable[str]) -> int:
    """Return the highest position named, 0 if none is."""
    return max((position_of(ref) or 0 for ref in refs), default=0)


def lines_of(refs: Iterable[str]) -> dict[int, list[int]]:
    """Return the lines named, by position; references of other kinds are passed over."""
    found: dict[int, list[int]] = {}
    for ref in refs:
        match = _LINES.fullmatch(ref)
        if match:
            found.setdefault(int(match[1]), []).extend(_numbers(match[2]))
    return found


def cite(lines: Mapping[int, Sequence[int]]) -> tuple[str, ...]:
    """Return references to lines, by position, as few as 128 characters each allow."""
    return tuple(ref for position, numbers in lines.items() for ref in _cite(position, numbers))


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


def _numbers(text: str) -> Iterable[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        end = int(last or first)
        yield from range(int(first), min(end, int(first) + 1_000_000) + 1)
