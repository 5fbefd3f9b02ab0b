"""What of a request is shown: never more than there is room for.

The prompt around it is always whole, the question too; the charter is cut. Of the rest hypotheses
come first, then memories, whole or not at all and the newest of them, then a digest of the lines.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from domain.thinking import Memory, ObservedLine, OpenHypothesis, ThinkRequest
from services.cognition.openai.digest import digest
from services.cognition.openai.document import (
    MOST_KNOWN,
    REPAIR_BYTES,
    Tool,
    compose,
    hypothesis_size,
    line_size,
    memory_size,
    source_size,
    tells_known,
)
from services.cognition.openai.escaping import LONGEST_ESCAPE, cut, size
from services.cognition.openai.shown import MOST_LABELS

T = TypeVar("T")

CHARTER_SHARE: Final = 2
"""The charter takes at most one part in so many of the room."""
SHARE: Final = 2
"""What comes before the lines takes at most one part in so many of what is left, each."""
LEAST_SHOWN_BYTES: Final = 1_280
"""Room without which nothing worth a call can be shown."""
FRAME_BYTES: Final = 128
"""Names of the parts of the document, and their brackets."""
LEAST_LINES_BYTES: Final = 384
"""Room kept for lines, if there are any: the last of them must fit."""
LEAST_HYPOTHESIS_BYTES: Final = 800
"""Room kept for a hypothesis under test: the longest key, and some of its claim."""
LEAST_LINE_BYTES: Final = 120
MOST_SOURCE_CHARS: Final = 60
SOURCES_SHARE: Final = 4
"""The names of sources take at most one part in so many of the room for lines."""
UNNAMED: Final = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for what is left out."""
LINE_SHARE: Final = 8
"""A line is cut to one part in so many of the room for lines, if not all fit whole."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How a thinker asks: what is around whatever is shown."""

    tools: Sequence[Tool]
    structured: str

    def least_bytes(self, request: ThinkRequest) -> int:
        """Return the room a prompt of this request needs at least."""
        return self._around(request) + LEAST_SHOWN_BYTES

    def fit(
        self, request: ThinkRequest, lines: Sequence[ObservedLine], memories: Sequence[Memory]
    ) -> ThinkRequest:
        """Return the request with what of it will be shown.

        Args:
            request: what there is to show; too little room for anything leaves its last line.
            lines: lines read before, shown where the request brings none of its own.
            memories: memories that hypotheses under test may rest on.
        """
        around = self._around(request)
        if request.room_bytes < around + LEAST_SHOWN_BYTES:
            return replace(_empty(request), lines=_last(request))
        most_charter = min(
            request.room_bytes // CHARTER_SHARE, request.room_bytes - around - LEAST_SHOWN_BYTES
        )
        charter = cut(request.identity.charter, most_charter)
        room = request.room_bytes - around - (size(charter) - size(""))
        observes = request.phase == "observe"
        own = request.lines if observes or request.phase == "test" else [*lines, *request.lines]
        kept_free = LEAST_LINES_BYTES if own else 0
        room -= kept_free
        most = max(room // SHARE, LEAST_HYPOTHESIS_BYTES)
        hypotheses, room = _first(request.hypotheses, hypothesis_size, room, most, _brief)
        reminded = [*request.memories, *_cited(hypotheses, memories)]
        most = room // SHARE if own else room
        # what an ended child leaves is input: cut rather than never taken in
        shorten = _cut_memory if observes else None
        remembered, room = _first(reminded[::-1], memory_size, room, most, shorten)
        known = request.known
        if tells_known(request):
            keys = sorted(request.known)[:MOST_KNOWN]
            known, room = _first(keys, size, room, room // LINE_SHARE)
        return replace(
            request,
            identity=request.identity.model_copy(update={"charter": charter}),
            hypotheses=hypotheses,
            memories=remembered[::-1],
            known=known,
            lines=_lines(own, room + kept_free, MOST_LABELS - len(remembered), observes),
        )

    def _around(self, request: ThinkRequest) -> int:
        """Return the size of a prompt that shows nothing, ready for a repair."""
        bare = compose(_empty(request), self.tools, self.structured)
        return bare.size_bytes + FRAME_BYTES + REPAIR_BYTES


def _empty(request: ThinkRequest) -> ThinkRequest:
    identity = request.identity.model_copy(update={"charter": ""})
    return replace(
        request, identity=identity, lines=(), memories=(), hypotheses=(), known=(), repair=None
    )


def _first(
    items: Sequence[T],
    measure: Callable[[T], int],
    room: int,
    most: int,
    shorten: Callable[[T, int], T] | None = None,
) -> tuple[list[T], int]:
    """Return the first items that fit into a part of the room, and the room left.

    Args:
        items: all there are.
        measure: what one of them takes.
        room: what there is.
        most: the part of it they may take together.
        shorten: cuts one to a size; so at least one is shown.
    """
    kept, left = list[T](), most
    for item in items:
        taken = measure(item)
        if taken <= left:
            kept.append(item)
            left -= taken
    if items and not kept and shorten:
        kept = [short] if measure(short := shorten(items[0], most)) <= most else []
        left -= sum(map(measure, kept))
    return kept, room - (most - left)


def _cut_memory(memory: Memory, most: int) -> Memory:
    bare = replace(memory, text="", facts=())
    return replace(bare, text=_shortened(memory.text, most - memory_size(bare)))


def _brief(hypothesis: OpenHypothesis, most: int) -> OpenHypothesis:
    bare = replace(hypothesis, claim="")
    return replace(bare, claim=_shortened(hypothesis.claim, most - hypothesis_size(bare)))


def _cited(hypotheses: Sequence[OpenHypothesis], memories: Sequence[Memory]) -> list[Memory]:
    refs = {ref for each in hypotheses for ref in each.evidence_refs}
    return [memory for memory in memories if memory.ref in refs]


def _last(request: ThinkRequest) -> Sequence[ObservedLine]:
    return request.lines[-1:] if request.phase == "observe" else ()


def _lines(
    lines: Sequence[ObservedLine], room: int, most: int, keep_last: bool
) -> list[ObservedLine]:
    """Return a digest of lines; their sources are told too."""
    named = _named((line.source for line in reversed(lines)), room // SOURCES_SHARE)
    room -= sum(map(source_size, named.values()))
    longest = max(LEAST_LINE_BYTES, room // LINE_SHARE)
    whole = sum(len(line.text) for line in lines) <= room and sum(map(line_size, lines)) <= room
    shown = [_as_shown(line, named, None if whole else longest) for line in lines]
    return digest(shown, room, line_size, most, keep_last)


def _as_shown(line: ObservedLine, named: Mapping[str, str], longest: int | None) -> ObservedLine:
    source = named.get(line.source, UNNAMED)
    text = line.text if longest is None else _shortened(line.text, longest)
    if (source, text) == (line.source, line.text):
        return line
    return replace(line, source=source, text=text)


def _named(sources: Iterable[str], room: int) -> dict[str, str]:
    """Return the sources that fit, shortened to their ends, which tell most; one for all others."""
    short = {each: each[-MOST_SOURCE_CHARS:] for each in dict.fromkeys(sources)}
    fitting, _ = _first(list(short), lambda each: source_size(short[each]), room, room)
    return {each: short[each] for each in fitting} | {UNNAMED: UNNAMED}


def _shortened(text: str, most: int) -> str:
    """Return a text cut to so many bytes of JSON, and a mark if it was."""
    if len(text) * LONGEST_ESCAPE <= most or cut(text, most) == text:
        return text
    return cut(text, most - len(UNNAMED.encode())) + UNNAMED
