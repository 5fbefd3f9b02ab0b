"""Cascades that broke off: who carried one out ended before it did.

A cascade is a save a persona, leaves first: its root goes last, so while that lives it is not over.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from projections import stranded
from services.reconciliation.rule import Found, Job, Outcome, left, mended
from services.unit_of_work import Unit

AT_REST: Final = timedelta(minutes=1)
"""A cascade that ended nobody for so long is not under way; until then the clock lets it be."""


def cascades(job: Job) -> Iterator[Found]:
    """Find live personas whose cascade ended some below them; end the others, and them."""
    at_rest = job.context().now - AT_REST
    for begun in job.parts.views.ask(stranded.broken_cascades):
        if job.asking.by_person or begun.last_at <= at_rest:
            what = f"lives, and its cascade has ended {begun.ended:,} below it"
            mend = partial(_finish, job, begun.persona_id)
            yield Found(begun.persona_id, what, "is reaped with all still below it", mend)


def _finish(job: Job, persona_id: str) -> Outcome:
    def is_over(unit: Unit) -> bool:
        return unit.persona(persona_id).reaped

    if job.parts.executor.run(job.context(), is_over).result:
        return left("it has ended meanwhile")
    ended = job.parts.reaper.reap(
        job.context(), persona_id, "cascade", cascade=True, note="its cascade had broken off"
    )
    return mended(f"reaped {', '.join(ended)}") if ended else left("it has ended meanwhile")
