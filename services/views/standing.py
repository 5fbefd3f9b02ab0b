"""What is shown of the views: how far each is behind, what stops it, what it passes over."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row, dict_row

from projections.view import View
from services import clock
from services.store.connect import Connection
from services.store.heading import heading
from services.store.recorder import Recorder
from services.views import skips
from services.views.by_position import Progress
from services.views.events import Events
from services.views.skips import Skip

_BEHIND: Final = """
select name, apart, left_over.events + case when apart then 0
        else greatest(%(head)s - view.position, 0) end as behind,
    least(first_left.position,
        case when not apart and view.position < %(head)s then view.position + 1 end) as oldest
from view_progress as view
cross join lateral (
    select count(*) as events from (
        select from view_partitions as part join events
            on (events.partition, events.position) > (part.partition, part.position)
            and events.partition = part.partition
        where part.name = view.name and (apart or events.position <= view.position)
        limit 100000) as counted) as left_over
cross join lateral (
    select min(nearest.position) as position from view_partitions as part, lateral (
        select events.position from events
        where (events.partition, events.position) > (part.partition, part.position)
            and events.partition = part.partition
        order by events.partition, events.position limit 1) as nearest
    where part.name = view.name and (apart or nearest.position <= view.position)) as first_left
order by name"""
_STOPS: Final = """
select name as view, partition, position, failed_position, failed_topic as topic, error
from view_partitions where error is not null order by name, partition"""
_REACHED: Final = b"""
select coalesce((select min(position) from view_progress where not apart), 0) as position,
    (select name || ': ' || error from view_partitions where error is not null
        order by name, partition limit 1) as stopped"""
_US_PER_SEC: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Stop:
    """A partition in which a view does not go on."""

    view: str
    partition: int
    position: int
    """Last position it takes in there."""
    failed_position: int | None
    """Event it can't take in; null if the events themselves can't be read on."""
    topic: str | None
    """The class of that event."""
    error: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How one view stands."""

    name: str
    apart: bool
    """Whether processes of its own keep it up."""
    behind: int
    """Events it does not take in yet; of a partition's no more than 100,000 are counted."""
    behind_secs: float | None
    """Age of the oldest of them, 0 if there is none; null if that event can't be read."""
    stopped: tuple[Stop, ...]
    skipped: tuple[Skip, ...]

    @property
    def error(self) -> str | None:
        """What stopped one of its partitions; null while it goes on in all."""
        return self.stopped[0].error if self.stopped else None


@dataclass(frozen=True, slots=True)
class Reached:
    """How far all views have come, in short: to be asked every second, however far they are."""

    position: int
    """Last position that every view kept here takes in, but for partitions that are stopped."""
    stopped: str | None
    """The first view that is stopped, and why; null while all go on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What holds up a view."""

    view: str
    position: int
    """Last position it takes in, there."""
    failed_position: int | None
    """Event it can't take in; null if another version of the program is at fault."""
    error: str


def reached(recorder: Recorder) -> Reached:
    """Return how far all views have come; it waits for none that is just catching up."""
    [found] = recorder.query(_REACHED, {}, class_row(Reached))
    return found


def read(connection: Connection, events: Events) -> list[Standing]:
    """Return how each view stands, by name."""
    head = events.head()
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_BEHIND, {"head": head}).fetchall()
    with connection.cursor(row_factory=class_row(Stop)) as cursor:
        stopped = cursor.execute(_STOPS).fetchall()
    skipped = skips.read(connection)
    ages = _ages(events, [row["oldest"] for row in found if row["oldest"]])
    return [
        Standing(
            name=row["name"],
            apart=row["apart"],
            behind=row["behind"],
            behind_secs=ages.get(row["oldest"]) if row["oldest"] else 0.0,
            stopped=tuple(each for each in stopped if each.view == row["name"]),
            skipped=tuple(each for each in skipped if each.view == row["name"]),
        )
        for row in found
    ]


def problems(view: View, stands: Progress) -> Iterator[Problem]:
    """Say what holds a view up where it is kept."""
    if stands.version != view.version:
        yield Problem(
            view.name, stands.position, None,
            f"built as version {stands.version}, this program knows {view.version}: use the program"
            " that built it, or rebuild it",
        )  # fmt: skip
    for part in stands.lagging:
        if part.error:
            yield Problem(view.name, part.position, part.failed_position, part.error)


def _ages(events: Events, positions: list[int]) -> dict[int, float]:
    """Return how many seconds ago events happened, by position; of those that say so."""
    now = clock.now().timestamp()
    ages: dict[int, float] = {}
    for each in events.read_positions(positions):
        with suppress(IndexError, UnicodeDecodeError, OverflowError):  # it may be no event at all
            age = now - heading(each.state).occurred_at_us / _US_PER_SEC
            ages[each.position] = max(0.0, age)
    return ages
