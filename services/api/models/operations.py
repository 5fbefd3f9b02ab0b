"""How the parts of the fabric stand."""

from dataclasses import asdict
from datetime import datetime

from projections.rows import SourceRow
from services.api.models.wire import Timestamp, Told
from services.bus.standing import RelayStanding
from services.views.skips import Skip
from services.views.standing import Standing


class RelaySlot(Told):
    """One slot of the relay."""

    slot: int
    holder: str
    """Machine and process that holds it."""
    state: str
    """starting, publishing, unable or ended."""
    position: int
    """Position up to which all events of its partitions are on Kafka."""
    error: str | None
    updated_at: Timestamp


class Bus(Told):
    """How far Kafka is behind the store."""

    servers: str | None
    """Kafka this process is set to use; null for none."""
    published: int
    """Position up to which everything is on Kafka."""
    lag: int
    """Events that are not on Kafka yet."""
    problem: str | None
    """What holds it up; null while all is published as it comes, or no Kafka is set."""
    slots: list[RelaySlot]


class SourceStanding(Told):
    """What came in from one source of a swarm."""

    source: str
    swarm_id: str
    lines: int
    """Lines that are stored."""
    offset: int
    """Bytes of its file, or of all that ever came by its name, that are done with."""
    dropped_lines: int
    """Lines above its limit, which are not stored."""
    dropped_bytes: int
    lost_files: int
    """How often a file of it was removed before it was read to its end."""


class ViewStop(Told):
    """A partition in which a read model does not go on; the others do."""

    partition: int
    position: int
    """Last position it takes in there."""
    failed_position: int | None
    """Event it can't take in; null if the events themselves can't be read on."""
    topic: str | None
    """The class of that event."""
    error: str


class ViewSkip(Told):
    """An event that a read model passes over, by somebody's decision."""

    position: int
    partition: int
    topic: str | None
    """The class of the event."""
    error: str
    """What stopped the read model there."""
    why: str
    by: str
    at: Timestamp


class ViewStanding(Told):
    """How one read model stands."""

    name: str
    apart: bool
    """Whether processes of its own (`perpetua project`) keep it up."""
    behind: int
    """Events it does not take in yet; where a partition is stopped, no more than 100,000."""
    behind_secs: float | None
    """Age of the oldest of them, 0 if there is none; null if that event can't be read."""
    error: str | None
    """What stopped one of its partitions; null while it goes on in all."""
    stopped: list[ViewStop]
    skipped: list[ViewSkip]


def bus(standing: RelayStanding, servers: str | None, now: datetime) -> Bus:
    """Tell how the relay stands."""
    return Bus(
        servers=servers,
        published=standing.published,
        lag=standing.lag,
        problem=standing.problem(now) if servers else None,
        slots=[RelaySlot.model_validate(asdict(each)) for each in standing.holders],
    )


def source_standing(row: SourceRow) -> SourceStanding:
    """Tell how a source stands."""
    return SourceStanding(
        source=row.source,
        swarm_id=row.swarm_id,
        lines=row.lines,
        offset=row.offset,
        dropped_lines=row.dropped_lines,
        dropped_bytes=row.dropped_bytes,
        lost_files=row.lost_files,
    )


def view_standing(standing: Standing) -> ViewStanding:
    """Tell how a view stands."""
    return ViewStanding(
        name=standing.name,
        apart=standing.apart,
        behind=standing.behind,
        behind_secs=standing.behind_secs,
        error=standing.error,
        stopped=[ViewStop.model_validate(asdict(each)) for each in standing.stopped],
        skipped=[_skip(each) for each in standing.skipped],
    )


def _skip(skip: Skip) -> ViewSkip:
    return ViewSkip(
        position=skip.position,
        partition=skip.partition,
        topic=skip.topic,
        error=skip.error,
        why=skip.why,
        by=skip.decided_by,
        at=skip.decided_at,
    )
