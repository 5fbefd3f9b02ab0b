"""Lines a persona has read and thoughts it has reflected on, digested: what later steps cite.

Kept in process and bounded; after a restart the lines come back by `recall`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.thinking import Memory, ObservedLine
from services.cognition.openai.digest import digest

MOST_LINES: Final = 64
MOST_BYTES: Final = 16_384
"""What is kept of one persona: a thousand of them fit into memory."""
LINE_CHARS: Final = 512


@dataclass(slots=True)
class _Kept:
    lines: list[ObservedLine]
    upto: tuple[int, int] = (-1, -1)
    """Position and number of the last line taken in."""
    memories: Sequence[Memory] = ()


class Recent:
    """What is kept of each persona."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def read(self, persona_id: str, lines: Sequence[ObservedLine]) -> None:
        """Take in lines; those taken in before are passed over."""
        kept = self._of(persona_id)
        fresh = [line for line in lines if (line.position, line.number) > kept.upto]
        new = [replace(line, text=line.text[:LINE_CHARS]) for line in fresh]
        if new:
            kept.lines = digest([*kept.lines, *new], MOST_BYTES, _size, MOST_LINES)
            kept.upto = max((line.position, line.number) for line in new)

    def remind(self, persona_id: str, memories: Sequence[Memory]) -> None:
        """Keep what it reflected on, for the test that follows."""
        self._of(persona_id).memories = tuple(memories)

    def lines(self, persona_id: str) -> Sequence[ObservedLine]:
        """Return examples of what it has read, each with the number it stands for."""
        kept = self._kept.get(persona_id)
        return kept.lines if kept else ()

    def memories(self, persona_id: str) -> Sequence[Memory]:
        """Return what it last reflected on."""
        kept = self._kept.get(persona_id)
        return kept.memories if kept else ()

    def forget(self, persona_id: str) -> None:
        """Drop what is kept of a persona."""
        self._kept.pop(persona_id, None)

    def _of(self, persona_id: str) -> _Kept:
        return self._kept.setdefault(persona_id, _Kept([]))


def _size(line: ObservedLine) -> int:
    return len(line.text.encode(errors="replace")) + 64
