"""What people see: colours on a terminal, plain lines in a pipe; what others wrote is escaped."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

WIDE: Final = 1_000
"""Columns where there is no terminal: no table is folded to fit."""
SHORT_ID: Final = 8
RISK_STYLES: Final = {"low": "green", "medium": "yellow", "high": "red", "critical": "bold red"}


@cache
def console(*, stderr: bool = False) -> "Console":
    """Return the console of standard output, or of standard error."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    asked = os.environ.get("COLUMNS", "")
    width = None if stream.isatty() else int(asked if asked.isdecimal() else 0) or WIDE
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def show(*what: "RenderableType") -> None:
    """Print to standard output. A table is folded to fit a terminal, a line of text never is.

    Raises:
        BrokenPipeError: nobody reads it any more.
    """
    from rich.text import Text

    out = console()
    if out.is_terminal:
        for each in what:
            out.print(each, soft_wrap=isinstance(each, str | Text))
        return
    with out.capture() as captured:
        for each in what:
            out.print(each, soft_wrap=isinstance(each, str | Text))
    for line in captured.get().splitlines():
        print(line.rstrip())  # noqa: T201  the one place that prints
    sys.stdout.flush()


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on standard error of a terminal what is waited for, for as long as the block lasts."""
    out = console(stderr=True)
    if out.is_terminal:
        with out.status(what):
            yield
    else:
        yield


def is_terminal() -> bool:
    """Tell whether a person can see what is printed and answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def print_json(told: Any) -> None:
    """Print one JSON value, whole."""
    print(json.dumps(told, ensure_ascii=False, indent=2, default=str))  # noqa: T201  the one place that prints


def visible(text: str, *, keep: str = "") -> str:
    """Return text in which nothing can hide: what can't be printed is written as an escape.

    What personas say and what they read comes from anywhere; a terminal obeys control characters,
    and marks of direction show words in another order than they stand.
    """
    return "".join(
        char if char.isprintable() or char in keep else ascii(char)[1:-1] for char in text
    )


def said(text: object, style: str = "") -> "Text":
    """Return what others wrote as text to print: no escape, no markup in it means anything."""
    from rich.text import Text

    return Text(visible(str(text)), style=style)


def risk(word: str) -> "Text":
    """Return a risk in its colour."""
    return said(word, RISK_STYLES.get(word, ""))


def table(*headings: str, right: Sequence[str] = ()) -> "Table":
    """Return an empty table without borders; the columns named `right` hold numbers."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        made.add_column(
            heading,
            justify="right" if heading in right else "left",
            overflow="fold",
        )
    return made


def short(whole: str) -> str:
    """Return an id as people type it: on a terminal its end, which is enough to find it."""
    return whole[-SHORT_ID:] if sys.stdout.isatty() and len(whole) > 32 else whole


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number of things: `1 line`, `2,000 lines`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def when(moment: str | datetime | None) -> str:
    """Return a time as people read it, in their own zone; a dash for none."""
    if moment is None:
        return "-"
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
