"""Read models that are stopped or fall behind: told, never mended, for a view skips nothing."""

from collections.abc import Iterator
from typing import Final

from services.reconciliation.rule import Found, Job
from services.views.projector import BATCH_EVENTS

_WHY: Final = "a view passes over nothing by itself: see GET /v1/views"


def views(job: Job) -> Iterator[Found]:
    """Find views that are stopped, or behind by more than is under way."""
    stopped = set()
    for problem in job.parts.views.problems():
        stopped.add(problem.view)
        at = [problem.failed_position] if problem.failed_position is not None else []
        yield Found(problem.view, f"is stopped: {problem.error}", _WHY, positions=at)
    for standing in job.parts.views.standings():
        if standing.name in stopped:
            continue
        if standing.error:
            yield Found(standing.name, f"is stopped: {standing.error}", _WHY)
        elif standing.behind > BATCH_EVENTS:
            yield Found(standing.name, f"is {standing.behind:,} events behind the store", _WHY)
