"""Many lines told by few: one that stands for all lines alike, with their number.

A stream has far more lines than a prompt holds. Lines alike but for their numbers, addresses and
paths have one shape (ADR 5). Each shape gets a place before any gets a second one: the rarest and
the commonest first, by turns, since what happened once and what happened most are the news.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from domain.thinking import ObservedLine
from services.cognition.statistical.lines.mask import mask

SHAPED_CHARS: Final = 200
"""Characters of a line that tell its shape: what follows rarely differs, and takes time."""
EXAMPLES: Final = 3
"""Most lines shown of one shape, if not all are."""
MOST_MISSES: Final = 64
"""Lines tried that do not fit, before the room counts as full."""


@dataclass(slots=True)
class _Shape:
    """Lines alike, by their index."""

    lines: list[int]
    count: int = 0
    """How many lines they are and stand for."""

    def example(self, number: int) -> int | None:
        """Return one of its lines: the first, the last, then the middle one."""
        if number >= min(len(self.lines), EXAMPLES):
            return None
        return self.lines[(0, -1, len(self.lines) // 2)[number]]


def digest(
    lines: Sequence[ObservedLine],
    room: int,
    size: Callable[[ObservedLine], int],
    most: int,
    keep_last: bool = False,
) -> list[ObservedLine]:
    """Return lines that fit, in their order, each with the number of lines it stands for.

    Args:
        lines: all there are.
        room: what they may take together.
        size: what one of them takes, however many it stands for; no less than its characters.
        most: how many there may be.
        keep_last: whether the last one is among them in any case.
    """
    short = len(lines) <= most and sum(len(line.text) for line in lines) <= room
    if short and sum(map(size, lines)) <= room:
        return list(lines)
    shapes = _shapes(lines)
    wanted = _by_turns(shapes)
    if keep_last and lines:
        wanted = chain([len(lines) - 1], wanted)
    chosen = set[int]()
    misses = 0
    for index in wanted:
        if len(chosen) >= most or misses >= MOST_MISSES:
            break
        if index in chosen:
            continue
        taken = size(lines[index])
        if taken <= room or (keep_last and not chosen):
            chosen.add(index)
            room -= taken
        else:
            misses += 1
    return _counted(lines, shapes, chosen)


def _shapes(lines: Sequence[ObservedLine]) -> list[_Shape]:
    found = dict[tuple[str, str], _Shape]()
    for index, line in enumerate(lines):
        key = line.source, mask(line.text[:SHAPED_CHARS])[0]
        shape = found.setdefault(key, _Shape([]))
        shape.lines.append(index)
        shape.count += line.alike
    return list(found.values())


def _by_turns(shapes: Sequence[_Shape]) -> Iterator[int]:
    """Yield lines by what they are worth showing."""
    ranked = sorted(shapes, key=lambda shape: (shape.count, -shape.lines[-1]))
    turns = list[_Shape]()
    for n in range((len(ranked) + 1) // 2):
        turns.append(ranked[n])
        if n != len(ranked) - 1 - n:
            turns.append(ranked[len(ranked) - 1 - n])
    for number in range(EXAMPLES):
        for shape in turns:
            if (index := shape.example(number)) is not None:
                yield index


def _counted(
    lines: Sequence[ObservedLine], shapes: Sequence[_Shape], chosen: set[int]
) -> list[ObservedLine]:
    """Return the lines chosen; the first of each shape stands for all that are not."""
    alike = {index: lines[index].alike for index in chosen}
    for shape in shapes:
        mine = [index for index in shape.lines if index in chosen]
        if mine:
            alike[mine[0]] = shape.count - sum(lines[index].alike for index in mine[1:])
    return [replace(lines[index], alike=alike[index]) for index in sorted(chosen)]
