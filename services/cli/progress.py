"""How far a run is, on standard error of a terminal; nothing elsewhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from services.app import App
from services.cli.screen import console, count, visible
from services.inputs.files import Input

COUNT_SECS: Final = 0.25
"""How often what was thought is counted."""


class Silent:
    """Says nothing."""

    def read(self, count: int) -> None:
        """Take no note."""

    def thinking(self, swarm_id: str, waits: str | None) -> None:
        """Take no note."""


class Bar:
    """A bar while reading, counts while thinking."""

    def __init__(self, bar: Progress, task: TaskID, app: App) -> None:
        self._bar = bar
        self._task = task
        self._app = app
        self._counted_at = 0.0

    def read(self, count: int) -> None:
        """Show how many bytes were stored."""
        self._bar.update(self._task, completed=count)

    def thinking(self, swarm_id: str, waits: str | None) -> None:
        """Show what was thought so far, or what it waits for."""
        if time.monotonic() - self._counted_at < COUNT_SECS:
            return
        self._counted_at = time.monotonic()
        totals = self._app.views.totals(swarm_id)
        counts = (
            f"{count(totals.observations, 'line')},"
            f" {count(totals.hypotheses, 'hypothesis', 'hypotheses')},"
            f" {count(totals.proposals, 'proposal')}"
        )
        self._bar.update(
            self._task, description=f"Thinking: {visible(waits or counts)}", total=None
        )


@contextmanager
def watched(app: App, inputs: Sequence[Input]) -> Iterator[Silent | Bar]:
    """Show progress for as long as the block lasts; it leaves no trace on the screen."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield Silent()
        return
    sizes = [None if each.size is None or each.is_gzip else each.size for each in inputs]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        yield Bar(bar, bar.add_task("Reading", total=total or None), app)
