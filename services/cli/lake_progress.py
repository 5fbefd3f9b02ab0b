"""How far an export is, on standard error of a terminal; nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from services.cli.screen import console
from services.lake.exporter import Goal
from services.lake.manifest import Manifest


@contextmanager
def watched(goal: Goal, start: Manifest) -> Iterator[Callable[[Manifest], None]]:
    """Show progress for as long as the block lasts; give what is to be told of every step.

    The bar is the mean position of the partitions, the rate what came into the lake.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    began = monotonic()
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(
            "Exporting", total=_mean(goal, goal), completed=_reached(goal, start), rate=""
        )

        def moved(manifest: Manifest) -> None:
            rate = (manifest.rows - start.rows) / (monotonic() - began)
            bar.update(task, completed=_reached(goal, manifest), rate=f"{rate:,.0f} events/s")

        yield moved


def _reached(goal: Goal, manifest: Manifest) -> int:
    return _mean(goal, {n: at.position for n, at in manifest.partitions.items()})


def _mean(goal: Goal, at: Goal) -> int:
    return sum(min(end, at[number]) for number, end in goal.items()) // len(goal)
