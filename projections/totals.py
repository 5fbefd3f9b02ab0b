"""How much there is of everything, swarm by swarm. Sums only: any order of events will do.

What was used is a number without bound, so that no agent can stop the view by what it says it used.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from domain.events import (
    EVENT_CLASSES,
    CheckResult,
    HypothesisRaised,
    ObservationReceived,
    PersonaReaped,
    PersonaSpawned,
    ProposalCreated,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.events.envelope import Event
from domain.recorded import Recorded
from domain.vocabulary import CHECK_OUTCOMES
from projections.rows import Totals
from projections.sources import whole_lines
from projections.statement import SUM, Statement, upsert
from projections.view import Cursor, View

_DDL: Final = """
create table view_totals (
    swarm_id text collate "C" primary key,
    observations bigint not null,
    thoughts bigint not null,
    hypotheses bigint not null,
    checks_passed bigint not null,
    checks_failed bigint not null,
    checks_inconclusive bigint not null,
    proposals bigint not null,
    spawned bigint not null,
    reaped bigint not null,
    live bigint not null,
    tokens_used numeric not null,
    cpu_ms_used numeric not null,
    events bigint not null,
    snapshots bigint not null
) with (fillfactor = 50);
"""
_COUNTS: Final = tuple(Totals.__dataclass_fields__)
_COUNTED: Final = upsert("view_totals", "swarm_id", **dict.fromkeys(_COUNTS, SUM))


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a swarm."""
    swarms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for recorded in batch:
        counts = swarms[recorded.event.swarm_id]
        counts["events"] += 1
        _count(counts, recorded.event)
    rows = [
        {"swarm_id": swarm_id, **{name: counts[name] for name in _COUNTS}}
        for swarm_id, counts in swarms.items()
    ]
    return [Statement(_COUNTED, rows)] if rows else []


def _count(counts: Counter[str], event: Event) -> None:
    match event:
        case ThoughtGenerated():
            counts["thoughts"] += 1
            counts["tokens_used"] += event.usage.tokens
            counts["cpu_ms_used"] += event.usage.cpu_ms
        case ObservationReceived():
            counts["observations"] += whole_lines(event)
        case HypothesisRaised():
            counts["hypotheses"] += 1
        case CheckResult() if event.outcome in CHECK_OUTCOMES:
            counts[f"checks_{event.outcome}"] += 1
        case ProposalCreated():
            counts["proposals"] += 1
        case SnapshotCompressed():
            counts["snapshots"] += 1
        case PersonaSpawned():
            counts["spawned"] += 1
            counts["live"] += 1
        case PersonaReaped():
            counts["reaped"] += 1
            counts["live"] -= 1


VIEW: Final = View(
    name="totals",
    version=1,
    table="view_totals",
    ddl=_DDL,
    topics=frozenset(EVENT_CLASSES),
    fold=fold,
)


def of(cursor: Cursor, swarm_id: str | None = None) -> Totals:
    """Return the totals of a swarm, or of all with what belongs to the fabric itself."""
    sums = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in _COUNTS)
    cursor.execute(
        f"select {sums} from view_totals"  # noqa: S608  names of our own
        " where %(swarm_id)s::text is null or swarm_id = %(swarm_id)s",
        {"swarm_id": swarm_id},
    )
    [found] = cursor.fetchall()
    return Totals(**{name: int(count) for name, count in found.items()})
