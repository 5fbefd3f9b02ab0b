"""Leases that nobody settled.

A lease dies with its window: nobody can spend it any more, and nothing is owed. But it stays open,
counted in full, and keeps what was granted to its swarm from being settled. A persona's lease is
ended as forfeit, for nobody can tell what was used of it: it stays counted (ADR 3). What a swarm
was granted is settled with what its own leases came to.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from domain import streams
from domain.budget import KEPT_WINDOWS, SECONDS_A_WINDOW, Lease, granted
from projections import lineage
from services.commands import budget
from services.reconciliation.rule import Found, Job, Outcome, left, mended
from services.unit_of_work import Unit

AT_REST_WINDOWS = 2
"""A swarm that leases on settles what it held of earlier windows by itself."""


def leases(job: Job) -> Iterator[Found]:
    """Find leases of personas that nobody can settle any more, and end them as forfeit."""
    executor = job.parts.executor
    for swarm_id in job.parts.views.ask(lineage.swarms):
        held = executor.run(job.context(), partial(_of_earlier_windows, swarm_id=swarm_id)).result
        for lease_id, lease, is_lost, is_gone in held:
            window, holder = _minute(lease.window), lease.grants[0].holder
            what = f"was leased to {holder} for {window} and never settled"
            if is_lost:
                mend = partial(_forfeit, job, swarm_id, lease_id)
                yield Found(lease_id, what, "is ended as forfeit: it died with its window", mend)
            elif is_gone:
                until = _minute(lease.window + KEPT_WINDOWS + 1)
                yield Found(lease_id, what, f"what was used of it may be settled until {until}")


def grants(job: Job) -> Iterator[Found]:
    """Find what swarms at rest were granted and never settled, and settle it."""
    executor = job.parts.executor
    for swarm_id in job.parts.views.ask(lineage.swarms):
        held = executor.run(job.context(), partial(_granted_and_done, swarm_id=swarm_id)).result
        if held:
            windows = ", ".join(sorted({_minute(lease.window) for lease in held.values()}))
            what = f"was granted credits for {windows}, which were never settled"
            mend = partial(_settle, job, swarm_id, set(held))
            yield Found(swarm_id, what, "is settled with what its own leases came to", mend)


def _of_earlier_windows(unit: Unit, swarm_id: str) -> list[tuple[str, Lease, bool, bool]]:
    """Return a swarm's open leases of earlier windows: id, lease, is it lost, is its holder gone.

    Those of swarms it pays for are not its personas'.
    """
    swarm, epoch, window = unit.swarm(swarm_id), unit.fabric().epoch, unit.context.window
    earlier = {
        lease_id: lease
        for lease_id, lease in swarm.pool.open.items()
        if lease.window < window and not streams.is_swarm(lease.grants[0].holder)
    }
    live = {streams.persona(persona_id) for persona_id in swarm.live} if earlier else set()
    return [
        (lease_id, lease, lease.is_lost(window, epoch), lease.grants[0].holder not in live)
        for lease_id, lease in earlier.items()
    ]


def _forfeit(job: Job, swarm_id: str, lease_id: str) -> Outcome:
    def command(unit: Unit) -> bool:
        swarm = unit.swarm(swarm_id)
        lease = swarm.pool.open.get(lease_id)
        if lease is None:  # what is lost stays lost, so nothing else can have changed
            return False
        whole = {grant.holder: granted(grant) for grant in lease.grants}
        swarm.settle(unit.context, lease_id, whole, outcome="forfeit")
        return True

    if job.parts.executor.run(job.context(), command).result:
        return mended("ended as forfeit; it stays counted")
    return left("it was settled meanwhile")


def _granted_and_done(unit: Unit, swarm_id: str) -> dict[str, Lease]:
    """Return what a swarm holds of windows long over, of which it leases nothing any more."""
    swarm, before = unit.swarm(swarm_id), unit.context.window - AT_REST_WINDOWS
    return {
        lease_id: lease
        for lease_id, lease in budget.payer(unit, swarm).pool.open.items()
        if lease.grants[0].holder == swarm.id
        and lease.window < before
        and not swarm.pool.is_open(lease.window)
    }


def _settle(job: Job, swarm_id: str, lease_ids: set[str]) -> Outcome:
    def command(unit: Unit) -> bool:
        swarm = unit.swarm(swarm_id)
        above = budget.payer(unit, swarm)
        due = lease_ids & above.pool.open.keys()
        above.settle_earlier(unit.context, swarm.id, swarm.pool, unit.context.window)
        return bool(due - above.pool.open.keys())

    if job.parts.executor.run(job.context(), command).result:
        return mended("settled with what its own leases came to")
    return left("it was settled meanwhile")


def _minute(window: int) -> str:
    return f"{datetime.fromtimestamp(window * SECONDS_A_WINDOW, UTC):%Y-%m-%dT%H:%MZ}"
