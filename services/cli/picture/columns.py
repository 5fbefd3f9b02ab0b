"""Cells side by side, cut to fit. Widths are those of a terminal: some characters take two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from services.cli.screen import visible

GAP: Final = 2
NARROW: Final = 60
"""Below so many cells a part tells less of each thing: cut to a few letters, more is of no use."""
_CHARS_LOOKED_AT: Final = 4
"""Characters of a text that are looked at, for each cell there is: no text is worth more."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What is drawn with, beside words."""

    cut: str
    branch: str
    between: str


UNICODE: Final = Glyphs(cut="…", branch="└ ", between=" · ")
ASCII: Final = Glyphs(cut="~", branch="` ", between=" | ")


def said(text: object, width: int, style: str = "") -> Text:
    """Return what others wrote as harmless text, no more of it than may matter."""
    whole = str(text)[: _CHARS_LOOKED_AT * max(width, 1)]
    return Text(visible(" ".join(whole.split("\n"))), style=style)


def cut(text: Text, width: int, glyphs: Glyphs) -> Text:
    """Return a text in exactly so many cells: cut, with a mark that it was, or filled up."""
    fitting = text.copy()
    if fitting.cell_len > width:
        fitting.truncate(max(0, width - cell_len(glyphs.cut)), overflow="crop")
        fitting.append(glyphs.cut)
        if fitting.cell_len > width:
            fitting.truncate(width, overflow="crop")
    fitting.pad_right(width - fitting.cell_len)
    return fitting


def row(cells: Sequence[Text], widths: Sequence[int], glyphs: Glyphs, right: str = "") -> Text:
    """Return cells side by side, each in its width; those of width 0 are left out.

    Args:
        cells: what they say.
        widths: how many cells of the terminal each has.
        glyphs: what a cut is marked with.
        right: indexes of those to be aligned right, as digits.
    """
    made = Text()
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if width <= 0:
            continue
        if made:
            made.append(" " * GAP)
        if str(number) in right and cell.cell_len < width:
            cell = cell.copy()  # noqa: PLW2901  what was given stays as it is
            cell.pad_left(width - cell.cell_len)
        made.append_text(cut(cell, width, glyphs))
    return made


def joined(parts: Sequence[Text], width: int, glyphs: Glyphs) -> Text:
    """Return parts in one line, the first ones first; those that do not fit whole are left out."""
    made = Text()
    for part in parts:
        between = glyphs.between if made else ""
        if made and made.cell_len + len(between) + part.cell_len > width:
            break
        made.append(between, "dim").append_text(part)
    return cut(made, width, glyphs)
