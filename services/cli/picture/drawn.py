"""Lines of text from a picture, for a terminal of any size. Pure: the same gives the same."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from services.cli.picture import minds, parts
from services.cli.picture.columns import UNICODE, Glyphs, cut, row
from services.cli.picture.parts import Place, Word
from services.cli.picture.shares import shares
from services.picture.picture import Picture

NARROWEST: Final = 40
"""Laid out for no less; what does not fit is cut at the end of the line."""
AIRY_HEIGHT: Final = 25
"""With so many lines, an empty one goes before each part."""
MOST_ROWS: Final = 40
"""Rows of a part where there is no height to fit."""
_LEAST: Final = (2, 3, 2, 2, 2)
"""Of approvals, personas, hypotheses, words and inputs: a heading and what is below."""


def drawn(
    picture: Picture, place: Place, said: Sequence[Word] = (), *, width: int,
    height: int | None = None, glyphs: Glyphs = UNICODE,
) -> list[Text]:  # fmt: skip
    """Return the lines of a picture, each exactly `width` cells wide.

    Args:
        picture: what is to be seen.
        place: where to look and what to type.
        said: what was said while it ran, the newest last.
        width: cells of a line.
        height: most lines; null for all there is to say.
        glyphs: what to draw with.
    """
    given, width = width, max(NARROWEST, width)
    airy = height is None or height >= AIRY_HEIGHT
    top = parts.health(picture, place, width, glyphs)
    wanted = _wanted(picture, said)
    if height is None:
        rooms = [min(each, MOST_ROWS) for each in wanted]
    else:
        gaps = sum(1 for each in wanted if each) if airy else 0
        rooms = shares(height - len(top) - gaps, wanted, _LEAST)
    made = [
        parts.approvals(
            picture.approvals, picture.waiting, picture.at, place, rooms[0], width, glyphs
        ),
        _minds(picture, rooms[1], width, glyphs),
        parts.suppositions(picture.suppositions, picture.at, rooms[2], width, glyphs),
        parts.words(said, rooms[3], width, glyphs),
        parts.sources(picture.sources, rooms[4], width, glyphs),
    ]
    lines = list(top)
    for part in (made[0], made[1], made[2], made[4], made[3]):
        if part:
            lines += [Text(" " * width), *part] if airy else part
    lines = [line if line.cell_len == given else cut(line, given, glyphs) for line in lines]
    return lines if height is None else lines[:height]


def _wanted(picture: Picture, said: Sequence[Word]) -> list[int]:
    """Return how many lines each part could fill: a heading, what there is, how many more."""
    unshown = picture.live > len(picture.minds)
    return [
        1 + len(picture.approvals) + (picture.waiting > len(picture.approvals))
        if picture.waiting
        else 0,
        1 + max(1, len(picture.minds)) + unshown,
        1 + len(picture.suppositions) if picture.suppositions else 0,
        1 + len(said) if said else 0,
        1 + len(picture.sources) if picture.sources else 0,
    ]


def _minds(picture: Picture, room: int, width: int, glyphs: Glyphs) -> list[Text]:
    if room < 1:
        return []
    head = minds.heading(picture.minds, width, glyphs)
    if not picture.minds:
        return [head, row([Text("Nobody lives here.", "dim")], [width], glyphs)][:room]
    rows = room - 1
    if picture.live > rows > 1:
        rows -= 1
    lines = list(minds.lines(picture.minds, rows, width, glyphs))
    shown = sum(each.status != "reaped" for each in minds.chosen(picture.minds, rows))
    more = picture.live - shown
    if more > 0 and len(lines) < room - 1:
        lines.append(row([Text(f"and {more:,} more", "dim")], [width], glyphs))
    return [head, *lines]
