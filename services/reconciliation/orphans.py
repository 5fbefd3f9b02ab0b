"""Live personas whose parents have ended.

A cascade takes the subtree as it stood when it began; a child spawned meanwhile survives it, and
is ended likewise. A reaping without a cascade leaves the children on purpose: those are ended only
if a person asks for it, for the end of a persona is final.
"""

from collections.abc import Iterator
from functools import partial

from projections import stranded
from projections.rows import OrphanRow
from services.reconciliation.rule import Found, Job, Outcome, left, mended
from services.unit_of_work import Unit


def orphans(job: Job) -> Iterator[Found]:
    """Find live children of reaped parents; end them, with all below them, as a cascade does."""
    for orphan in job.parts.views.ask(stranded.orphans):
        what = f"lives, and its parent {orphan.parent_id} was reaped"
        if orphan.by_cascade or job.asking.by_person:
            yield Found(
                orphan.persona_id, what, "is reaped with its subtree", partial(_end, job, orphan)
            )
        else:
            why = "the parent was reaped without a cascade; `perpetua reconcile` ends it"
            yield Found(orphan.persona_id, what, why)


def _end(job: Job, orphan: OrphanRow) -> Outcome:
    def is_orphan(unit: Unit) -> bool:
        return unit.persona(orphan.parent_id).reaped and not unit.persona(orphan.persona_id).reaped

    if not job.parts.executor.run(job.context(), is_orphan).result:
        return left("it has ended meanwhile")
    ended = job.parts.reaper.reap(
        job.context(),
        orphan.persona_id,
        "cascade",
        cascade=True,
        cascade_root=orphan.parent_id,
        note=f"its parent {orphan.parent_id} was reaped",
    )
    return mended(f"reaped {', '.join(ended)}") if ended else left("it has ended meanwhile")
