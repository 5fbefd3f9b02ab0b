"""How far a rebuild is: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from services.cli import screen

if TYPE_CHECKING:
    from services.views.filling import Told

LINE_SECS: Final = 5.0
"""How often a line is printed where there is no terminal."""


@contextmanager
def watched(
    name: str,
    events: int,
    *,
    quiet: bool,
    waits: str | None = None,
    line_secs: float = LINE_SECS,
) -> Iterator["Told"]:
    """Show how far the rebuild of a view is, of so many events, for as long as the block lasts.

    A share of all positions that are to be passed stands for that share of the events.

    Args:
        name: the view.
        events: how many there are.
        quiet: whether nothing is shown but what it waits for.
        waits: what it waits for where it doesn't come on; null if that can't be.
        line_secs: how often a line is printed, and how long it stands still until it says so.
    """
    if quiet:
        yield _standing_still(name, waits, lambda *_: None, line_secs)
    elif screen.console(stderr=True).is_terminal:
        with _bar(name, events) as told:
            yield _standing_still(name, waits, told, line_secs)
    else:
        yield _standing_still(name, waits, _lines(name, events, line_secs), line_secs)


def _standing_still(name: str, waits: str | None, told: "Told", line_secs: float) -> "Told":
    """Say on standard error what is waited for, once each time it is."""
    if waits is None:
        return told
    furthest, since, said = -1, time.monotonic(), False

    def watching(passed: int, wanted: int) -> None:
        nonlocal furthest, since, said
        told(passed, wanted)
        if passed > furthest:
            furthest, since, said = passed, time.monotonic(), False
        elif passed < wanted and not said and time.monotonic() - since >= line_secs:
            said = True
            line = screen.said(f"perpetua: {name} waits for {waits}")
            screen.console(stderr=True).print(line, soft_wrap=True)

    return watching


@contextmanager
def _bar(name: str, events: int) -> Iterator["Told"]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=screen.console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Rebuilding {name}", total=events, rate="")

        def told(passed: int, wanted: int) -> None:
            rate = bar.tasks[0].speed
            bar.update(
                task,
                completed=_passed(passed, wanted, events),
                rate=f"{rate:,.0f} events/s" if rate else "",
            )

        yield told


def _lines(name: str, events: int, line_secs: float) -> Callable[[int, int], None]:
    began = last = time.monotonic()

    def told(passed: int, wanted: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < line_secs:
            return
        last = now
        done = _passed(passed, wanted, events)
        rate = done / (now - began)
        left = f"{(events - done) / rate:,.0f} s left" if rate else "time left unknown"
        screen.show(
            screen.said(f"{name}: {done:,} of {events:,} events, {rate:,.0f} events/s, {left}")
        )

    return told


def _passed(passed: int, wanted: int, events: int) -> int:
    return events * passed // wanted if wanted else events
