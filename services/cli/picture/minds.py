"""The personas of a picture: the busiest of them, under those they descend from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.text import Text

from services.cli.picture.columns import GAP, NARROW, Glyphs, row, said
from services.picture.picture import Mind

DEEPEST: Final = 8
"""Generations that are indented; deeper ones are numbered, or no line would hold them."""
_SCARCE, _SHORT = 0.1, 0.33
_WIDE: Final = 100
_USUAL: Final = len("waits for input")
"""Cells for what somebody does: so many, that they do not jump with every thought."""
_WIDEST: Final = 34


def heading(minds: Sequence[Mind], width: int, glyphs: Glyphs) -> Text:
    """Return the heads of the columns."""
    cells = [Text(word, "bold") for word in ("PERSONAS", "DOING", "/MIN", "LEFT", "THOUGHTS")]
    return row(cells, _widths(minds, width), glyphs, right="234")


def lines(minds: Sequence[Mind], room: int, width: int, glyphs: Glyphs) -> Iterator[Text]:
    """Yield a line a persona, at most `room`: the busiest, each below its parent."""
    widths = _widths(minds, width)
    for depth, mind in _walk(chosen(minds, room)):
        yield row(_cells(mind, depth, width, glyphs), widths, glyphs, right="234")


def chosen(minds: Sequence[Mind], room: int) -> list[Mind]:
    """Return the busiest that fit into so many lines with all they descend from."""
    known = {each.persona_id: each for each in minds}
    taken: dict[str, Mind] = {}
    for each in sorted(minds, key=_busy, reverse=True):
        line = [each, *_above(each, known)]
        new = {mind.persona_id: mind for mind in line if mind.persona_id not in taken}
        if len(taken) + len(new) <= room:
            taken |= new
    return [each for each in minds if each.persona_id in taken]


def _busy(mind: Mind) -> tuple[bool, float, float]:
    last = mind.last_thought_at.timestamp() if mind.last_thought_at else 0.0
    return mind.status != "reaped", mind.thoughts_per_minute, last


def _above(mind: Mind, known: Mapping[str, Mind]) -> Iterator[Mind]:
    seen = {mind.persona_id}
    while (parent := known.get(mind.parent_id or "")) and parent.persona_id not in seen:
        seen.add(parent.persona_id)
        yield parent
        mind = parent


def _walk(minds: Sequence[Mind]) -> Iterator[tuple[int, Mind]]:
    """Yield (depth, persona), parents before their children, the busiest families first."""
    known = {each.persona_id: each for each in minds}
    children: dict[str | None, list[Mind]] = {}
    busiest = {each.persona_id: _busy(each) for each in minds}
    for each in minds:
        children.setdefault(each.parent_id if each.parent_id in known else None, []).append(each)
        for parent in _above(each, known):
            busiest[parent.persona_id] = max(busiest[parent.persona_id], _busy(each))
    waiting = [
        (0, each) for each in sorted(children.get(None, ()), key=lambda m: busiest[m.persona_id])
    ]
    while waiting:
        depth, each = waiting.pop()
        yield depth, each
        below = sorted(children.get(each.persona_id, ()), key=lambda m: busiest[m.persona_id])
        waiting += [(depth + 1, child) for child in below]


def _cells(mind: Mind, depth: int, width: int, glyphs: Glyphs) -> list[Text]:
    ended = mind.status == "reaped"
    who = Text("  " * max(0, min(depth, DEEPEST) - 1))
    if depth:
        who.append(glyphs.branch, "dim")
    if depth > DEEPEST:
        who.append(f"({depth}) ", "dim")
    who.append_text(said(mind.persona_id, width, "dim" if ended else "bold"))
    if mind.name not in ("", mind.persona_id):
        who.append_text(said(f"  {mind.name}", width, "dim"))
    pace, thoughts = f"{mind.thoughts_per_minute:,.0f}", f"{mind.thoughts:,}"
    return [who, _doing(mind, width), Text(pace), _left(mind), Text(thoughts)]


def _doing(mind: Mind, width: int) -> Text:
    if mind.waits_for is None:
        return said(mind.phase or "begins", width, "green")
    style = "yellow" if mind.status == "paused" else "dim"
    return said(f"waits for {mind.waits_for}", width, style)


def _left(mind: Mind) -> Text:
    """Say which of its credits runs out first, and how much there is of it."""
    if mind.tokens_left is None or mind.cpu_ms_left is None:
        return Text("-", "dim")
    tokens = _share(mind.tokens_left, mind.tokens_a_minute)
    cpu = _share(mind.cpu_ms_left, mind.cpu_ms_a_minute)
    share = min(tokens, cpu)
    what = (
        f"{_short(mind.tokens_left)} tok"
        if tokens <= cpu
        else f"{mind.cpu_ms_left / 1000:,.1f}s cpu"
    )
    style = "bold red" if share < _SCARCE else "yellow" if share < _SHORT else ""
    return Text(f"{what} {share:4.0%}", style)


def _share(left: int, of: int) -> float:
    return min(1.0, left / of) if of else 0.0


def _short(number: int) -> str:
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k")):
        if number >= size:
            return f"{number / (1_000 if unit == 'k' else size):,.0f}{unit}"
    return f"{number:,}"


def _widths(minds: Sequence[Mind], width: int) -> list[int]:
    """Share a line out: who it is and what it does get what the numbers leave."""
    numbers = [0, 0, 0] if width < NARROW else [5, 15, 10 if width >= _WIDE else 0]
    room = width - sum(numbers) - GAP * (1 + sum(1 for each in numbers if each))
    needed = max((_doing(each, width).cell_len for each in minds), default=0)
    doing = max(_USUAL, min(needed, _WIDEST, room * 11 // 20))
    return [max(1, room - doing), doing, *numbers]
